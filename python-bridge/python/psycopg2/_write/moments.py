"""DB-API's constructors of values."""

from __future__ import annotations

import datetime
import time as _time
from typing import Any

from psycopg2._write.adapters import Binary, DateTime

__all__ = [
    "Binary",
    "Date",
    "DateFromPy",
    "DateFromTicks",
    "IntervalFromPy",
    "Time",
    "TimeFromPy",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromPy",
    "TimestampFromTicks",
]


def Date(year: int, month: int, day: int, /) -> DateTime:  # noqa: N802 - DB-API's names
    """A date."""
    return DateTime(datetime.date(year, month, day))


def Time(hour: int, minutes: int, seconds: float, tzinfo: datetime.tzinfo | None = None, /) -> DateTime:  # noqa: N802
    """A time of day."""
    whole, micros = _seconds(seconds)
    return DateTime(datetime.time(hour, minutes, whole, micros, tzinfo))


def Timestamp(  # noqa: N802
    year: int,
    month: int,
    day: int,
    hour: int = 0,
    minutes: int = 0,
    seconds: float = 0.0,
    tzinfo: datetime.tzinfo | None = None,
    /,
) -> DateTime:
    """A moment."""
    whole, micros = _seconds(seconds)
    return DateTime(datetime.datetime(year, month, day, hour, minutes, whole, micros, tzinfo))


def DateFromTicks(ticks: float, /) -> DateTime:  # noqa: N802
    """The date of a moment in seconds since 1970, here."""
    return DateTime(datetime.date(*_time.localtime(ticks)[:3]))


def TimeFromTicks(ticks: float, /) -> DateTime:  # noqa: N802
    """The time of day of a moment in seconds since 1970, here."""
    local = _time.localtime(ticks)
    return Time(local.tm_hour, local.tm_min, local.tm_sec + ticks % 1)


def TimestampFromTicks(ticks: float, /) -> DateTime:  # noqa: N802
    """A moment in seconds since 1970."""
    return DateTime(datetime.datetime.fromtimestamp(ticks, datetime.UTC).astimezone())


def DateFromPy(value: datetime.date, /) -> DateTime:  # noqa: N802
    """A `date`."""
    return _adapt(value, datetime.date)


def TimeFromPy(value: datetime.time, /) -> DateTime:  # noqa: N802
    """A `time`."""
    return _adapt(value, datetime.time)


def TimestampFromPy(value: datetime.datetime, /) -> DateTime:  # noqa: N802
    """A `datetime`."""
    return _adapt(value, datetime.datetime)


def IntervalFromPy(value: datetime.timedelta, /) -> DateTime:  # noqa: N802
    """A `timedelta`."""
    return _adapt(value, datetime.timedelta)


def _adapt(value: Any, kind: type) -> DateTime:
    if not isinstance(value, kind):
        raise TypeError(f"argument 1 must be datetime.{kind.__name__}, not {type(value).__name__}")
    return DateTime(value)


def _seconds(seconds: float) -> tuple[int, int]:
    whole = int(seconds)
    return whole, round((seconds - whole) * 1_000_000)


_names: list[Any] = [DateFromPy, TimeFromPy, TimestampFromPy, IntervalFromPy]
for _name in _names:
    _name.__module__ = "psycopg2.extensions"
