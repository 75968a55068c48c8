"""asyncio's event loops in greenlets: each `asyncio.run` has a loop of its own, which waits as its greenlet does."""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from typing import Any

from puff._runtime.greenlets import Waiter
from puff._runtime.suspending import IN_PYODIDE

_events: Any = asyncio.events
_base_policy: Any = getattr(_events, "_BaseDefaultEventLoopPolicy", None) or _events.BaseDefaultEventLoopPolicy
_set_policy: Any = getattr(_events, "_set_event_loop_policy", None) or _events.set_event_loop_policy
"""Python 3.14 has put an underscore before them."""
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


class _FairSelector(selectors.DefaultSelector):
    """Lets other greenlets run now and then, also where its loop always has something to do."""

    def __init__(self) -> None:
        super().__init__()
        self._waited_at = time.monotonic()

    def select(self, timeout: float | None = None) -> Any:
        """Waits until there is something to do."""
        if timeout is not None and timeout <= 0:
            if time.monotonic() - self._waited_at < _LONGEST_STRETCH:
                return super().select(0)
            Waiter().wait(0)
        ready = super().select(timeout)
        self._waited_at = time.monotonic()
        return ready


class _FileEventLoop(asyncio.SelectorEventLoop):
    """Native Python's event loop, with sockets and pipes."""

    def __init__(self) -> None:
        super().__init__(_FairSelector())


class GreenletEventLoopPolicy(_base_policy):
    """Gives each greenlet loops of its own, none of which runs until it is told to."""

    _loop_factory: Any = GreenletEventLoop if IN_PYODIDE else _FileEventLoop

    def __init__(self) -> None:
        super().__init__()
        # The one that asyncio has made knows nothing of greenlets.
        self._local = _Local()


class _Local(threading.local):
    _loop = None
    _set_called = False  # asked for before Python 3.14


def install() -> None:
    """Makes them the loops that `asyncio.run` and others get."""
    _set_policy(GreenletEventLoopPolicy())
    asyncio.EventLoop = GreenletEventLoopPolicy._loop_factory  # type: ignore[misc]
