"""Aggregates of a collection: numbers over the rows of all of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from puff._collections.fragments import joined
from puff._collections.pages import column_field, object_type, part_field
from puff._collections.targets import rows_of
from puff._errors import SchemaProblem
from puff._types.markers import FieldOptions
from puff._types.names import graphql_name
from puff._types.refs import Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from puff._collections.fragments import Fragment
    from puff._types.annotations import Scope
    from puff._types.types import Registry

_NUMBERS = frozenset(("Int", "BigInt", "Float", "Decimal", "Duration"))
_ORDERED = _NUMBERS | {"Date", "DateTime", "Time", "String"}
_FUNCTIONS: dict[str, tuple[str, str]] = {
    "countDistinct": ("count(DISTINCT ", "How many different values there are."),
    "sum": ("sum(", "The sum of the values; null if there are none."),
    "avg": ("avg(", "The mean of the values."),
    "min": ("min(", "The least of the values."),
    "max": ("max(", "The greatest of the values."),
}
_NAMES = {"count_distinct": "countDistinct"}


@dataclass(frozen=True)
class Aggregate:
    """One function of one column."""

    name: str
    """The column's, in GraphQL."""
    type: str
    column: str
    """What the field reads."""


@dataclass(frozen=True)
class Aggregates:
    """The aggregates of a collection."""

    field: dict[str, Any]
    """Of the page."""
    columns: dict[str, Fragment]
    """What each column that the types read is."""
    parts: list[dict[str, Any]]
    """The fields of an object of aggregates."""
    functions: dict[str, list[Aggregate]]
    """But for the count of the rows."""


def describe_aggregates(
    registry: Registry,
    scope: Scope,
    target: Any,
    wanted: Mapping[str, Sequence[str] | None],
    name: str,
    camel_case: bool,
) -> Aggregates:
    """Describes the aggregates of a collection.

    Args:
        registry: The types met so far.
        scope: Where the collection stands.
        target: The model, or the class of the plan's rows.
        wanted: By column, the functions that clients may ask for; None: all that there are for its type.
        name: Begins the names of the types.
        camel_case: Whether names are renamed.

    Raises:
        SchemaProblem: There is no such column, or it has no such aggregate.
    """
    rows = rows_of(registry, target, target)
    functions_: dict[str, list[Aggregate]] = {}
    columns: dict[str, Fragment] = {"count": ["count(*)"]}
    for column, functions in wanted.items():
        try:
            ref = registry.type_of(rows.annotation(column), Use("output", scope, name + column))
            fragment, _ = rows.term(column)
        except (KeyError, ValueError):
            raise SchemaProblem(
                f"{scope.where} has aggregates of {column}, which is not a column of {rows.name}",
                scope.place,
                f"It has {', '.join(rows.names())}.",
            ) from None
        known = _known(ref.name, is_list=ref.item is not None, is_enum=isinstance(ref.cls, type))
        for function in [_NAMES.get(given, given) for given in functions or known]:
            if function not in known:
                raise SchemaProblem(
                    f"{scope.where} has {function} of {column}, which is {ref}",
                    scope.place,
                    f"There {'is' if len(known) == 1 else 'are'} {', '.join(known)}.",
                )
            begin, _ = _FUNCTIONS[function]
            type_, cast = _result(function, ref.name)
            key = f"{function}_{column}"
            columns[key] = joined(begin, fragment, f"){cast}")
            graphql = graphql_name(column, FieldOptions(), camel_case)
            functions_.setdefault(function, []).append(Aggregate(graphql, type_, key))
    parts = [
        part_field(
            function,
            object_type(
                registry,
                f"{name}{capitalized(function)}Aggregates",
                None,
                [column_field(item.name, item.type, None, item.column) for item in its],
                scope.place,
            )
            + "!",
            "row",
            _FUNCTIONS[function][1],
        )
        for function, its in functions_.items()
    ]
    parts = [column_field("count", "Int!", "How many items there are.", "count"), *parts]
    type_ = object_type(registry, f"{name}Aggregates", "Over the items of all pages.", parts, scope.place)
    field = part_field("aggregates", f"{type_}!", "aggregates", "Numbers over the items of all pages.")
    return Aggregates(field, columns, parts, functions_)


def capitalized(name: str) -> str:
    """Gives a name as names of types have it.

    Example:
        >>> capitalized("countDistinct")
        'CountDistinct'
    """
    return name[:1].upper() + name[1:]


def _known(scalar: str, *, is_list: bool, is_enum: bool) -> list[str]:
    """Gives the functions that there are for a type."""
    if is_list or scalar == "JSON":
        return []
    numbers = ["sum", "avg"] if scalar in _NUMBERS else []
    ordered = ["min", "max"] if scalar in _ORDERED and not is_enum else []
    return ["countDistinct", *numbers, *ordered]


def _result(function: str, scalar: str) -> tuple[str, str]:
    """Gives the type of an aggregate, and the cast that makes Postgres's value one of it."""
    if function == "countDistinct":
        return "Int!", ""
    if function == "sum" and scalar == "Int":
        return "BigInt", ""
    if function == "avg" and scalar in ("Int", "BigInt"):
        return "Float", "::float8"
    return scalar, ""
