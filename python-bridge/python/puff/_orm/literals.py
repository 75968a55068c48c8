"""Values in Django and SQLAlchemy queries, with the types of the literals that psycopg2 would write for them.

An ORM is written for a driver: it relies on what a value's literal is in SQL. So a query that runs as a plan gets each
value as the type that the same query gets when it runs at once.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from typing import TYPE_CHECKING, Any, cast

from puff._parameters.adapted import add, place_adapted
from puff._parameters.dump import dump
from puff._parameters.typed import Given, array_text
from puff._symbols.parents import ParentColumn
from puff._symbols.value import Symbol
from puff._wire.oids import (
    ARRAY_OIDS,
    FLOAT8,
    INFER,
    INT4,
    INT8,
    INTERVAL,
    NUMERIC,
    TEXT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UUID,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._parameters.typed import TypedText


def place(value: Any, params: list[Any]) -> str:
    """Gives the SQL that stands for a value, and adds the parameters in it to those that there are.

    Raises:
        PlanError: psycopg2 has no literal for it.

    Example:
        >>> place([1, 2], params := [])
        '$1'
        >>> params
        [Given(typed=(1007, '{1,2}'))]
    """
    if value is None:
        return "NULL"  # whether a value is null is part of a query's shape: IS NULL is another query
    if type(value) in (Symbol, ParentColumn, Given):
        return add(value, params)
    write = WRITERS.get(type(value))
    if write is not None:
        return add(Given(write(value)), params)
    if isinstance(value, list):
        array = _array(cast("list[Any]", value))
        if array is not None:
            return add(Given(array), params)
        items = [place(item, params) for item in cast("list[Any]", value)]
        return f"ARRAY[{', '.join(items)}]"
    if isinstance(value, tuple):
        return f"({', '.join(place(item, params) for item in cast('tuple[Any, ...]', value))})"
    return place_adapted(value, params, dump)


def _array(values: list[Any]) -> TypedText | None:
    """Gives a list as one parameter; None if its items have no common type by themselves."""
    leaves: dict[int, None] = {}
    text = _array_text(values, leaves)
    if text is None:
        return None
    if not leaves:
        return (INFER, text)
    if len(leaves) == 1:
        (oid,) = leaves
    elif all(oid in _WIDENING for oid in leaves):
        oid = max(leaves, key=_WIDENING.index)
    else:
        return None
    return (ARRAY_OIDS[oid or TEXT], text)


_WIDENING = (INT4, INT8, NUMERIC)


def _array_text(values: list[Any], leaves: dict[int, None]) -> str | None:
    parts: list[str | None] = []
    for value in values:
        if value is None:
            parts.append("NULL")
        elif isinstance(value, list):
            parts.append(_array_text(cast("list[Any]", value), leaves))
        elif (write := WRITERS.get(type(value))) is None:
            return None
        else:
            oid, text = write(value)
            leaves[oid] = None
            parts.append(array_text(text or ""))
    return None if None in parts else "{" + ",".join(cast("list[str]", parts)) + "}"


def _write_float(value: float) -> TypedText:
    if math.isfinite(value):
        return (NUMERIC, repr(value))  # as SQL reads 1.5
    return (FLOAT8, "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")


def _write_timedelta(value: datetime.timedelta) -> TypedText:
    return (INTERVAL, f"{value.days} days {value.seconds}.{value.microseconds:06} seconds")


WRITERS: dict[type, Callable[[Any], TypedText]] = {
    bool: dump,
    int: dump,
    float: _write_float,
    str: dump,
    decimal.Decimal: lambda value: (NUMERIC, str(value) if value.is_finite() else "NaN"),
    datetime.datetime: lambda value: (TIMESTAMPTZ if value.tzinfo else TIMESTAMP, value.isoformat()),
    datetime.date: dump,
    datetime.time: lambda value: (TIMETZ if value.tzinfo else TIME, value.isoformat()),
    datetime.timedelta: _write_timedelta,
    uuid.UUID: lambda value: (UUID, str(value)),
    bytes: dump,
    bytearray: dump,
    memoryview: dump,
}
"""By class: values that are one constant."""
