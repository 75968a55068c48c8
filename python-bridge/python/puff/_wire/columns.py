"""From Postgres's text format to Python values, as psycopg 3 loads them.

Sessions print with IntervalStyle iso_8601, DateStyle ISO, TimeZone UTC and bytea_output hex.
"""

from __future__ import annotations

import datetime
import decimal
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from puff._wire import oids
from puff._wire.arrays import read_array

Loader = Callable[[str], Any]


def load_texts(oid: int, texts: Sequence[str | None]) -> list[Any]:
    """Gives the values of a column.

    Args:
        oid: The column's type; one that is not known is loaded as str.
        texts: Its values in Postgres's text format, None for NULL.

    Returns:
        A Python value for each.

    Raises:
        ValueError: A value that Python's type can't hold, such as the date `infinity`.

    Example:
        >>> load_texts(1007, ["{1,2}", None])
        [[1, 2], None]
    """
    loader = loaders.get(oid)
    if loader is None:
        return list(texts)
    return [None if text is None else loader(text) for text in texts]


def load_arrays(oid: int, delimiter: str, texts: Sequence[str | None]) -> list[Any]:
    """Gives the values of a column of arrays.

    Args:
        oid: The type of their items; one that is not known is loaded as str.
        delimiter: What stands between two items: a semicolon for boxes, else a comma.
        texts: Its values in Postgres's text format, None for NULL.

    Returns:
        A list, of lists where an array has several dimensions, for each.

    Raises:
        ValueError: A value that Python's type can't hold, such as the date `infinity`.

    Example:
        >>> load_arrays(869, ",", ["{10.0.0.1,NULL}"])
        [['10.0.0.1', None]]
    """
    loader = _array_loader(loaders.get(oid, str), delimiter)
    return [None if text is None else loader(text) for text in texts]


def load_wire(value: Any) -> Any:
    """Gives the Python value that a wire value was made from.

    Args:
        value: A wire value of a leaf: a scalar, a typed text, JSON or a list of them.

    Returns:
        The Python value; an object is a dict of its attributes.
    """
    if isinstance(value, list):
        return [load_wire(item) for item in value]
    if not isinstance(value, dict):
        return value
    form: Mapping[str, Any] = value
    if "t" in form:
        oid, text = form["t"]
        return load_texts(oid, [text])[0]
    if "j" in form:
        return form["j"]
    if "o" in form:
        return {name: load_wire(item) for name, item in form["o"].items()}
    raise ValueError("a value of the parents could not be read")


_UTC = datetime.UTC
_interval = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)W)?(?:(-?\d+)D)?"
    r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,6})\d*)?S)?)?"
).fullmatch


def load_interval(text: str) -> datetime.timedelta:
    """Loads an ISO 8601 duration; as psycopg has it, a year is 365 days and a month 30.

    Raises:
        ValueError: The text is not a duration of whole years, months, weeks, days, hours and minutes.
    """
    negative = text.startswith("-")
    match = _interval(text.lstrip("+-"))
    if match is None or text.lstrip("+-") in ("P", "PT"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P1DT2H30M")
    years, months, weeks, days, hours, minutes = (int(part or 0) for part in match.groups()[:6])
    sign, seconds, fraction = match.groups()[6:]
    seconds_of_sign = -1 if sign else 1
    value = datetime.timedelta(
        days=years * 365 + months * 30 + weeks * 7 + days,
        hours=hours,
        minutes=minutes,
        seconds=seconds_of_sign * int(seconds or 0),
        microseconds=seconds_of_sign * int((fraction or "").ljust(6, "0")),
    )
    return -value if negative else value


def load_datetime(text: str) -> datetime.datetime:
    """Loads a timestamp: with a zone where the text has one."""
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        raise _beyond(text, "datetime") from None


def load_timestamptz(text: str) -> datetime.datetime:
    """Loads a moment, in UTC."""
    return load_datetime(text).astimezone(_UTC)


def load_date(text: str) -> datetime.date:
    """Loads a date."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise _beyond(text, "date") from None


def load_time(text: str) -> datetime.time:
    """Loads a time of day, with an offset where the text has one."""
    if text.startswith("24"):
        raise _beyond(text, "time")  # Python takes the day's end for its beginning
    try:
        return datetime.time.fromisoformat(text)
    except ValueError:
        raise _beyond(text, "time") from None


def _beyond(text: str, kind: str) -> ValueError:
    return ValueError(f"{text!r} does not fit into a Python {kind}")


def _load_bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _array_loader(item: Loader, delimiter: str = ",") -> Loader:
    return lambda text: read_array(text, item, delimiter=delimiter)


loaders: dict[int, Loader] = {
    oids.BOOL: lambda text: text == "t",
    oids.BYTEA: _load_bytes,
    oids.INT8: int,
    oids.INT2: int,
    oids.INT4: int,
    oids.OID: int,
    oids.JSON: json.loads,
    oids.FLOAT4: float,
    oids.FLOAT8: float,
    oids.DATE: load_date,
    oids.TIME: load_time,
    oids.TIMESTAMP: load_datetime,
    oids.TIMESTAMPTZ: load_timestamptz,
    oids.INTERVAL: load_interval,
    oids.TIMETZ: load_time,
    oids.NUMERIC: decimal.Decimal,
    oids.UUID: uuid.UUID,
    oids.JSONB: json.loads,
}
"""By OID; what is not here stays a str."""

_TEXTS = (oids.TEXT, oids.VARCHAR, oids.BPCHAR, oids.NAME, oids.CHAR)
loaders |= {array: _array_loader(loaders[oid]) for oid, array in oids.ARRAY_OIDS.items() if oid in loaders}
loaders |= {oids.ARRAY_OIDS[oid]: _array_loader(str) for oid in _TEXTS}
