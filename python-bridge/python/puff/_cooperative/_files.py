"""Locks of files for greenlets, and what the file system has not."""

from __future__ import annotations

import errno
import fcntl
import importlib
import os
import time
from typing import Any

_POLL = 0.01  # Seconds between two tries for a lock.
_fcntl: Any = fcntl
_os: Any = os


def install() -> None:
    """Puts them in place."""
    _fcntl.flock = flock
    _os.mkfifo = _refuse("named pipes can't be made from the gateway's Python")
    _os.mknod = _refuse("device files and named pipes can't be made from the gateway's Python")
    _os.link = _refuse("hard links can't be made from the gateway's Python: use os.symlink or a copy")


def flock(fd: Any, operation: int, /) -> None:
    """Stands in for `fcntl.flock`, which would give the lock to all. It holds within one interpreter.

    Example:
        >>> fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    """
    descriptor = fd if isinstance(fd, int) else fd.fileno()
    os.fstat(descriptor)  # A descriptor that is not open is an error.
    host: Any = importlib.import_module("_puff_host")
    while not host.lock(descriptor, operation):
        if operation & fcntl.LOCK_NB:
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
        time.sleep(_POLL)


def _refuse(message: str) -> Any:
    def refuse(*_args: object, **_keywords: object) -> None:
        raise OSError(errno.ENOTSUP, message)

    return refuse
