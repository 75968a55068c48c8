"""A port that a server listens on, opened by the host: what `socketserver` needs of a socket, and of a selector."""

from __future__ import annotations

import errno
import socket
from typing import Any, Self

from puff._cooperative._streams import HostStream


class HostListener(HostStream):
    """Stands in for a `socket.socket` that listens."""

    def __init__(self, family: int = socket.AF_INET, kind: int = socket.SOCK_STREAM, *_proto: object) -> None:
        super().__init__(family)
        self._address: tuple[Any, ...] = ("", 0)
        if kind != socket.SOCK_STREAM:
            raise OSError(errno.EOPNOTSUPP, "a server in the gateway's Python can't receive datagrams")

    def bind(self, address: tuple[Any, ...]) -> None:
        """Listens at a host and port, at once: the host does both in one."""
        version = 6 if self.family == socket.AF_INET6 else 4
        (self._handle, *bound), _ = self._call("listen", *address[:2], version)
        self._address = self._full(bound)

    def listen(self, _backlog: int = 0) -> None:
        """Has been done by `bind`."""

    def accept(self) -> tuple[HostStream, tuple[Any, ...]]:
        """Waits for a connection; gives it, and its client's address."""
        (handle, *peer), _ = self._call("accept", self._handle)
        stream = HostStream(self.family)
        stream._handle, stream._peer = handle, self._full(peer)
        return stream, stream._peer

    def getsockname(self) -> tuple[Any, ...]:
        """Gives the address and port it listens at."""
        return self._address

    def _full(self, address: list[Any]) -> tuple[Any, ...]:
        return (*address, 0, 0) if self.family == socket.AF_INET6 else tuple(address)


class HostSelector:
    """Stands in for the selectors of `socketserver` and werkzeug: waits for the one that is registered."""

    _stream: HostStream

    def register(self, server_or_stream: Any, _events: int) -> None:
        """Is told a server, or a connection."""
        self._stream = getattr(server_or_stream, "socket", server_or_stream)

    def select(self, timeout: float | None = None) -> list[Any]:
        """Waits until a client has connected, or has sent something."""
        return [self._stream] if self._stream.wait(timeout) else []

    def close(self) -> None:
        """Has nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None: ...
