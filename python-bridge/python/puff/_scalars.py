"""The built-in scalars: which Python class each belongs to, and how arguments and defaults become one another."""

from __future__ import annotations

import base64
import datetime
import decimal
import uuid
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from puff._columns import load_date, load_datetime, load_interval, load_time

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
    """Gives the GraphQL name of a Python class's scalar, None where it has none."""
    try:
        return CLASSES.get(cls)
    except TypeError:  # no hash
        return None


def _decimal(value: Any) -> decimal.Decimal:
    try:
        return decimal.Decimal(value)
    except decimal.InvalidOperation:
        raise ValueError(f"{value!r} is no decimal number") from None


PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "Float": float,
    "BigInt": int,
    "DateTime": lambda text: load_datetime(text.upper()),
    "Date": load_date,
    "Time": lambda text: load_time(text.upper()),
    "Duration": load_interval,
    "Decimal": _decimal,
    "UUID": uuid.UUID,
    "Bytes": lambda text: base64.b64decode(text, validate=True),
}
"""From an argument's JSON to Python, by scalar; the others' JSON is their Python value."""


def interval_text(value: datetime.timedelta) -> str:
    """Prints a timedelta as Postgres prints intervals with IntervalStyle iso_8601.

    Example:
        >>> interval_text(datetime.timedelta(days=1, seconds=5400))
        'P1DT1H30M'
    """
    microseconds = (value.seconds * 1_000_000 + value.microseconds) if value.days >= 0 else 0
    days = value.days
    if days < 0:  # Postgres keeps the days' sign apart from the time's, so -1s is no day less and 23:59:59 more
        total = -(value // datetime.timedelta(microseconds=1))
        days, microseconds = divmod(total, 86_400_000_000)
        days, microseconds = -days, -microseconds
    if not days and not microseconds:
        return "PT0S"
    sign = "-" if microseconds < 0 else ""
    seconds, fraction = divmod(abs(microseconds), 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    decimals = f".{fraction:06d}".rstrip("0") if fraction else ""
    time = (
        (f"{sign}{hours}H" if hours else "")
        + (f"{sign}{minutes}M" if minutes else "")
        + (f"{sign}{seconds}{decimals}S" if seconds or fraction else "")
    )
    return "P" + (f"{days}D" if days else "") + (f"T{time}" if time else "")


DEFAULTS: Mapping[type, Callable[[Any], Any]] = {
    datetime.datetime: lambda value: value.isoformat(),
    datetime.date: lambda value: value.isoformat(),
    datetime.time: lambda value: value.isoformat(),
    datetime.timedelta: interval_text,
    decimal.Decimal: str,
    uuid.UUID: str,
    bytes: lambda value: base64.b64encode(value).decode(),
}
"""From a default in Python to JSON, by class; int, float, str, bool and JSON are themselves."""
