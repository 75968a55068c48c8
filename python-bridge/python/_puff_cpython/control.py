"""The control memory: a few numbers that the gateway reads also while Python runs, and after a crash."""

from __future__ import annotations

import mmap

# Fields, as `protocol/messages.ts` has them.
INTERRUPT, TURNS, ENTERED, RUNNING, PROMPTS, ORIGIN, PAGES = range(7)
_BYTES = 28
_MOST = 0x7FFFFFFF


class Control:
    """Int32 fields in a file that the gateway reads."""

    def __init__(self, path: str) -> None:
        self.open(path)

    def open(self, path: str) -> None:
        """Takes another file, as in a process that was forked off to serve."""
        with open(path, "r+b") as file:
            self._fields = memoryview(mmap.mmap(file.fileno(), _BYTES)).cast("i")

    def set(self, field: int, value: int) -> None:
        """Sets a field."""
        self._fields[field] = value

    def add(self, field: int, by: int = 1) -> None:
        """Adds to a field, which begins anew past its greatest number."""
        self._fields[field] = (self._fields[field] + by) & _MOST
