"""The texts of dates, times, moments and intervals."""

from __future__ import annotations

import re
from datetime import MAXYEAR, date, datetime, time, timedelta, timezone
from typing import Any

from psycopg2._protocol.exceptions import DataError, NotSupportedError

_DATE = re.compile(r"(\d+)-(\d+)-(\d+)")
_TIME = re.compile(r"(\d+):(\d+):(\d+)(?:\.(\d+))?(?:([+-])(\d+)(?::(\d+))?(?::(\d+))?)?")
_INTERVAL_TIME = re.compile(r"([+-]?)(\d+):(\d+)(?::(\d+)(?:\.(\d+))?)?$")
#: What fits C's int, as which psycopg2 reads them.
_INT = 2**31 - 1
_DAYS = {"year": 365, "mon": 30, "day": 1}


def parse_date(text: str) -> date:
    """A date; infinity is the last or first that Python has.

    Raises:
        DataError: It is none.
        ValueError: Python has no such date.
    """
    if len(text) == 10:
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    if text in {"infinity", "-infinity"}:
        return date.max if text == "infinity" else date.min
    year, month, day, _ = _split_date(text)
    return date(year, month, day)


def cast_moment(text: str | None, cur: Any) -> datetime | None:
    """A moment; infinity is the last or first that Python has."""
    if text is None:
        return None
    return _parse_moment(text, cur, zoned=False)


def cast_zoned_moment(text: str | None, cur: Any) -> datetime | None:
    """A moment with a time zone."""
    if text is None:
        return None
    return _parse_moment(text, cur, zoned=True)


def _parse_moment(text: str, cur: Any, *, zoned: bool) -> datetime:
    factory = cur.tzinfo_factory if cur is not None else timezone
    # Python's own reading, which is in C, wherever it says the same.
    if len(text) >= 19 and text[4] == "-":
        try:
            read = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            offset = read.utcoffset()
            return read if factory is timezone or offset is None else read.replace(tzinfo=_zone(factory, offset))
    if text in {"infinity", "-infinity"}:
        moment = datetime.max if text == "infinity" else datetime.min
        zone = _zone(factory, timedelta(0)) if zoned else None
        return moment.replace(tzinfo=zone)
    year, month, day, rest = _split_date(text)
    if rest.strip() in {"", "BC"}:
        return datetime(year, month, day)
    hour, minute, second, micro, offset = _split_time(rest)
    zone = None if offset is None else _zone(factory, offset)
    carry = timedelta(seconds=0)
    if second == 60:
        second, carry = 0, timedelta(minutes=1)
    return datetime(year, month, day, hour, minute, second, micro, zone) + carry


def cast_time(text: str | None, cur: Any) -> time | None:
    """A time of day, with a time zone where it has one."""
    if text is None:
        return None
    factory = cur.tzinfo_factory if cur is not None else timezone
    hour, minute, second, micro, offset = _split_time(text)
    zone = None if offset is None else _zone(factory, offset)
    return time(0 if hour == 24 else hour, minute, second, micro, zone)


def parse_interval(text: str) -> timedelta:
    """An interval, its months 30 days and its years 365.

    Raises:
        NotSupportedError: It is in ISO's format, which psycopg2 does not read.
        OverflowError: It is longer than Python's longest.
    """
    if text.startswith("P"):
        raise NotSupportedError("iso_8601 intervalstyle currently not supported")
    days = seconds = micros = 0
    count: int | None = None
    for word in text.split():
        span = _INTERVAL_TIME.match(word)
        if span is not None:
            sign, hours, minutes, whole, fraction = span.groups()
            factor = -1 if sign == "-" else 1
            parts = [_limited(int(part or 0)) for part in (hours, minutes, whole)]
            _limited(int(fraction or 0))
            seconds = factor * (parts[0] * 3600 + parts[1] * 60 + parts[2])
            micros = factor * _micros(fraction)
        elif count is not None:
            unit = word.rstrip("s")
            days += count * _DAYS.get(unit, 0)
            count = None
        elif ":" in word:
            for part in re.split(r"[:.]", word):
                _limited(int(part))
        elif word not in {"@", "ago"}:
            count = int(word)
    # A number alone is of microseconds, as Redshift prints intervals.
    return timedelta(days, seconds, micros + (count or 0))


def _limited(number: int) -> int:
    if abs(number) > _INT:
        raise OverflowError("interval component too big")
    return number


def _micros(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0")[:6] or 0)


def _split_date(text: str) -> tuple[int, int, int, str]:
    match = _DATE.match(text)
    if match is None:
        raise DataError("unable to parse date")
    year, month, day = (int(part) for part in match.groups())
    if text.endswith("BC"):
        year = -year
    if not 1 <= year <= MAXYEAR:
        raise ValueError(f"year {year} is out of range")
    return year, month, day, text[match.end() :].removesuffix(" BC")


def _split_time(text: str) -> tuple[int, int, int, int, timedelta | None]:
    match = _TIME.match(text.lstrip(" T"))
    if match is None:
        raise DataError("unable to parse time")
    hour, minute, second, fraction, sign, *offset = match.groups()
    zone = None
    if sign is not None:
        hours, minutes, seconds = (int(part or 0) for part in offset)
        zone = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        zone = -zone if sign == "-" else zone
    return int(hour), int(minute), int(second), _micros(fraction), zone


def _zone(factory: Any, offset: timedelta) -> Any:
    return None if factory is None else factory(offset)
