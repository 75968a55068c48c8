"""Functions of native Python that block the whole process, replaced by ones that let other greenlets run meanwhile.

Those that wait for files look at the files and wait in the greenlet. All others are called in a thread of the system.
"""

from __future__ import annotations

import errno
import fcntl
import functools
import hashlib
import importlib
import os
import select
import selectors
import socket
import time
from typing import TYPE_CHECKING, Any

from puff._runtime.greenlets import can_wait, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_POLL = 0.01  # Seconds between two tries for a lock.
_fcntl: Any = fcntl
_hashlib: Any = hashlib
_os: Any = os
_select: Any = select
_socket: Any = socket
_NAMES = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
_plain_flock = fcntl.flock
_plain_poll = getattr(select, "poll", None)
_plain_select = select.select
_plain_waitpid = os.waitpid


def install() -> None:
    """Puts them in place."""
    for name in _NAMES:
        setattr(_socket, name, in_thread(getattr(socket, name)))
    for name in ("pbkdf2_hmac", "scrypt"):
        if hasattr(hashlib, name):
            setattr(_hashlib, name, in_thread(getattr(hashlib, name)))
    _os.system = in_thread(_os.system)
    _os.waitpid = waitpid
    _fcntl.flock = flock
    _select.select = wait_until_ready
    if _plain_poll is not None:
        _select.poll = Poll
    for name in ("SelectSelector", "PollSelector", "EpollSelector", "DevpollSelector", "KqueueSelector"):
        selector: Any = getattr(selectors, name, None)
        if selector is not None:
            selector.select = _waiting_select(selector.select)


def wait_for_file(descriptor: int, writes: bool, seconds: float | None) -> bool:
    """Waits until a file can be read, or written; tells whether that was in time."""
    host: Any = importlib.import_module("_puff_host")
    return wait_for(host.wait_for_descriptor, descriptor, writes, seconds) is not False


def in_thread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a function that calls another in a thread of the system, and waits for it."""

    @functools.wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        if not can_wait():
            return function(*args, **keywords)
        host: Any = importlib.import_module("_puff_host")
        value, error = wait_for(host.run_in_thread, functools.partial(function, **keywords), args)
        if error is not None:
            raise error
        return value

    return call


_waitpid_in_thread = in_thread(_plain_waitpid)


def waitpid(pid: int, options: int, /) -> tuple[int, int]:
    """Stands in for `os.waitpid`."""
    found = _plain_waitpid(pid, options | os.WNOHANG)
    if found != (0, 0) or options & os.WNOHANG:
        return found
    return _waitpid_in_thread(pid, options)


def flock(fd: Any, operation: int, /) -> None:
    """Stands in for `fcntl.flock`."""
    if operation & (fcntl.LOCK_NB | fcntl.LOCK_UN) or not can_wait():
        _plain_flock(fd, operation)
        return
    while not _locks_now(fd, operation):
        time.sleep(_POLL)


def _locks_now(fd: Any, operation: int) -> bool:
    try:
        _plain_flock(fd, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_until_ready(
    rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /
) -> tuple[list[Any], list[Any], list[Any]]:
    """Stands in for `select.select`."""
    if not can_wait() or (timeout is not None and timeout <= 0):
        return _plain_select(rlist, wlist, xlist, timeout)
    ready = _plain_select(rlist, wlist, xlist, 0)
    if any(ready):
        return ready
    _wait_for_any(
        [(one, selectors.EVENT_READ) for one in (*rlist, *xlist)] + [(one, selectors.EVENT_WRITE) for one in wlist],
        timeout,
    )
    return _plain_select(rlist, wlist, xlist, 0)


class Poll:
    """Stands in for what `select.poll` gives."""

    def __init__(self) -> None:
        self._plain: Any = _plain_poll() if _plain_poll is not None else None
        self._files: dict[int, int] = {}

    def register(self, fd: Any, eventmask: int = select.POLLIN | select.POLLPRI | select.POLLOUT, /) -> None:
        """Watches a file."""
        self._plain.register(fd, eventmask)
        self._files[fd if isinstance(fd, int) else fd.fileno()] = eventmask

    modify = register

    def unregister(self, fd: Any, /) -> None:
        """Watches it no longer."""
        self._plain.unregister(fd)
        self._files.pop(fd if isinstance(fd, int) else fd.fileno(), None)

    def poll(self, timeout: float | None = None, /) -> list[tuple[int, int]]:
        """Waits until one of the files is ready, for this many milliseconds."""
        endless = timeout is None or timeout < 0
        if not can_wait() or timeout == 0:
            return self._plain.poll(timeout)
        ready = self._plain.poll(0)
        if ready:
            return ready
        wanted = [(one, _events_of(mask)) for one, mask in self._files.items()]
        _wait_for_any(wanted, None if endless or timeout is None else timeout / 1000)
        return self._plain.poll(0)


def _events_of(mask: int) -> int:
    reads = selectors.EVENT_READ if mask & (select.POLLIN | select.POLLPRI) else 0
    return (reads | (selectors.EVENT_WRITE if mask & select.POLLOUT else 0)) or selectors.EVENT_READ


def _waiting_select(plain: Callable[..., Any]) -> Callable[..., Any]:
    def select(self: Any, timeout: float | None = None) -> Any:
        if not can_wait() or (timeout is not None and timeout <= 0):
            return plain(self, timeout)
        ready = plain(self, 0)
        if ready:
            return ready
        if hasattr(self, "fileno"):  # that of the kernel's own set of files
            wait_for_file(self.fileno(), False, timeout)
        else:
            _wait_for_any([(key.fd, key.events) for key in self.get_map().values()], timeout)
        return plain(self, 0)

    return select


def _wait_for_any(files: Iterable[tuple[Any, int]], timeout: float | None) -> None:
    with selectors.DefaultSelector() as selector:
        wanted: dict[int, int] = {}
        for file, events in files:
            number = file if isinstance(file, int) else file.fileno()
            wanted[number] = wanted.get(number, 0) | events
        for number, events in wanted.items():
            try:
                selector.register(number, events)
            except OSError as error:
                if error.errno == errno.EPERM:  # a plain file, which is always ready
                    return
                raise
        any_selector: Any = selector
        wait_for_file(any_selector.fileno(), False, timeout)
