"""Rows of a plan: their columns are the fields of a dataclass, and a comparison is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.comparisons import compare, is_simple
from puff._collections.fragments import column, joined, placed, row_sql, truncated_sql
from puff._collections.rows import sql_condition
from puff._collections.symbols import cast_sql
from puff._plans.plan import Plan
from puff._types.annotations import annotations_of, class_scope, evaluate
from puff._types.source import place_of

if TYPE_CHECKING:
    from puff._collections.fragments import Fragment
    from puff._collections.lookups import Lookup
    from puff._collections.rows import Condition
    from puff._collections.values import Kind

_OPERATORS = {
    "contains": "@>", "contained_by": "<@",
    "overlap": "&&", "has_key": "?", "has_keys": "?&", "has_any_keys": "?|",
}  # fmt: skip
_PATTERNS = {"contains": ("'%%' || ", " || '%%'"), "startswith": ("", " || '%%'"), "endswith": ("'%%' || ", "")}
_PARTS = {
    "week_day": "EXTRACT(DOW FROM {}) + 1",
    "iso_week_day": "EXTRACT(ISODOW FROM {})",
    "iso_year": "EXTRACT(ISOYEAR FROM {})",
    "second": "EXTRACT(SECOND FROM DATE_TRUNC('second', {}))",
    "date": "({})::date",
    "time": "({})::time",
    "len": "CARDINALITY({})",
}


class PlainRows:
    """The rows of a plan."""

    of_model = False

    def __init__(self, cls: type) -> None:
        self.target = cls
        self.name = f"class {cls.__name__}"
        self._columns: dict[str, tuple[Any, type]] = {}
        for owner in reversed(cls.__mro__):
            if owner is not object:
                self._columns |= {name: (annotation, owner) for name, annotation in annotations_of(owner).items()}

    def names(self) -> list[str]:
        """Gives the names of its fields."""
        return list(self._columns)

    def annotation(self, name: str) -> Any:
        """Gives the type of a field."""
        annotation, owner = self._columns[name]
        return evaluate(annotation, class_scope(owner, f"field {owner.__name__}.{name}", place_of(owner, name)))

    def range_of(self, name: str) -> Any:
        """Gives none: a plan's columns of ranges have no type in Python."""
        del name

    def relation(self, name: str) -> Any:
        """Gives none: a plan's rows have no relations."""
        del name

    def compare(self, path: str, lookup: Lookup, kind: Kind) -> Condition:
        """Compares a column, or a part of it."""
        left = _left(path)
        if is_simple(lookup):
            return compare(left, lookup, kind, of_model=False)
        is_text = kind.scalar == "str" and kind.dimensions == 0
        in_any_case = lookup.django.startswith("i") and is_text
        plain = lookup.django.removeprefix("i") if in_any_case else lookup.django
        if is_text and plain == "regex":
            return sql_condition(joined(left, "::text ~* " if in_any_case else "::text ~ ", _value(kind)))
        if is_text and plain in _PATTERNS:
            before, after = _PATTERNS[plain]
            pattern = placed(f"{before}{_ESCAPED}{after}", [kind.symbol()])
            return sql_condition(joined(*_cased(left, pattern, " LIKE ", in_any_case)))
        if in_any_case:
            return sql_condition(joined(*_cased(left, _value(kind), " = ", in_any_case)))
        casts = {"key": "::text", "keys": "::text[]"}
        right = joined(_value(kind), casts.get(lookup.form, ""))
        return sql_condition(joined(left, f" {_OPERATORS[lookup.django]} ", right))

    def has_related(self, relation: Any, kind: Kind) -> Fragment:
        """Fails: there are no relations."""
        raise NotImplementedError(relation, kind)

    def condition(self, made: Any) -> Fragment:
        """Gives SQL that names columns as `row.votes`."""
        return joined("(", self.expression(made), ")")

    def term(self, path: str) -> tuple[Fragment, bool]:
        """Gives a column, of which it is not known whether it can be NULL."""
        if path not in self._columns:
            raise KeyError(path)
        return column(path), True

    def truncated(self, name: str, unit: str) -> Fragment:
        """Gives the beginning of a unit, in the session's time zone."""
        return truncated_sql(column(name), unit)

    def expression(self, made: Any) -> Fragment:
        """Gives SQL that names columns as `row.votes`."""
        if type(made) is not Plan:
            raise ValueError('it returns no SQL, such as sql("row.votes >= $1", value)')
        return row_sql(made.text, made.params)


_ESCAPED = r"REPLACE(REPLACE(REPLACE(%s::text, E'\\', E'\\\\'), '%%', E'\\%%'), '_', E'\\_')"  # as Django does


def _left(path: str) -> Fragment:
    name, _, part = path.partition("__")
    if not part:
        return column(name)
    before, after = _PARTS.get(part, f"EXTRACT({part.upper()} FROM {{}})").split("{}")
    return joined("(", before, column(name), after, ")")


def _value(kind: Kind) -> Fragment:
    return placed(*cast_sql(kind))


def _cased(left: Fragment, right: Fragment, operator: str, in_any_case: bool) -> tuple[str | Fragment, ...]:
    if in_any_case:
        return ("UPPER(", left, "::text)", operator, "UPPER(", right, ")")
    return (left, "::text", operator, right)
