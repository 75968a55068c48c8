"""Sockets of native Python that let other greenlets run while they wait: `socket.socket` and TLS on it.

Each call is tried without waiting. Where it would wait, its greenlet waits for the socket's file and tries again.
"""

from __future__ import annotations

import errno
import importlib
import os
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

from puff._cooperative._blocking import wait_for_file
from puff._runtime.greenlets import can_wait

if TYPE_CHECKING:
    from collections.abc import Callable

_plain: Any = socket.socket
_secure: Any = ssl.SSLSocket
_READS = ("recv", "recv_into", "recvfrom", "recvfrom_into", "recvmsg", "recvmsg_into", "accept")
_WRITES = ("send", "sendto", "sendmsg")
_SECURE = ("read", "write", "send", "do_handshake", "unwrap")
_get_timeout: Callable[[Any], float | None] = socket.socket.gettimeout
_set_timeout: Callable[[Any, float | None], None] = socket.socket.settimeout
_plain_connect = socket.socket.connect
_plain_close = _plain._real_close
_plain_sendall = socket.socket.sendall


def install() -> None:
    """Puts them in place."""
    for name in _READS:
        setattr(_plain, name, _waiting(getattr(_plain, name), writes=False))
    for name in _WRITES:
        setattr(_plain, name, _waiting(getattr(_plain, name), writes=True))
    _plain.sendall = _sendall
    _plain.connect = _connect
    _plain.connect_ex = _connect_ex
    _plain._real_close = _close
    for name in _SECURE:
        setattr(_secure, name, _waiting(getattr(_secure, name), writes=False))


def _waiting(plain: Callable[..., Any], *, writes: bool) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **keywords: Any) -> Any:
        timeout = _get_timeout(self)
        if timeout == 0 or not can_wait():
            return plain(self, *args, **keywords)
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            _set_timeout(self, 0)
            try:
                return plain(self, *args, **keywords)
            except (BlockingIOError, ssl.SSLWantReadError):
                waits_to_write = writes
            except ssl.SSLWantWriteError:
                waits_to_write = True
            finally:
                if self.fileno() >= 0:
                    _set_timeout(self, timeout)
            _wait(self, waits_to_write, end)

    call.__name__ = plain.__name__
    return call


def _wait(self: Any, writes: bool, end: float | None) -> None:
    left = None if end is None else end - time.monotonic()
    if (left is not None and left <= 0) or not wait_for_file(self.fileno(), writes, left):
        raise TimeoutError("timed out")


def _sendall(self: Any, data: Any, flags: int = 0, /) -> None:
    if _get_timeout(self) == 0 or not can_wait():
        _plain_sendall(self, data, flags)
        return
    with memoryview(data) as view, view.cast("B") as rest:
        sent = 0
        while sent < len(rest):
            sent += self.send(rest[sent:], flags)


def _connect(self: Any, address: Any, /) -> None:
    timeout = _get_timeout(self)
    if timeout == 0 or not can_wait():
        _plain_connect(self, address)
        return
    end = None if timeout is None else time.monotonic() + timeout
    _set_timeout(self, 0)
    try:
        _plain_connect(self, address)
    except BlockingIOError:
        connected = False
    else:
        connected = True
    finally:
        _set_timeout(self, timeout)
    if connected:
        return
    _wait(self, True, end)
    failure = self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if failure != 0:
        raise OSError(failure, os.strerror(failure))


def _connect_ex(self: Any, address: Any, /) -> int:
    try:
        self.connect(address)
    except TimeoutError:
        return errno.EAGAIN
    except OSError as error:
        if error.errno is None:
            raise
        return error.errno
    return 0


def _close(self: Any, *args: Any) -> None:
    descriptor = self.fileno()
    _plain_close(self, *args)
    if descriptor >= 0:
        # Those who wait for it look again, and find it closed.
        importlib.import_module("_puff_host").wake_descriptor(descriptor)
