"""Times and durations that clients send, read as Postgres reads them."""

from __future__ import annotations

import datetime
import re
from math import trunc
from typing import TYPE_CHECKING

from puff._wire.columns import load_datetime, load_time
from puff._wire.given import duration_argument, time_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = datetime.timedelta(days=1)
_clock = re.compile(r"(\d\d)(:\d\d(?::\d\d)?)(\.\d+)?(.*)", re.DOTALL).fullmatch
_part = re.compile(r"([+-]?\d+(?:\.\d+)?)([YMWDHS])").finditer
_is_duration = re.compile(r"P(?=[+\d-]|T)(?:[+-]?[\d.]+[YMWD])*(?:T(?:[+-]?[\d.]+[HMS])+)?").fullmatch


def read_datetime(text: str) -> datetime.datetime:
    """Reads a date and time.

    Raises:
        ValueError: Python's datetime can't hold it.

    Example:
        >>> read_datetime("2024-05-01T24:00")
        datetime.datetime(2024, 5, 2, 0, 0)
    """
    date, separator, clock = re.split("([Tt ])", text, maxsplit=1) if len(text) > 10 else (text, "", "")
    clock, rest, _ = _normalize(clock.upper())
    return load_datetime(date + separator + clock) + rest


def read_time(text: str) -> datetime.time:
    """Reads a time of day; what Python's has no room for, such as 24:00, is remembered beside it.

    Raises:
        ValueError: The text is not a time.
    """
    clock, rest, zone = _normalize(text.upper())
    value = load_time(clock)
    if not rest:
        return value
    moment = datetime.datetime.combine(datetime.date(2000, 1, 1), value.replace(tzinfo=None)) + rest
    value = moment.time().replace(tzinfo=value.tzinfo)
    return value if moment.day == 1 else time_argument(value, f"24:00:00{zone}")


def _normalize(clock: str) -> tuple[str, datetime.timedelta, str]:
    """Gives what Python reads without rounding, what is to be added, and the zone."""
    match = _clock(clock)
    if match is None:
        return clock, datetime.timedelta(), ""
    hour, rest, fraction, zone = match.groups()
    added = datetime.timedelta()
    if hour == "24":
        hour, added = "00", _DAY
    if fraction is not None and len(fraction) > 7:
        added += datetime.timedelta(microseconds=round(float(fraction) * 1_000_000))
        fraction = None
    return f"{hour}{rest}{fraction or ''}{zone}", added, zone


def read_duration(text: str) -> datetime.timedelta:
    """Reads an ISO 8601 duration; as psycopg has it, a year is 365 days and a month 30.

    Raises:
        ValueError: The text is not a duration.

    Example:
        >>> read_duration("P1.5D")
        datetime.timedelta(days=1, seconds=43200)
    """
    if text.startswith("-"):
        return -read_duration(text[1:])
    if _is_duration(text) is None:
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as P1DT2H30M")
    date, _, clock = text.partition("T")
    months, days, microseconds = 0, 0.0, 0
    for number, unit in _parts(date):
        whole = trunc(number)
        if unit == "Y":
            months += whole * 12 + round((number - whole) * 12)
        elif unit == "M":
            months += whole
            days += (number - whole) * 30
        else:
            days += number * (7 if unit == "W" else 1)
    for number, unit in _parts(clock):
        whole, microseconds_each = trunc(number), _MICROSECONDS[unit]
        microseconds += whole * microseconds_each + round((number - whole) * microseconds_each)
    years, months = divmod(months, 12) if months >= 0 else (-part for part in divmod(-months, 12))
    value = datetime.timedelta(days=years * 365 + months * 30 + days, microseconds=microseconds)
    return duration_argument(value, text)


_MICROSECONDS = {"H": 3_600_000_000, "M": 60_000_000, "S": 1_000_000}


def _parts(text: str) -> Iterator[tuple[float, str]]:
    for match in _part(text):
        yield float(match[1]), match[2]
