"""Rows of a Django model: Django itself says what a filter and an order mean."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._collections.comparisons import compare, is_simple, null_test
from puff._collections.django_sql import expression_of, sql_text, where_of
from puff._collections.fragments import column, joined, placed, row_sql, truncated_sql
from puff._collections.rows import sql_condition
from puff._collections.symbols import value_sql
from puff._django.fields import annotation_of
from puff._django.types import attributes_of, has_column, is_relation
from puff._orm.lookups import check_symbols, is_prepared_by_django
from puff._plans.plan import Plan

if TYPE_CHECKING:
    from puff._collections.fragments import Fragment
    from puff._collections.lookups import Lookup
    from puff._collections.rows import Condition
    from puff._collections.values import Kind


class ModelRows:
    """The rows of a model."""

    of_model = True

    def __init__(self, model: Any) -> None:
        self.target = model
        self.name = f"the model {model.__name__}"
        self._known = attributes_of(model)
        self._in_queries = {field.name: field for field in model._meta.get_fields() if field.is_relation}  # noqa: SLF001  # Django's documented name
        self._lefts: dict[str, Fragment] = {}

    def names(self) -> list[str]:
        """Gives the names that its instances have for its fields."""
        return sorted(self._known)

    def annotation(self, name: str) -> Any:
        """Gives the type of a field."""
        return annotation_of(self._known[name])

    def range_of(self, name: str) -> Any:
        """Gives the type of what is in the ranges of a column."""
        field: Any = self._known.get(name)
        return annotation_of(field.base_field) if hasattr(field, "range_type") else None

    def relation(self, name: str) -> Any:
        """Gives a relation, by the name that its instances have for it or by that of queries."""
        field: Any = self._known.get(name) or self._in_queries.get(name)
        return field if field is not None and is_relation(field, name) else None

    def compare(self, path: str, lookup: Lookup, kind: Kind) -> Condition:
        """Compares a field, or what Django's transforms make of it."""
        field = self._known[path.split("__", maxsplit=1)[0]]
        if lookup.form == "flag":
            return null_test(self._left(path))
        if kind.members is None and not is_prepared_by_django(field):
            raise ValueError(f"{type(field).__name__} makes values of its own")
        if lookup.form in ("key", "keys"):
            operator = {"has_key": "?", "has_keys": "?&", "has_any_keys": "?|"}[lookup.django]
            cast = "::text" if lookup.form == "key" else "::text[]"
            return sql_condition(joined(column(field.attname), f" {operator} ", placed(f"%s{cast}", [kind.symbol()])))
        if hasattr(field, "range_type"):
            return sql_condition(joined(column(field.attname), *_in_range(field, lookup, kind)))
        if kind.dimensions == 0 and is_simple(lookup):
            return compare(self._left(path), lookup, kind, of_model=True)
        text, params = value_sql(kind)
        return sql_condition(self._where(path, lookup.django, sql_text(text, *params)))

    def _where(self, path: str, lookup: str, value: Any) -> Fragment:
        condition: Any = import_module("django.db.models").Q(**{f"{path}__{lookup}": value})
        return where_of(self._all().filter(condition))

    def _left(self, path: str) -> Fragment:
        """Gives what a lookup compares. Django compiles it once for all lookups, as it is in `exact`."""
        known = self._lefts.get(path)
        if known is None:
            known = self._where(path, "exact", sql_text(_RIGHT))
            before, found, _ = str(known[-1]).partition(f" = ({_RIGHT})")
            if not found:
                raise ValueError(f"{path} is compared in a way of its own")
            known = joined(known[:-1], before)
            self._lefts[path] = known
        return known

    def has_related(self, relation: Any, kind: Kind) -> Fragment:
        """Gives the condition that a row of a relation has a key."""
        condition: Any = import_module("django.db.models").Q(**{f"{relation.name}__pk": kind.symbol()})
        return where_of(self._all().filter(condition))

    def condition(self, made: Any) -> Fragment:
        """Gives a `Q`, an expression that is a condition, a QuerySet of the model, or SQL on the row."""
        if type(made) is Plan:
            return joined("(", row_sql(made.text, made.params), ")")
        models: Any = import_module("django.db.models")
        parts = made if isinstance(made, tuple) else (made,)
        queryset = parts[0] if isinstance(parts[0], models.QuerySet) else self._all()
        conditions = [part for part in parts if part is not queryset]
        if not all(isinstance(part, models.Q) or getattr(part, "conditional", False) for part in conditions):
            raise ValueError("it returns no Q")
        if queryset.model is not self.target:
            raise ValueError(f"it returns a QuerySet of another model than {self.target.__name__}")
        queryset = queryset.filter(*conditions)
        check_symbols(queryset.query)
        return joined("(", where_of(queryset), ")")

    def term(self, path: str) -> tuple[Fragment, bool]:
        """Gives a column."""
        field = self._known[path]
        if not has_column(field):
            raise ValueError(f"{path} is not a column of {self.name}")
        return column(field.attname), field.null

    def truncated(self, name: str, unit: str) -> Fragment:
        """Gives the beginning of a unit, in Django's time zone."""
        field = self._known[name]
        has_zone = isinstance(field, import_module("django.db.models").DateTimeField) and _settings().USE_TZ
        zone = import_module("django.utils.timezone").get_default_timezone_name() if has_zone else None
        return truncated_sql(column(field.attname), unit, zone)

    def expression(self, made: Any) -> Fragment:
        """Gives an expression, the path of a field, or SQL on the row."""
        if type(made) is Plan:
            return row_sql(made.text, made.params)
        models: Any = import_module("django.db.models")
        expression = made.expression if isinstance(made, models.OrderBy) else made
        if isinstance(expression, str):
            expression = models.F(expression)
        if not hasattr(expression, "resolve_expression"):
            raise ValueError("it returns no expression")
        return expression_of(self.target, expression)

    def _all(self) -> Any:
        return self.target._base_manager.all()  # noqa: SLF001  # Django's documented name


def _settings() -> Any:
    return import_module("django.conf").settings


def _in_range(field: Any, lookup: Lookup, kind: Kind) -> tuple[str, Fragment]:
    """Gives the operator and the operand of a column of ranges."""
    range_, element = _RANGES[field.get_internal_type()]
    if lookup.form == "value":
        return " @> ", placed(f"%s::{element}", [kind.symbol()])
    bounds = [kind.symbol(f"value.{side}") for side in ("start", "end")]
    return f" {_RANGE_OPERATORS[lookup.django]} ", placed(f"{range_}(%s::{element}, %s::{element})", bounds)


_RANGES = {
    "IntegerRangeField": ("int4range", "int4"),
    "BigIntegerRangeField": ("int8range", "int8"),
    "DecimalRangeField": ("numrange", "numeric"),
    "DateRangeField": ("daterange", "date"),
    "DateTimeRangeField": ("tstzrange", "timestamptz"),
}
_RANGE_OPERATORS = {"contained_by": "<@", "overlap": "&&", "fully_lt": "<<", "fully_gt": ">>", "adjacent_to": "-|-"}
_RIGHT = '"\0right"'
"""Stands where the value belongs."""
