"""The channel to the gateway: frames on a socket.

A frame is its length, its kind, a count of parts, two numbers and a float, then the lengths of the parts, then the
parts. All are little-endian. `lanes/frames.ts` is the other end.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What the gateway sends.
JOB, CANCEL, ANSWER, PING, SETTINGS, FORK, SIGNAL = 1, 2, 3, 4, 5, 6, 7
# What it is sent.
READY, REFUSED, RESULT, CALL, ENDED, RECEIPT, LOG, FORKS, END_OF_FORK = 1, 2, 3, 4, 5, 6, 7, 8, 9

_HEAD = struct.Struct("<IBHiid")
_READ = 262_144
"""Bytes that one read takes at most."""
_LARGE = 131_072
"""A frame of more bytes is read into memory of its own."""
_FULL = 65_536
"""Bytes that wait to be sent at most."""
_BUFFER = 1 << 20

# Bound now: the names in these modules are replaced for what the user imports.
_select = select.select


class Channel:
    """Sends frames, and hands those that arrive to a handler."""

    def __init__(self, descriptor: int, handle: Callable[[int, int, int, float, Sequence[bytes]], None]) -> None:
        self._handle = handle
        self._inbox = bytearray()
        self._large: memoryview | None = None
        self._large_at = 0
        self._out: list[bytes] = []
        self._out_bytes = 0
        self.open(descriptor)

    def open(self, descriptor: int) -> None:
        """Takes another socket, as in a process that was forked off to serve."""
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            self._socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER)
        self._receive, self._receive_into, self._send = (
            self._socket.recv,
            self._socket.recv_into,
            self._socket.send,
        )
        self.descriptor = descriptor

    def send(self, kind: int, a: int = 0, b: int = 0, number: float = 0.0, parts: Sequence[bytes] = ()) -> None:
        """Sends a frame, soon."""
        sizes = [len(part) for part in parts]
        size = _HEAD.size + 4 * len(sizes) + sum(sizes)
        head = _HEAD.pack(size, kind, len(sizes), a, b, number)
        self._out.append(head + struct.pack(f"<{len(sizes)}I", *sizes) if sizes else head)
        self._out.extend(parts)
        self._out_bytes += size
        if self._out_bytes > _FULL:
            self.flush()

    def flush(self) -> None:
        """Sends what waits to be sent."""
        if not self._out:
            return
        data = memoryview(b"".join(self._out))
        self._out.clear()
        self._out_bytes = 0
        while data:
            try:
                sent = self._send(data)
            except BlockingIOError:
                _select([], [self.descriptor], [])  # the gateway is behind
                continue
            except OSError:
                os._exit(1)  # the gateway is gone, or this end was closed
            data = data[sent:]

    def receive(self) -> None:
        """Reads what has arrived. Ends the process where the other end is closed."""
        if self._large is not None:
            self._fill(self._large)
            return
        try:
            data = self._receive(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            os._exit(0)
        self._inbox += data
        taken = self._take(self._inbox)
        del self._inbox[:taken]

    def _fill(self, large: memoryview) -> None:
        try:
            got = self._receive_into(large[self._large_at :])
        except BlockingIOError:
            return
        except OSError:
            got = 0
        if not got:
            os._exit(0)
        self._large_at += got
        if self._large_at == len(large):
            self._large = None
            self._take(large)

    def _take(self, box: bytearray | memoryview) -> int:
        """Handles the frames that are whole; tells how many bytes were taken."""
        at, end = 0, len(box)
        while end - at >= 4:
            size = int.from_bytes(box[at : at + 4], "little")
            if end - at < size:
                if size > _LARGE:
                    self._large = memoryview(bytearray(size))
                    self._large[: end - at] = box[at:]
                    self._large_at = end - at
                    at = end
                break
            _, kind, count, a, b, number = _HEAD.unpack_from(box, at)
            place = at + _HEAD.size
            parts: list[bytes] = []
            if count:
                lengths = struct.unpack_from(f"<{count}I", box, place)
                place += 4 * count
                for length in lengths:
                    parts.append(bytes(box[place : place + length]))
                    place += length
            at += size
            self._handle(kind, a, b, number, parts)
        return at

    def close(self) -> None:
        """Gives up this end, as in a process that was forked off."""
        self._socket.close()
