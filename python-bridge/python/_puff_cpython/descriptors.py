"""Which files of the system are waited for, and who waits for them."""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Bound now: the user's selectors wait in greenlets.
_make_selector = selectors.DefaultSelector
_select: Any = selectors.DefaultSelector.select
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Descriptors:
    """Watches files for the loop. Each wait is over once its file is ready."""

    def __init__(self, come: Callable[[int, Any], None]) -> None:
        self._selector = _make_selector()
        self._come = come
        self._waiting: dict[int, list[tuple[int, int]]] = {}
        """Waits and what they wait for, by the file's number."""
        self._files: dict[int, int] = {}
        """The files of waits."""
        self._own: dict[int, Callable[[], None]] = {}

    def watch(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Has a function called whenever a file of the process's own can be read."""
        self._own[descriptor] = ready
        self._selector.register(descriptor, _READ)

    def add(self, wait: int, descriptor: int, writes: bool) -> None:
        """Waits for a file."""
        self._waiting.setdefault(descriptor, []).append((wait, _WRITE if writes else _READ))
        self._files[wait] = descriptor
        try:
            self._register(descriptor)
        except (OSError, ValueError):  # such as a plain file, which is always ready; or one that is closed
            self.wake(descriptor)

    def discard(self, wait: int) -> bool:
        """Forgets a wait; tells whether it was one for a file."""
        descriptor = self._files.pop(wait, None)
        if descriptor is None:
            return False
        self._waiting[descriptor] = [one for one in self._waiting[descriptor] if one[0] != wait]
        self._register(descriptor)
        return True

    def wake(self, descriptor: int) -> None:
        """Has all who wait for a file look again: it is closed, or was never worth a wait."""
        for wait, _ in self._waiting.get(descriptor, [])[:]:
            self.discard(wait)
            self._come(wait, True)

    def poll(self, seconds: float | None) -> None:
        """Waits for files, for that long at most, and tells those who wait."""
        for key, events in _select(self._selector, seconds):
            own = self._own.get(key.fd)
            if own is not None:
                own()
                continue
            for wait, wanted in self._waiting.get(key.fd, [])[:]:
                if wanted & events:
                    self.discard(wait)
                    self._come(wait, True)

    def renew(self, own: dict[int, Callable[[], None]]) -> None:
        """Makes a selector of this process's own: one that was there before a fork is shared. Nobody waits yet."""
        self._selector.close()
        self._selector = _make_selector()
        self._own.clear()
        for descriptor, ready in own.items():
            self.watch(descriptor, ready)

    def close(self) -> None:
        """Gives everything up, as in a process that was forked off."""
        self._selector.close()

    def _register(self, descriptor: int) -> None:
        """Has the selector watch for what is waited for. A number that is another file's by now is new to it."""
        wanted = 0
        for _, event in self._waiting.get(descriptor, []):
            wanted |= event
        registered = descriptor in self._selector.get_map()
        if not wanted:
            self._waiting.pop(descriptor, None)
            if registered:
                self._selector.unregister(descriptor)
            return
        if registered:
            try:
                self._selector.modify(descriptor, wanted)
            except OSError:  # that file is closed, and the selector has forgotten it
                pass
            else:
                return
        self._selector.register(descriptor, wanted)
