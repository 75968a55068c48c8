"""Groups of a collection's rows: what clients may group by, and what they may ask of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from puff._collections.aggregates import capitalized
from puff._collections.comparisons import compare
from puff._collections.declare import Ordering
from puff._collections.inputs import argument, lookup_input, made_type
from puff._collections.lookups import Lookup, part_lookups
from puff._collections.pages import column_field, object_type, page_arguments, part_field
from puff._collections.targets import rows_of
from puff._collections.values import Kind
from puff._errors import SchemaProblem
from puff._types.markers import FieldOptions
from puff._types.names import graphql_name
from puff._types.refs import Use
from puff._wire.scalars import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from puff._collections.aggregates import Aggregates
    from puff._collections.fragments import Fragment
    from puff._collections.rows import Condition, Rows
    from puff._types.annotations import Scope
    from puff._types.types import Registry

_DAYS = ("day", "week", "month", "quarter", "year")
_UNITS = {"Date": _DAYS, "DateTime": ("minute", "hour", *_DAYS)}
_COMPARED = frozenset(("Int", "BigInt", "Float", "Decimal", "Duration", "Date", "DateTime", "Time"))


@dataclass(frozen=True)
class _Key:
    """What clients may group by."""

    name: str
    """As `groupBy` has it."""
    field: str
    type: str
    column: str
    """What the field reads."""
    sql: Fragment


def describe_groups(
    registry: Registry,
    scope: Scope,
    target: Any,
    wanted: Mapping[str, Sequence[str] | None],
    aggregates: Aggregates,
    name: str,
    camel_case: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Describes the groups of a collection.

    Args:
        registry: The types met so far.
        scope: Where the collection stands.
        target: The model, or the class of the plan's rows.
        wanted: By column, the units to which clients may truncate its dates; None: all that there are for its type.
        aggregates: What clients may ask of a group.
        name: Begins the names of the types.
        camel_case: Whether names are renamed.

    Returns:
        The page's field, and a GroupsDescription.

    Raises:
        SchemaProblem: There is no such column, or no groups of it.
    """
    rows = rows_of(registry, target, target)
    keys = _keys(registry, scope, rows, wanted, name, camel_case)
    direction = registry.type_of(Ordering, Use("input", scope, name)).name
    inputs = _Inputs(registry, scope.place, name, direction, aggregates, of_model=rows.of_model)
    enum = made_type(
        registry,
        "enum",
        f"{name}GroupBy",
        "What the items of a group have in common.",
        scope.place,
        values=[{"name": key.name, "value": key.name, "description": None, "deprecation": None} for key in keys],
    )
    having, ordering = inputs.having(), inputs.ordering(keys)
    fields = [column_field(key.field, key.type, None, key.column) for key in keys]
    key_type = object_type(registry, f"{name}GroupKeys", "Null where `groupBy` does not name it.", fields, scope.place)
    parts = [part_field("keys", f"{key_type}!", "row", "What the items have in common."), *aggregates.parts]
    type_ = object_type(registry, f"{name}GroupedAggregates", "Over the items of one group.", parts, scope.place)
    field = part_field("groupedAggregates", f"[{type_}!]!", "groups", "Numbers over groups of the items of all pages.")
    field["args"] = [
        argument("groupBy", f"[{enum}!]!", "What the items of a group have in common."),
        argument("having", having, "Which groups are wanted."),
        argument("ordering", f"[{ordering}!]!", "By their keys, unless this says otherwise.", defaultValue=[]),
        *page_arguments(registry, "page"),
    ]
    described = {key.name: {"column": key.column, "sql": key.sql} for key in keys}
    return field, {"keys": described, "having": having, "ordering": ordering}


def _keys(
    registry: Registry,
    scope: Scope,
    rows: Rows,
    wanted: Mapping[str, Sequence[str] | None],
    name: str,
    camel_case: bool,
) -> list[_Key]:
    keys: dict[str, _Key] = {}
    for column, units in wanted.items():
        try:
            ref = registry.type_of(rows.annotation(column), Use("output", scope, name + column))
            fragment, _ = rows.term(column)
        except (KeyError, ValueError):
            raise SchemaProblem(
                f"{scope.where} has groups by {column}, which is not a column of {rows.name}",
                scope.place,
                f"It has {', '.join(rows.names())}.",
            ) from None
        if ref.item is not None or ref.name == "JSON":
            raise SchemaProblem(
                f"{scope.where} has groups by {column}, which is {ref}",
                scope.place,
                "Group by columns with values that Postgres compares: no lists and no JSON.",
            )
        known = _UNITS.get(ref.name, ())
        chosen = known if units is None else units
        unknown = next((unit for unit in chosen if unit not in known), None)
        if unknown is not None:
            raise SchemaProblem(
                f"{scope.where} has groups by the {unknown} of {column}, which is {ref}",
                scope.place,
                f"There are {', '.join(known)}." if known else f'Name the column alone: group_by=["{column}"].',
            )
        found = [
            (f"{column}_{unit}", "Date" if unit in _DAYS else ref.name, rows.truncated(column, unit)) for unit in chosen
        ]
        for python, type_, sql in found if known else [(column, str(ref).removesuffix("!"), fragment)]:
            key = _Key(python.upper(), graphql_name(python, FieldOptions(), camel_case), type_, f"key_{python}", sql)
            if key.name in keys:
                raise SchemaProblem(
                    f"{scope.where} has two groups {key.name}",
                    scope.place,
                    'Leave out one of them, such as a unit of a date: group_by={"created": ["month"]}.',
                )
            keys[key.name] = key
    return list(keys.values())


class _Inputs:
    """Describes by what clients choose groups, and by what they order them."""

    def __init__(
        self,
        registry: Registry,
        place: str | None,
        name: str,
        direction: str,
        aggregates: Aggregates,
        *,
        of_model: bool,
    ) -> None:
        self._registry = registry
        self._place = place
        self._name = name
        self._direction = direction
        self._aggregates = aggregates
        self._of_model = of_model

    def having(self) -> str:
        """Describes the filter of groups."""
        name = f"{self._name}Having"
        fields: list[dict[str, Any]] = []
        conditions: dict[str, Condition] = {}
        type_, conditions["count"] = self._compare("Int", "count")
        fields.append(argument("count", type_, "How many items there are."))
        for function, its in self._aggregates.functions.items():
            inner: list[dict[str, Any]] = []
            lookups: dict[str, Condition] = {}
            for item in its:
                scalar = item.type.removesuffix("!")
                if scalar in _COMPARED:
                    type_, lookups[item.name] = self._compare(scalar, item.column)
                    inner.append(argument(item.name, type_))
            if inner:
                fields.append(argument(function, self._made(f"{capitalized(function)}Having", inner)))
                conditions[function] = {"kind": "all", "lookups": lookups}
        for connective, type_ in (("AND", f"[{name}!]"), ("OR", f"[{name}!]"), ("NOT", name)):
            fields.append(argument(connective, type_))
            conditions[connective] = {"kind": connective.lower()}
        self._registry.filters[name] = conditions
        return self._made("Having", fields)

    def ordering(self, keys: Sequence[_Key]) -> str:
        """Describes the order of groups."""
        columns = self._aggregates.columns
        terms: dict[str, Any] = {
            "count": _term(columns["count"]),
            "keys": self._same_row("GroupKeysOrder", {key.field: _term(key.sql) for key in keys}),
        }
        for function, its in self._aggregates.functions.items():
            inner = {item.name: _term(columns[item.column]) for item in its}
            terms[function] = self._same_row(f"{capitalized(function)}Order", inner)
        return self._order("GroupOrder", terms)

    def _same_row(self, suffix: str, terms: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "row", "ordering": self._order(suffix, terms)}

    def _order(self, suffix: str, terms: dict[str, Any]) -> str:
        name = f"{self._name}{suffix}"
        self._registry.orderings[name] = terms
        fields = [argument(field, term.get("ordering", self._direction)) for field, term in terms.items()]
        return self._made(suffix, fields, oneOf=True)

    def _made(self, suffix: str, fields: list[dict[str, Any]], **more: Any) -> str:
        return made_type(self._registry, "input", f"{self._name}{suffix}", None, self._place, fields=fields, **more)

    def _compare(self, scalar: str, column: str) -> tuple[str, Condition]:
        name, lookups = part_lookups(scalar)
        type_ = lookup_input(self._registry, name, scalar, scalar, lookups)
        left, kind = self._aggregates.columns[column], Kind(KINDS[scalar])
        conditions = {
            item.name: compare(left, item, kind, of_model=self._of_model)
            for item in lookups
            if isinstance(item, Lookup)
        }
        return type_, {"kind": "all", "lookups": conditions}


def _term(sql: Fragment) -> dict[str, Any]:
    return {"kind": "sql", "sql": sql, "nullable": True}
