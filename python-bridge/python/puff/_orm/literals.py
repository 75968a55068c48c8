"""Values of Django's and SQLAlchemy's queries, with the types of the literals that psycopg2 would write for them.

An ORM is written for a driver: it relies on what a value's literal is in SQL. So a query that runs as a plan gets each
value as the type that the same query gets when it runs at once.
"""

from __future__ import annotations

import datetime
import decimal
import math
import re
import uuid
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from puff._errors import PlanError
from puff._plans.context import ParentColumn
from puff._plans.parameters import ARRAY_OIDS, Given, array_text, dump
from puff._plans.trace import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._plans.parameters import TypedText

_INFER = 0
_BYTEA, _INT4, _INT8, _FLOAT8, _NUMERIC, _UUID = 17, 23, 20, 701, 1700, 2950
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ, _INTERVAL, _TIMETZ = 1082, 1083, 1114, 1184, 1186, 1266


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
    if type(value) in (Symbol, ParentColumn):
        return _add(value, params)
    write = WRITERS.get(type(value))
    if write is not None:
        return _add(Given(write(value)), params)
    if isinstance(value, list):
        array = _array(cast("list[Any]", value))
        if array is not None:
            return _add(Given(array), params)
        items = [place(item, params) for item in cast("list[Any]", value)]
        return f"ARRAY[{', '.join(items)}]"
    if isinstance(value, tuple):
        return f"({', '.join(place(item, params) for item in cast('tuple[Any, ...]', value))})"
    return _cut(_quoted(value), params)


def _add(param: Any, params: list[Any]) -> str:
    params.append(param)
    return f"${len(params)}"


def _array(values: list[Any]) -> TypedText | None:
    """Gives a list as one parameter; None where its items have no common type by themselves."""
    leaves: dict[int, None] = {}
    text = _array_text(values, leaves)
    if text is None:
        return None
    if not leaves:
        return (_INFER, text)
    if len(leaves) == 1:
        (oid,) = leaves
    elif all(oid in _WIDENING for oid in leaves):
        oid = max(leaves, key=_WIDENING.index)
    else:
        return None
    return (_TEXT_ARRAY if oid == _INFER else ARRAY_OIDS[oid], text)


_WIDENING = (_INT4, _INT8, _NUMERIC)
_TEXT_ARRAY = 1009


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
        return (_NUMERIC, repr(value))  # as SQL reads 1.5
    return (_FLOAT8, "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity")


def _write_timedelta(value: datetime.timedelta) -> TypedText:
    return (_INTERVAL, f"{value.days} days {value.seconds}.{value.microseconds:06} seconds")


WRITERS: dict[type, Callable[[Any], TypedText]] = {
    bool: dump,
    int: dump,
    float: _write_float,
    str: dump,
    decimal.Decimal: lambda value: (_NUMERIC, str(value) if value.is_finite() else "NaN"),
    datetime.datetime: lambda value: (_TIMESTAMPTZ if value.tzinfo else _TIMESTAMP, value.isoformat()),
    datetime.date: dump,
    datetime.time: lambda value: (_TIMETZ if value.tzinfo else _TIME, value.isoformat()),
    datetime.timedelta: _write_timedelta,
    uuid.UUID: lambda value: (_UUID, str(value)),
    bytes: dump,
    bytearray: dump,
    memoryview: dump,
}
"""By class: values that are one constant."""


def _quoted(value: Any) -> str:
    """Gives the literal that psycopg2's adapters make, those that were registered by others among them."""
    adapters: Any = import_module("psycopg2._write.adapters")
    known = value
    if type(value) is dict and (dict, adapters.ISQLQuote) not in adapters.adapters:
        # Django registers this when it connects to a database with hstore; JSON it gives to another adapter.
        known = import_module("psycopg2.extras").HstoreAdapter(value)
    try:
        return adapters.quote(known, _offline_connection()).decode()
    except Exception as error:
        raise PlanError(
            f"a {type(value).__name__} can't be a parameter of a query: {error}. "
            "Give a value that psycopg2 adapts, or register an adapter for it"
        ) from error


@cache
def _offline_connection() -> Any:
    connection: Any = import_module("psycopg2.extensions").connection
    offline = connection.__new__(type("OfflineConnection", (connection,), {"__del__": lambda _self: None}))
    vars(offline).update(_standard_strings=True, _escape_strings=False)
    return offline


def dump_adapted(value: Any) -> TypedText:
    """Gives a value that psycopg2 adapts, such as `Json(…)` or a range, as one parameter.

    Raises:
        PlanError: psycopg2 does not adapt it, or writes an expression for it.
    """
    if isinstance(value, import_module("psycopg2.extras").Range):
        return _write_range(value)
    params: list[Any] = []
    literal = re.fullmatch(r"\$1(?:::(\w+))?", _cut(_quoted(value), params))
    if literal is None or len(params) != 1:
        raise PlanError(f"psycopg2 writes an expression for a {type(value).__name__}, which can't be a parameter")
    given: Given = params[0]
    oid, text = given.typed
    return (_NAMED.get(literal[1] or "", oid), text)


_NAMED = {
    "json": 114, "jsonb": 3802, "inet": 869, "cidr": 650, "bytea": _BYTEA, "uuid": _UUID, "date": _DATE,
    "time": _TIME, "timetz": _TIMETZ, "timestamp": _TIMESTAMP, "timestamptz": _TIMESTAMPTZ, "interval": _INTERVAL,
}  # fmt: skip
_RANGES = {"DateRange": 3912, "DateTimeRange": 3908, "DateTimeTZRange": 3910}


def _write_range(value: Any) -> TypedText:
    oid = _RANGES.get(type(value).__name__, _INFER)
    if value.isempty:
        return (oid, "empty")
    bounds = ("" if bound is None else array_text(dump(bound)[1] or "") for bound in (value.lower, value.upper))
    opening, closing = ("[" if value.lower_inc else "(", "]" if value.upper_inc else ")")
    return (oid, f"{opening}{','.join(bounds)}{closing}")


_token = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w.])|[\s\S]""")


def _cut(literal: str, params: list[Any]) -> str:
    """Takes the constants out of a literal: `'{}'::jsonb` becomes `$1::jsonb`."""
    out: list[str] = []
    before = "("  # the last character that is no space
    for found in _token.finditer(literal):
        token = found[0]
        is_value = before in "([,"
        if is_value and token[0] == "'":
            token = _add(Given(dump(token[1:-1].replace("''", "'"))), params)
        elif is_value and token.lstrip("-")[:1].isdigit():
            token = _add(Given(_number(token)), params)
        out.append(token)
        before = token.strip()[-1:] or before
    return "".join(out).strip()


def _number(text: str) -> TypedText:
    return dump(int(text)) if text.lstrip("-").isdigit() else (_NUMERIC, text)
