"""What a resolver's return annotation says of its field's type."""

from __future__ import annotations

import collections.abc
import typing
from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._plans.plan import Plan
from puff._plans.streams import Stream
from puff._types.annotations import arguments_of, evaluate

if TYPE_CHECKING:
    from puff._types.annotations import Scope

_STREAMS = (
    Stream,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)


def result_type(annotation: Any, scope: Scope, *, is_subscription: bool = False) -> Any:
    """Gives the field's type inside `Plan[T]`, Puff's tuples and what a subscription iterates over.

    Args:
        annotation: The return annotation.
        scope: Where it stands.
        is_subscription: Whether the field is one of the root type Subscription.

    Returns:
        An annotation.

    Raises:
        SchemaProblem: A tuple that has no form of a plan, or a subscription that returns no stream.
    """
    value = evaluate(annotation, scope)
    origin, inner = typing.get_origin(value), arguments_of(value)
    if is_subscription:
        if origin not in _STREAMS:
            shown = value.__name__ if isinstance(value, type) and not inner else value
            raise SchemaProblem(
                f"{scope.where} returns {shown}, but a subscription must return a stream",
                scope.place,
                "Write `-> Stream[T]` and return graphql.on(…) or graphql.live(…), or `-> Iterable[T]` and yield.",
            )
        return result_type(inner[0], scope)
    if origin is Stream or value is Stream:
        raise SchemaProblem(
            f"{scope.where} returns a stream, which only a subscription can",
            scope.place,
            "Move it to the class that Schema names as its subscription, or return a plan.",
        )
    if value is Plan or value is tuple:
        raise SchemaProblem(
            f"{scope.where} returns a {value.__name__} of nothing said", scope.place, "Write `Plan[list[Post]]`."
        )
    if origin is Plan:
        return result_type(inner[0], scope)
    if origin is tuple and inner[1:] != (...,):
        if len(inner) not in (2, 3, 4, 5) or (len(inner) in (3, 5)) != (inner[1] is str):
            raise SchemaProblem(
                f"{scope.where} returns a tuple of {len(inner)} types that is not one of the forms of a plan",
                scope.place,
                "Write Plan[T], or, as in Puff, tuple[T, str, list[Any]] for (..., sql, params), "
                "tuple[T, str, list[Any], list[str], list[str]] with keys, tuple[T, list[Any]] for (..., objects).",
            )
        return inner[0]
    return value
