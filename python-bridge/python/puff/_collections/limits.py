"""Filters and orders that lead to rows of which a caller sees some alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.fragments import column, joined, placed
from puff._collections.relations import related_of
from puff._collections.rows import sql_condition
from puff._collections.values import Kind
from puff._django.types import key_of, model_type_of
from puff._django.visible import visible_of

if TYPE_CHECKING:
    from puff._types.types import Registry


def limit_related(registry: Registry) -> None:
    """Says of each relation that filters and orders follow which types limit its rows, once all types are known."""
    for conditions in [*registry.filters.values(), *registry.orderings.values()]:
        for condition in conditions.values():
            relation = condition.pop("relation", None)
            related = condition.get("related")
            if related is not None:
                _limit(registry, related)
            elif relation is not None and relation.related_model is not None:
                _limit_key(registry, condition, relation)


def _limit_key(registry: Registry, condition: dict[str, Any], relation: Any) -> None:
    """Has a condition on the key of related rows find none that the caller doesn't see."""
    model = relation.related_model
    if not _types_of(registry, model):
        return
    name = f"key of {model._meta.label}"  # noqa: SLF001  # Django's documented name
    key = column(model._meta.pk.attname)  # noqa: SLF001  # Django's documented name
    is_key = joined(key, " = ", placed("%s", [Kind("str").symbol()]))
    registry.filters.setdefault(name, {"pk": sql_condition(is_key)})
    related = related_of(relation)
    _limit(registry, related)
    del condition["lookups"]
    condition |= {"kind": "related", "related": related, "filter": name}


def _limit(registry: Registry, related: dict[str, Any]) -> None:
    model = related.pop("model", None)
    types = [] if model is None else _types_of(registry, model)
    if types:
        related |= {"visible": types, "identity": key_of(model)}


def _types_of(registry: Registry, model: Any) -> list[str]:
    found: list[str] = []
    for named in registry.types.values():
        known = model_type_of(named.python) if named.kind == "object" else None
        if known is not None and issubclass(model, known.model) and visible_of(named.python):
            found.append(named.name)
    return found
