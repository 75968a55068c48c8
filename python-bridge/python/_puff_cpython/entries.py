"""Calls into Python under way, and for how long they may be; `door/greenlet.ts` is Pyodide's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from greenlet import greenlet  # pyright: ignore[reportMissingModuleSource]

_now = time.monotonic
TICK = 0.02
"""How often deadlines are looked at, seconds."""


class Job:
    """What the gateway asks for: a batch of resolvers, or one call."""

    __slots__ = ("deadline", "id", "is_call", "parts", "repeatable", "wanted")

    def __init__(self, id: int, flags: int, deadline: float, parts: Sequence[bytes]) -> None:  # noqa: A002
        self.id = id
        self.is_call = bool(flags & 1)
        self.repeatable = bool(flags & 2)
        self.deadline = None if deadline < 0 else deadline
        """Milliseconds; None: it may wait for as long as it is wanted."""
        self.parts = parts
        self.wanted = True


class Entry:
    """A call into Python that has begun and has not ended."""

    __slots__ = (
        "answered", "awaits", "ending", "greenlet", "id", "job", "known", "origin", "over", "overran", "since",
        "told", "waits",
    )  # fmt: skip

    def __init__(self, id: int, job: Job | None, origin: int) -> None:  # noqa: A002
        self.id = id
        """Its job's; negative: Python spawned it; 0: what imports the user's modules."""
        self.job = job
        self.origin = origin
        """Id of the job that it runs for; 0: none."""
        self.greenlet: greenlet | None = None
        self.waits: set[int] = set()
        self.awaits = 0
        """The wait that it is suspended for."""
        self.since = 0.0
        """When it began the piece of Python that runs."""
        self.known = False
        """Whether the host knows of it, having been called."""
        self.answered = False
        self.overran = False
        """Whether a piece of it computed for too long before it waited."""
        self.ending: str | None = None
        """Why it is to end: what it waits for fails. It may still wait for a moment, to leave things in order."""
        self.told = False
        """Whether it was told: what it waited for may have come just before."""
        self.over = False
        """Whether that moment is over, too."""


class Deadlines:
    """Watches deadlines on a clock that advances by little where something kept the process busy."""

    def __init__(self) -> None:
        self._groups: dict[float, dict[Entry, float]] = {}
        self._clock = 0.0
        self._ticked = _now()
        self._holds = 0

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, entry: Entry, milliseconds: float) -> None:
        """Begins to watch an entry."""
        if not self._groups:
            self._ticked = _now()
        self._groups.setdefault(milliseconds / 1000, {})[entry] = self._clock

    def discard(self, entry: Entry) -> None:
        """Watches it no longer."""
        for deadline, group in list(self._groups.items()):
            if group.pop(entry, None) is not None and not group:
                del self._groups[deadline]

    def hold(self, is_held: bool) -> None:
        """Has the clock stand still from True to False."""
        self._holds += 1 if is_held else -1

    def due_in(self) -> float:
        """Gives the seconds until the next look."""
        return max(0.0, self._ticked + TICK - _now())

    def take_over(self) -> list[Entry]:
        """Gives those whose time is over, if it is time to look; they are no longer watched."""
        now = _now()
        if now - self._ticked < TICK:
            return []
        self._clock += 0.0 if self._holds > 0 else min(now - self._ticked, 3 * TICK)
        self._ticked = now
        over: list[Entry] = []
        for deadline, group in self._groups.items():
            for entry, began in group.items():
                if self._clock - began <= deadline:
                    break
                over.append(entry)
        for entry in over:
            self.discard(entry)
        return over
