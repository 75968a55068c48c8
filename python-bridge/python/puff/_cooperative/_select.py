"""`select.select` for connections to Postgres, whose sockets are the host's."""

from __future__ import annotations

import errno
import math
import os
import select
from typing import Any

from puff._runtime import services

_FIRST = 1 << 20
"""What the descriptor of the connection with handle 0 would be: no file has as high a one."""
_block: Any = select.select


def install() -> None:
    """Puts it in place."""
    global _block  # noqa: PLW0603  # what it is that waits for files
    _block = select.select
    select.select = wait_until_ready


def descriptor_of(handle: int) -> int:
    """Gives what stands for a connection's socket; good for `select.select` and for nothing else."""
    return _FIRST + handle


def wait_until_ready(
    rlist: Any, wlist: Any, xlist: Any, timeout: float | None = None, /
) -> tuple[list[Any], list[Any], list[Any]]:
    """Stands in for `select.select`: others run meanwhile. A connection is readable where `poll()` has news of it."""
    readers, writers, others = ([(_number(item), item) for item in items] for items in (rlist, wlist, xlist))
    if all(number < _FIRST for number, _ in (*readers, *writers, *others)):
        return _block(rlist, wlist, xlist, timeout)
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    handles = [number - _FIRST for number, _ in readers if number >= _FIRST]
    # Whatever else there is can be read and written at once, as files can.
    if writers or len(handles) < len(readers):
        timeout = 0
    try:
        ready, _ = services.call("postgres", "wait", handles, None if timeout is None else math.ceil(timeout * 1000))
    except services.ServiceError:  # it was closed
        raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None
    readable = [item for number, item in readers if number < _FIRST or number - _FIRST in ready]
    return readable, [item for _, item in writers], []


def _number(item: Any) -> int:
    if isinstance(item, int):
        return item
    try:
        return item.fileno()
    except AttributeError:
        raise TypeError("argument must be an int, or have a fileno() method.") from None
