"""`time.sleep` for greenlets."""

from __future__ import annotations

import time

from puff._greenlets import Waiter, can_wait

_block = time.sleep


def install() -> None:
    """Puts it in place."""
    time.sleep = sleep


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
