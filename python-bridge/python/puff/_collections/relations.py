"""Rows that belong to a row: a model's relations, as SELECTs with keys."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from puff._collections.django_sql import source_of
from puff._django.relations import keys_of


def related_of(field: Any) -> dict[str, Any]:
    """Gives a relation as a Related of the schema description.

    Args:
        field: The relation, from either end.

    Raises:
        ValueError: It can't be followed; the error says why.
    """
    model: Any = field.related_model
    if model is None:
        raise ValueError("it leads to several models")
    if not field.many_to_many and not field.concrete and not hasattr(getattr(field, "field", None), "related_fields"):
        raise ValueError(f"a {type(field).__name__} has no columns of its own")
    queryset = model._base_manager.all()  # noqa: SLF001  # Django's documented name
    if field.many_to_many:
        own, back = keys_of(field)
        through: Any = import_module("django.db.models").F(back)
        source = source_of(queryset.annotate(**{_KEY: through}))
        return {"source": source, "keys": [[own, _KEY]], "many": True, "model": model}
    if field.concrete:
        keys = [[own.attname, other.attname] for own, other in field.related_fields]
    else:
        keys = [[other.attname, own.attname] for own, other in field.field.related_fields]
    return {"source": source_of(queryset), "keys": keys, "many": is_to_many(field), "model": model}


_KEY = "puff_key"


def is_to_many(field: Any) -> bool:
    """Tells whether a row may have several related rows."""
    return bool(field.many_to_many or field.one_to_many)
