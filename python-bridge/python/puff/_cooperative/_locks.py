"""Locks for greenlets: what `_thread` offers, on which `threading` and `queue` build all others."""

from __future__ import annotations

import _thread
from collections import deque
from typing import Any, Self

from puff._runtime.greenlets import Waiter, current


class Lock:
    """Stands in for `threading.Lock`. It is given to those who wait in their order."""

    __slots__ = ("__weakref__", "_held", "_line")

    def __init__(self) -> None:
        self._held = False
        self._line: deque[Waiter] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes the lock; False if it was not free in time."""
        seconds = _checked_timeout(blocking, timeout)
        if not self._held:
            self._held = True
            return True
        return blocking and _stand_in_line(self._line, seconds, self.release)

    def release(self) -> None:
        """Frees the lock, or hands it to the first who waits."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        if self._line:
            self._line.popleft().wake()
        else:
            self._held = False

    def locked(self) -> bool:
        """Tells whether it is taken."""
        return self._held

    __enter__ = acquire
    acquire_lock = acquire
    release_lock = release
    locked_lock = locked

    def __exit__(self, *_exception: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<{'locked' if self._held else 'unlocked'} {type(self).__qualname__} object at {id(self):#x}>"

    def _at_fork_reinit(self) -> None:
        self.__init__()


class RLock:
    """Stands in for `threading.RLock`."""

    __slots__ = ("__weakref__", "_count", "_line", "_owner")

    def __new__(cls, *_args: object, **_keywords: object) -> Self:
        """Takes any arguments, as the replaced one does."""
        return super().__new__(cls)

    def __init__(self, *_args: object, **_keywords: object) -> None:
        self._owner: int | None = None
        self._count = 0
        self._line: deque[Waiter] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes the lock once more; False if another had it until the time was over."""
        seconds = _checked_timeout(blocking, timeout)
        ident = current().ident
        if self._owner == ident:
            self._count += 1
            return True
        if self._owner is not None and not (blocking and _stand_in_line(self._line, seconds, self._hand_on)):
            return False
        self._owner, self._count = ident, 1
        return True

    def release(self) -> None:
        """Gives up one of the times it was taken."""
        if self._owner != current().ident:
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if self._count == 0:
            self._hand_on()

    def locked(self) -> bool:
        """Tells whether it is taken."""
        return self._owner is not None

    __enter__ = acquire

    def __exit__(self, *_exception: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "unlocked" if self._owner is None else "locked"
        return (
            f"<{state} {type(self).__qualname__} object owner={self._owner or 0} count={self._count} at {id(self):#x}>"
        )

    def _hand_on(self) -> None:
        if self._line:
            self._owner, self._count = _NOBODY_YET, 0
            self._line.popleft().wake()
        else:
            self._owner, self._count = None, 0

    # What threading.Condition asks of a lock.

    def _is_owned(self) -> bool:
        return self._owner == current().ident

    def _recursion_count(self) -> int:
        return self._count if self._is_owned() else 0

    def _release_save(self) -> tuple[int, int]:
        if self._owner is None:
            raise RuntimeError("cannot release un-acquired lock")
        state = (self._count, self._owner)
        self._hand_on()
        return state

    def _acquire_restore(self, state: tuple[int, int]) -> None:
        self.acquire()
        self._count, self._owner = state

    def _at_fork_reinit(self) -> None:
        self.__init__()


_NOBODY_YET = -1
"""Owns a lock that was handed to a greenlet which has not run since."""


def _checked_timeout(blocking: bool, timeout: float) -> float | None:
    if timeout == -1:
        return None
    if not blocking:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0:
        raise ValueError("timeout value must be a non-negative number")
    if timeout > _thread.TIMEOUT_MAX:
        raise OverflowError("timeout value is too large")
    return timeout


def _stand_in_line(line: deque[Waiter], seconds: float | None, hand_on: Any) -> bool:
    """Waits to be woken by who hands on the lock; tells whether that was in time."""
    waiter = Waiter()
    line.append(waiter)
    try:
        waiter.wait(seconds)
    except BaseException:  # such as GreenletExit: it does not want the lock any more
        if waiter.woken:
            hand_on()
        else:
            line.remove(waiter)
        raise
    if not waiter.woken:
        line.remove(waiter)
    return waiter.woken
