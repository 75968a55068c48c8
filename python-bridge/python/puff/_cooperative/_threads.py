"""Threads that are greenlets: what `_thread` offers; `threading` itself stays as it is."""

from __future__ import annotations

import _thread
import contextvars
import functools
import importlib
import logging
import queue
import reprlib
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

from puff._cooperative._local import local
from puff._cooperative._locks import Lock, RLock
from puff._runtime.greenlets import Waiter, count_spawned, current, spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class ThreadHandle:
    """Stands in for `_thread._ThreadHandle`: what `threading.Thread` knows of its greenlet."""

    def __init__(self) -> None:
        self.ident = 0
        self._done = False
        self._waiting: list[Waiter] = []

    def is_done(self) -> bool:
        """Tells whether it has ended."""
        return self._done

    def join(self, timeout: float | None = None) -> None:
        """Waits until it has ended, or for that many seconds."""
        if self.ident == 0:
            raise RuntimeError("thread not started")
        if self._done:
            return
        if self.ident == current().ident:
            raise RuntimeError("Cannot join current thread")
        waiter = Waiter()
        self._waiting.append(waiter)
        try:
            waiter.wait(None if timeout is None or timeout < 0 else timeout)
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def _set_done(self) -> None:
        self._done = True
        for waiter in self._waiting:
            waiter.wake()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object: ident={self.ident}>"


def install() -> None:
    """Puts them in place, and makes `threading` anew on them."""
    here: Any = _thread
    for name, value in _REPLACED.items():
        setattr(here, name, value)
    if hasattr(here, "_set_sentinel"):  # before Python 3.13
        here._set_sentinel = _set_sentinel
    importlib.reload(threading)
    if not hasattr(threading, "_DeleteDummyThreadOnDel"):  # before Python 3.13
        _forget_dummies(threading)
    # What was imported before and holds on to parts of it.
    functools.RLock = RLock  # type: ignore[attr-defined]
    reprlib.get_ident = get_ident  # type: ignore[attr-defined]
    logging._lock = threading.RLock()  # type: ignore[attr-defined]
    queue.SimpleQueue = queue._PySimpleQueue  # type: ignore[attr-defined]


def get_ident() -> int:
    """Gives the ident of the greenlet that runs."""
    return current().ident


def start_joinable_thread(
    function: Callable[[], object], handle: ThreadHandle | None = None, daemon: bool = True
) -> ThreadHandle:
    """Begins a greenlet; whether it is a daemon makes no difference, since all end with the interpreter."""
    del daemon
    started = ThreadHandle() if handle is None else handle
    if started.ident != 0:
        raise RuntimeError("thread already started")

    def run() -> None:
        try:
            function()
        finally:
            started._set_done()  # pyright: ignore[reportPrivateUsage]  # as threading calls it

    started.ident = spawn(run, contextvars.Context())
    return started


def start_new_thread(
    function: Callable[..., object], args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None, /
) -> int:
    """Begins a greenlet that nobody joins."""

    def run() -> None:
        try:
            function(*args, **(kwargs or {}))
        except SystemExit:
            pass
        except Exception:  # as where threads are: it ends alone, and says why
            sys.stderr.write(f"Exception ignored in thread started by {function!r}:\n{traceback.format_exc()}")

    return spawn(run, contextvars.Context())


def _set_sentinel() -> Lock:
    """Gives the lock that a thread holds while it lives."""
    lock = Lock()
    current().at_end(lambda: lock.release() if lock.locked() else None)
    return lock


def _forget_dummies(here: Any) -> None:
    """Has what stands for a greenlet in `threading` forgotten at its end."""
    plain = here._DummyThread.__init__

    def init(self: Any) -> None:
        plain(self)
        current().at_end(lambda: here._active.pop(self.ident, None))

    here._DummyThread.__init__ = init


def _make_thread_handle(ident: int) -> ThreadHandle:
    handle = ThreadHandle()
    handle.ident = ident
    return handle


_REPLACED: dict[str, Any] = {
    "LockType": Lock,
    "RLock": RLock,
    "_ThreadHandle": ThreadHandle,
    "_count": count_spawned,
    "_local": local,
    "_make_thread_handle": _make_thread_handle,
    "allocate": Lock,
    "allocate_lock": Lock,
    "get_ident": get_ident,
    "lock": Lock,
    "start_joinable_thread": start_joinable_thread,
    "start_new": start_new_thread,
    "start_new_thread": start_new_thread,
}
