"""`time.sleep` for greenlets, and `time.tzset`, which WebAssembly has not."""

from __future__ import annotations

import importlib
import os
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from puff._runtime.greenlets import Waiter, can_wait
from puff._runtime.suspending import IN_PYODIDE

_block = time.sleep
_time: Any = time
# The host's zone as Python found it: `(tzname, timezone, altzone, daylight)`.
_own: tuple[tuple[str, str], int, int, int] = (time.tzname, time.timezone, time.altzone, time.daylight)
_names_at: tuple[int, int] = (0, 0)
"""Where the C library keeps the zone's names: known to the host when Python starts, and to Python in an image."""


def install() -> None:
    """Puts them in place."""
    time.sleep = sleep
    if IN_PYODIDE:
        _time.tzset = tzset
        tzset()


def tzset() -> None:
    """Stands in for `time.tzset`: local times are those of the zone that `TZ` names, without it those of the host.

    A name that is none of the IANA's, such as the path of a file, stands for the host's zone.

    Example:
        >>> os.environ["TZ"] = "Europe/Berlin"
        >>> time.tzset()
        >>> time.tzname
        ('CET', 'CEST')
    """
    global _names_at  # noqa: PLW0603  # an interpreter has one
    wanted = os.environ.get("TZ")
    zone = None if wanted is None else _find(wanted.removeprefix(":") or "UTC")
    _time.tzname, _time.timezone, _time.altzone, _time.daylight = _own if zone is None else _values(zone)
    host: Any = importlib.import_module("_puff_host")
    _names_at = tuple(host.zone(None if zone is None else zone.key, *time.tzname, *_names_at))


def _find(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None


def _values(zone: ZoneInfo) -> tuple[tuple[str, str], int, int, int]:
    """What `time` says of a zone; standard time comes first, also where it is in July."""
    year = time.gmtime().tm_year
    (standard, its), (summer, other) = sorted(
        (
            (-round(offset.total_seconds()) if (offset := at.utcoffset()) is not None else 0, at.tzname() or "")
            for at in (datetime(year, month, 1, tzinfo=zone) for month in (1, 7))
        ),
        key=lambda pair: -pair[0],
    )
    return (its, other), standard, summer, int(standard != summer)


def sleep(seconds: float, /) -> None:
    """Stands in for `time.sleep`: others run meanwhile."""
    if not can_wait():  # in a finalizer
        _block(seconds)
        return
    if seconds != seconds:  # noqa: PLR0124  # nan
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    end = time.monotonic() + seconds
    while True:
        Waiter().wait(max(seconds, 0))
        seconds = end - time.monotonic()
        if seconds <= 0:
            return
