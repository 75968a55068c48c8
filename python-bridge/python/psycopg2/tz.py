"""Time zones that psycopg2 had before Python did."""

from __future__ import annotations

import datetime
import time
from typing import Any, ClassVar, Self

ZERO = datetime.timedelta(0)


class FixedOffsetTimezone(datetime.tzinfo):
    """A zone of one offset. Zones of the same offset and name are the same object.

    Args:
        offset: From UTC, as `timedelta` or in minutes.
        name: What `tzname()` gives; None: the offset.
    """

    _name: str | None = None
    _offset = ZERO
    _cache: ClassVar[dict[tuple[Any, str | None], Any]] = {}

    def __new__(cls, offset: datetime.timedelta | float | None = None, name: str | None = None) -> Self:
        """The one zone of this offset and name."""
        key = (offset, name)
        made = cls._cache.get(key)
        if made is None:
            made = super().__new__(cls)
            made.__init__(offset, name)
            cls._cache[key] = made
        return made

    def __init__(self, offset: datetime.timedelta | float | None = None, name: str | None = None) -> None:
        if offset is not None:
            self._offset = offset if isinstance(offset, datetime.timedelta) else datetime.timedelta(minutes=offset)
        if name is not None:
            self._name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FixedOffsetTimezone) and self._offset == other._offset

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._offset)

    def __getinitargs__(self) -> tuple[datetime.timedelta, str | None]:
        return self._offset, self._name

    def __repr__(self) -> str:
        return f"psycopg2.tz.FixedOffsetTimezone(offset={self._offset!r}, name={self._name!r})"

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """The offset."""
        del dt
        return self._offset

    def tzname(self, dt: datetime.datetime | None) -> str:
        """The name, or the offset as `+01`, `+05:30`."""
        del dt
        if self._name is not None:
            return self._name
        minutes, seconds = divmod(self._offset.total_seconds(), 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{int(hours):+03d}"
        if minutes or seconds:
            text += f":{int(minutes):02d}"
        if seconds:
            text += f":{int(seconds):02d}"
        return text

    def dst(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """Nothing."""
        del dt
        return ZERO


STDOFFSET = datetime.timedelta(seconds=-time.timezone)
DSTOFFSET = datetime.timedelta(seconds=-time.altzone) if time.daylight else STDOFFSET
DSTDIFF = DSTOFFSET - STDOFFSET


class LocalTimezone(datetime.tzinfo):
    """The zone of this machine."""

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """The offset at a moment."""
        return DSTOFFSET if self._is_dst(dt) else STDOFFSET

    def dst(self, dt: datetime.datetime | None) -> datetime.timedelta:
        """What summer time adds at a moment."""
        return DSTDIFF if self._is_dst(dt) else ZERO

    def tzname(self, dt: datetime.datetime | None) -> str:
        """The zone's name at a moment."""
        return time.tzname[self._is_dst(dt)]

    def _is_dst(self, dt: datetime.datetime | None) -> bool:
        if dt is None:
            return False
        # As the C library sees it.
        moment = (dt.year, dt.month, dt.day, dt.hour, dt.minute, dt.second, dt.weekday(), 0, -1)
        return time.localtime(time.mktime(moment)).tm_isdst > 0


LOCAL = LocalTimezone()
