"""Comparisons that any value has: with one value, with several, with a start and an end, with null."""

from __future__ import annotations

from typing import TYPE_CHECKING

from puff._collections.fragments import joined, placed
from puff._collections.rows import boolean_condition, sql_condition
from puff._collections.symbols import cast_sql, list_sql, value_sql

if TYPE_CHECKING:
    from puff._collections.fragments import Fragment
    from puff._collections.lookups import Lookup
    from puff._collections.rows import Condition
    from puff._collections.values import Kind

_OPERATORS = {"exact": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def null_test(left: Fragment) -> Condition:
    """Gives the condition that something is null, or that it is not."""
    return boolean_condition(joined(left, " IS NULL"), joined(left, " IS NOT NULL"))


def is_simple(lookup: Lookup) -> bool:
    """Tells whether any value has a lookup, whatever its type."""
    return lookup.form in ("flag", "list", "range") or (lookup.form == "value" and lookup.django in _OPERATORS)


def compare(left: Fragment, lookup: Lookup, kind: Kind, *, of_model: bool) -> Condition:
    """Compares something with the client's value, by a lookup that is simple.

    Args:
        left: What is compared.
        lookup: How.
        kind: How the value is typed.
        of_model: Whether moments without a zone are in Django's.
    """
    value = value_sql if of_model else cast_sql
    if lookup.form == "flag":
        return null_test(left)
    if lookup.form == "list":
        # An array, since a list of any length is one statement then.
        values = list_sql(kind) if of_model else cast_sql(kind.many())
        return sql_condition(joined(left, " = ANY(", placed(*values), ")"))
    if lookup.form == "range":
        start, end = (placed(*value(kind, f"value.{side}")) for side in ("start", "end"))
        return sql_condition(joined(left, " BETWEEN ", start, " AND ", end))
    return sql_condition(joined(left, f" {_OPERATORS[lookup.django]} ", placed(*value(kind))))
