"""Resolvers of a model's relations: QuerySets, correlated with the parents."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._types.decorators import pure
from puff._types.source import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._plans.context import Context


def relation_resolver(cls: type, field: Any, name: str, annotation: Any) -> Any:
    """Makes the resolver of a relation.

    It is pure, unless the related model's manager has a `get_queryset` of its own: it may say something else each time.

    Args:
        cls: The class that gets it.
        field: The relation.
        name: The resolver's name.
        annotation: What it returns.

    Raises:
        SchemaProblem: The related model has no name for the relation's other end, or there are several models.
    """
    model = field.related_model
    if model is None or getattr(field, "hidden", False):
        raise SchemaProblem(
            f"{cls.__name__}.{name} is a relation that can't be followed from its related model",
            place_of(cls, name),
            "Write a resolver, which returns a QuerySet.",
        )
    column, lookup = keys_of(field)
    manager = model._default_manager  # noqa: SLF001  # Django's documented name

    def find(ctx: Context) -> Any:
        return manager.filter(**{f"{lookup}__in": ctx.parents[column]})

    function = _in_module(cls.__module__, find)
    function.__name__, function.__qualname__ = name, f"{cls.__qualname__}.{name}"
    function.__module__ = cls.__module__
    function.__doc__ = str(getattr(field, "help_text", "")) or None
    function.__annotations__ = {"return": annotation}
    if is_steady(manager):
        pure(function)
    return classmethod(function)


def is_steady(manager: Any) -> bool:
    """Tells whether a manager is bound to say the same each time: its `get_queryset` is that of Django."""
    return type(manager).get_queryset.__module__ == "django.db.models.manager"


def keys_of(field: Any) -> tuple[str, str]:
    """Gives the parents' column, and what the related model is filtered by."""
    if field.many_to_many:
        back = field.remote_field.name if field.auto_created else field.related_query_name()
        return field.model._meta.pk.attname, back  # noqa: SLF001  # Django's documented name
    if field.concrete:
        return field.attname, field.target_field.attname
    return field.field.target_field.attname, field.field.attname


def _in_module(name: str, find: Callable[[Context], Any]) -> Any:
    """Makes a function of the class's own module, where the names in its annotations are looked up."""

    def resolve(_cls: type, ctx: Context, /) -> Any:
        return find(ctx)

    return types.FunctionType(resolve.__code__, vars(sys.modules[name]), None, None, resolve.__closure__)
