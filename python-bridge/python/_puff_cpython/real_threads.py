"""A few threads of the system, for functions of C that block: looking up a name, waiting for a process."""

from __future__ import annotations

import _thread
import os
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from _puff_cpython.descriptors import Descriptors

_MOST = 16
# Bound now: `_thread` is given other functions before anything of the user's is imported.
_start = _thread.start_new_thread
_Work = tuple[int, "Callable[..., Any]", tuple[Any, ...]]


class RealThreads:
    """Calls functions in threads, and ends the waits for them."""

    def __init__(self, descriptors: Descriptors, come: Callable[[int, Any], None]) -> None:
        self._descriptors = descriptors
        self._come = come
        self._work: SimpleQueue[_Work] = SimpleQueue()
        self._done: deque[tuple[int, Any]] = deque()
        self._threads = 0
        self._busy = 0
        self._pipe: tuple[int, int] | None = None

    def run(self, wait: int, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """Has a function called. It must not touch anything that belongs to a greenlet."""
        if self._pipe is None:
            self._pipe = os.pipe()
            os.set_blocking(self._pipe[0], False)
            self._descriptors.watch(self._pipe[0], self._tell)
        self._busy += 1
        if self._busy > self._threads and self._threads < _MOST:
            self._threads += 1
            _start(self._serve, ())
        self._work.put((wait, function, args))

    def _serve(self) -> None:
        while True:
            wait, function, args = self._work.get()
            try:
                outcome: tuple[Any, BaseException | None] = (function(*args), None)
            except BaseException as error:  # it is the waiting greenlet's
                outcome = (None, error)
            self._done.append((wait, outcome))
            if self._pipe is not None:
                os.write(self._pipe[1], b"!")

    def _tell(self) -> None:
        if self._pipe is not None:
            os.read(self._pipe[0], 4096)
        while self._done:
            wait, outcome = self._done.popleft()
            self._busy -= 1
            self._come(wait, outcome)
