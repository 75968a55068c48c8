"""asyncio's event loops in greenlets: each `asyncio.run` has a loop of its own, which waits as its greenlet does."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

from puff._runtime.greenlets import Waiter

_LONGEST_STRETCH = 0.01
"""For how long a loop may go on with what is ready before others have their turn, seconds."""


class GreenletEventLoop(asyncio.BaseEventLoop):
    """An event loop without sockets: it waits for its timers, and for what other greenlets hand it."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self._waiter: Waiter | None = None
        self._waited_at = time.monotonic()

    def select(self, timeout: float | None) -> list[Any]:
        """Waits until there is something to do."""
        if timeout is not None and timeout <= 0 and time.monotonic() - self._waited_at < _LONGEST_STRETCH:
            return []
        waiter = self._waiter = Waiter()
        try:
            waiter.wait(None if timeout is None else max(timeout, 0))
        finally:
            self._waiter = None
            self._waited_at = time.monotonic()
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none: all comes by callbacks."""

    def _write_to_self(self) -> None:
        """Another greenlet has added a callback."""
        if self._waiter is not None:
            self._waiter.wake()


class GreenletEventLoopPolicy(asyncio.events._BaseDefaultEventLoopPolicy):  # type: ignore[name-defined]
    """Gives each greenlet loops of its own, none of which runs until it is told to."""

    _loop_factory = GreenletEventLoop

    def __init__(self) -> None:
        super().__init__()
        # The one that asyncio has made knows nothing of greenlets.
        self._local = _Local()


class _Local(threading.local):
    _loop = None


def install() -> None:
    """Makes them the loops that `asyncio.run` and others get."""
    asyncio.events._set_event_loop_policy(GreenletEventLoopPolicy())  # type: ignore[attr-defined]
    asyncio.EventLoop = GreenletEventLoop  # type: ignore[misc]
