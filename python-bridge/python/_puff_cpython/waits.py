"""What greenlets wait for: answers of services, timers, each other, files, work of real threads.

`door/waits.ts` is Pyodide's.
"""

from __future__ import annotations

import heapq
import json
import time
from typing import TYPE_CHECKING, Any

from _puff_cpython.channel import CALL, RECEIPT, Channel
from _puff_cpython.descriptors import Descriptors
from _puff_cpython.real_threads import RealThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from _puff_cpython.entries import Entry

_now = time.monotonic


class Waits:
    """Begins waits, and has greenlets go on when they end."""

    def __init__(
        self, channel: Channel, running: Callable[[], Entry | None], wake: Callable[[Entry, int, Any], None]
    ) -> None:
        self._channel = channel
        self._running = running
        self._wake = wake
        self._pending: dict[int, tuple[Entry | None, int | None]] = {}
        self._parked: dict[int, int] = {}
        self._timers: list[tuple[float, int, int]] = []
        self._last = 0
        self.descriptors = Descriptors(self._come)
        self.threads = RealThreads(self.descriptors, self._come)
        self.called_service: str | None = None
        """The service called last; None: none was."""

    def call(self, service: str, method: str, args: str, buffers: Sequence[bytes] = ()) -> int:
        """Asks a service; the wait ends with its answer's JSON, or a list of that and buffers."""
        wait, ends = self._begin(None)
        if not ends:
            self._send(wait, service, method, args, buffers)
        return wait

    def tell(self, service: str, method: str, args: str, buffers: Sequence[bytes] = ()) -> None:
        """Asks a service without waiting for its answer."""
        self._send(0, service, method, args, buffers)

    def answer(self, wait: int, answer: Any, wants_receipt: bool) -> None:
        """Ends the wait for a service's answer."""
        claimed = wait in self._pending
        if wants_receipt:
            self._channel.send(RECEIPT, wait, int(claimed))
        self._come(wait, answer)

    def park(self, key: int, milliseconds: float | None = None) -> int:
        """Waits for :meth:`unpark` with the same key, or for the time to pass."""
        wait, ends = self._begin(key)
        if ends:
            return wait
        self._parked[key] = wait
        if milliseconds == 0:
            self.unpark(key)  # it only lets others go first
        elif milliseconds is not None:
            self._at(wait, milliseconds / 1000)
        return wait

    def unpark(self, key: int) -> None:
        """Ends the wait of this key."""
        wait = self._parked.get(key)
        if wait is not None:
            self._come(wait, "")

    def wait_for_descriptor(self, descriptor: int, writes: bool, seconds: float | None) -> int:
        """Waits until a file can be read, or written; the wait ends with False where the time has passed."""
        wait, ends = self._begin(None)
        if not ends:
            self.descriptors.add(wait, descriptor, writes)
            if seconds is not None:
                self._at(wait, seconds)
        return wait

    def run_in_thread(self, function: Callable[..., Any], args: tuple[Any, ...]) -> int:
        """Waits for a function that a real thread calls; the wait ends with what it returned or raised."""
        wait, ends = self._begin(None)
        if not ends:
            self.threads.run(wait, function, args)
        return wait

    def cancel(self, entry: Entry, reason: str) -> None:
        """Has what an entry waits for fail."""
        for wait in list(entry.waits):
            self._fail(wait, reason)

    def due_in(self) -> float | None:
        """Gives the seconds until the next timer; None: there is none."""
        while self._timers and self._timers[0][2] not in self._pending:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - _now()) if self._timers else None

    def pass_time(self) -> None:
        """Ends the waits whose time has passed."""
        now = _now()
        while self._timers and self._timers[0][0] <= now:
            wait = heapq.heappop(self._timers)[2]
            self._come(wait, False if self.descriptors.discard(wait) else "")

    def _at(self, wait: int, seconds: float) -> None:
        heapq.heappush(self._timers, (_now() + seconds, wait, wait))

    def _begin(self, key: int | None) -> tuple[int, bool]:
        entry = self._running()
        self._last = wait = self._last + 1
        self._pending[wait] = (entry, key)
        if entry is None:
            return wait, False
        entry.waits.add(wait)
        ends = entry.ending is not None and (entry.over or not entry.told)
        if ends:
            self._fail(wait, entry.ending or "")
        return wait, ends

    def _fail(self, wait: int, reason: str) -> None:
        found = self._pending.get(wait)
        if found is not None and found[0] is not None:
            found[0].told = True
        self.descriptors.discard(wait)
        self._come(wait, json.dumps({"cancelled": reason}))

    def _come(self, wait: int, outcome: Any) -> None:
        """Has the one who waits go on, when it is its turn."""
        found = self._pending.pop(wait, None)
        if found is None:
            return
        entry, key = found
        if key is not None:
            self._parked.pop(key, None)
        if entry is not None:
            entry.waits.discard(wait)
            self._wake(entry, wait, outcome)

    def _send(self, wait: int, service: str, method: str, args: str, buffers: Sequence[bytes]) -> None:
        entry = self._running()
        if entry is not None:
            entry.known = True
        self.called_service = service
        id_ = 0 if entry is None else entry.id
        self._channel.send(CALL, wait, id_, 0.0, (service.encode(), method.encode(), args.encode(), *buffers))
