"""The built-in scalars: which Python class each belongs to, and how arguments and defaults become one another."""

from __future__ import annotations

import base64
import datetime
import decimal
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from puff._wire.argument_texts import read_datetime, read_duration, read_time
from puff._wire.columns import load_date
from puff._wire.given import BigIntArgument, bool_argument, json_argument

CLASSES: Mapping[Any, str] = {
    int: "Int",
    float: "Float",
    str: "String",
    bool: "Boolean",
    datetime.datetime: "DateTime",
    datetime.date: "Date",
    datetime.time: "Time",
    datetime.timedelta: "Duration",
    decimal.Decimal: "Decimal",
    uuid.UUID: "UUID",
    bytes: "Bytes",
    dict: "JSON",
    Mapping: "JSON",
    MutableMapping: "JSON",
    Any: "JSON",
}
"""From a Python class to the GraphQL name of its scalar."""

BUILT_IN = frozenset([*CLASSES.values(), "ID", "BigInt"])
"""Names of the built-in scalars."""


def scalar_of_class(cls: Any) -> str | None:
    """Gives the GraphQL name of a Python class's scalar, None if it has none."""
    try:
        return CLASSES.get(cls)
    except TypeError:  # no hash
        return None


def _decimal(value: Any) -> decimal.Decimal:
    try:
        return decimal.Decimal(value)
    except decimal.InvalidOperation:
        raise ValueError(f"{value!r} is not a decimal number") from None


PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "Float": float,
    "Boolean": bool_argument,
    "BigInt": BigIntArgument,
    "DateTime": read_datetime,
    "Date": load_date,
    "Time": read_time,
    "Duration": read_duration,
    "Decimal": _decimal,
    "UUID": uuid.UUID,
    "Bytes": lambda text: base64.b64decode(text, validate=True),
    "JSON": json_argument,
}
"""From an argument's JSON to Python, by scalar; the others' JSON is their Python value."""


KINDS: Mapping[str, str] = {
    "Int": "int", "BigInt": "bigint", "Float": "float", "String": "str", "ID": "str", "Boolean": "bool",
    "Decimal": "decimal", "UUID": "uuid", "DateTime": "datetime", "Date": "date", "Time": "time",
    "Duration": "duration", "Bytes": "bytes", "JSON": "json",
}  # fmt: skip
"""From a scalar to how its values are typed as parameters, as TypeScript's ScalarKind names it."""


def _decimal_text(value: decimal.Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value!r} is not finite; arguments must be")
    return str(value)


def interval_text(value: datetime.timedelta) -> str:
    """Prints a timedelta as Postgres prints what it makes of it, with IntervalStyle iso_8601.

    Days and time are apart, as they are in both: minus one hour is a day less and 23 hours more.

    Example:
        >>> interval_text(datetime.timedelta(days=1, seconds=5400))
        'P1DT1H30M'
    """
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    time = (
        (f"{hours}H" if hours else "")
        + (f"{minutes}M" if minutes else "")
        + (f"{seconds}{fraction}S" if seconds or fraction else "")
    )
    days = f"{value.days}D" if value.days else ""
    return f"P{days}T{time}" if time else f"P{days or 'T0S'}"


DEFAULTS: Mapping[type, Callable[[Any], Any]] = {
    datetime.datetime: lambda value: value.isoformat(),
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
    datetime.timedelta: interval_text,
    decimal.Decimal: _decimal_text,
    uuid.UUID: str,
    bytes: lambda value: base64.b64encode(value).decode(),
}
"""From a default in Python to JSON, by class; int, float, str, bool and JSON are themselves."""
