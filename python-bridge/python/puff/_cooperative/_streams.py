"""A connection to a server, made by the host: what clients of known protocols need of a socket."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from typing import TYPE_CHECKING, Any, Self

from puff._runtime.services import ServiceError, call, tell

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_READ_AHEAD = 65_536


class HostStream:
    """Stands in for a connected `socket.socket`, and for an `ssl.SSLSocket` once it is secured."""

    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, family: int = socket.AF_INET, *_kind: object, timeout: float | None = None) -> None:
        self.family = family
        self._handle = 0
        self._timeout = timeout
        self._peer: tuple[Any, ...] = ()
        self._rest = memoryview(b"")
        """Read from the host, and not asked for yet."""
        self._closed = False
        self._io_refs = 0
        self._secured = False

    def connect(self, address: tuple[Any, ...] | str) -> None:
        """Connects to a host and port, or to a Unix socket's path."""
        host, port = (address, None) if isinstance(address, str) else address[:2]
        (self._handle, *peer), _ = self._call("connect", host, port)
        self._peer = tuple(peer)

    def secure(self, context: Any, server_hostname: str | None) -> Self:
        """Begins TLS, as the context says."""
        self._handle, _ = self._call(
            "secure",
            self._handle,
            {
                "servername": server_hostname or self._peer[0],
                "verify": context.verify_mode != ssl.CERT_NONE,
                "checkHostname": context.check_hostname,
                "ca": getattr(context, "_ca_data", None),
                "cert": getattr(context, "_certfile_data", None),
                "key": getattr(context, "_keyfile_data", None),
                "passphrase": getattr(context, "_key_password", None),
            },
        )
        self._secured = True
        return self

    # What reads and writes.

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Gives the next bytes, at most this many; none at the end."""
        if size == 0:
            return b""
        if not self._rest:
            if self._timeout == 0 and not self.readable():
                raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
            _, [data] = self._call("read", self._handle, max(size, _READ_AHEAD))
            self._rest = memoryview(data)
        data = bytes(self._rest[:size])
        if not flags & socket.MSG_PEEK:
            self._rest = self._rest[size:]
        return data

    read = recv

    def recv_into(self, buffer: WriteableBuffer, size: int = 0, flags: int = 0) -> int:
        """Reads into a buffer."""
        view = memoryview(buffer).cast("B")
        data = self.recv(size or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def sendall(self, data: ReadableBuffer, _flags: int = 0) -> None:
        """Sends bytes."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _READ_AHEAD):
            self._call("write", self._handle, buffers=[view[start : start + _READ_AHEAD]])

    def send(self, data: ReadableBuffer, _flags: int = 0) -> int:
        """Sends bytes, all of them."""
        self.sendall(data)
        return memoryview(data).nbytes

    write = send

    def readable(self) -> bool:
        """Tells whether reading would not wait: there are bytes, or their end."""
        return bool(self._rest) or self._closed or self._call("readable", self._handle)[0]

    def wait(self, seconds: float | None) -> bool:
        """Waits until reading, or accepting, would not wait, or for that long; tells whether it would not."""
        if self._rest or self._closed:
            return True
        own, self._timeout = self._timeout, seconds
        try:
            self._call("wait", self._handle)
        except TimeoutError:
            return False
        finally:
            self._timeout = own
        return True

    def makefile(
        self,
        mode: str = "r",
        buffering: int | None = None,
        *,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> Any:
        """Gives a file object on it."""
        return socket.socket.makefile(self, mode, buffering, encoding=encoding, errors=errors, newline=newline)  # type: ignore[arg-type]

    # How long it waits.

    def settimeout(self, timeout: float | None) -> None:
        """Sets for how many seconds it waits."""
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        """Gives for how many seconds it waits."""
        return self._timeout

    def setblocking(self, blocking: bool) -> None:
        """Has it wait, or never."""
        self._timeout = None if blocking else 0

    # How it ends.

    def shutdown(self, how: int) -> None:
        """Ends what it sends."""
        if how != socket.SHUT_RD and self._handle:
            tell("streams", "end", None, self._handle)

    def close(self) -> None:
        """Ends it, once the files on it are closed, too."""
        self._closed = True
        if self._io_refs <= 0 and self._handle:
            handle, self._handle = self._handle, 0
            tell("streams", "close", None, handle)

    def unwrap(self) -> Self:
        """Is done for TLS by its end."""
        return self

    def detach(self) -> int:
        """Has no number that anything could be done with."""
        return -1

    def _decref_socketios(self) -> None:
        self._io_refs = max(self._io_refs - 1, 0)
        if self._closed:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._io_refs = 0
        self.close()

    # What is asked of it beside that.

    def fileno(self) -> int:
        """Has no number among this process's files."""
        return -1

    def getpeername(self) -> tuple[Any, ...]:
        """Gives the server's address and port."""
        return self._peer

    def getsockname(self) -> tuple[str, int]:
        """Is not known here."""
        return ("0.0.0.0", 0)  # noqa: S104  # no address

    def setsockopt(self, *_option: object) -> None:
        """Does nothing: the host has set those that matter."""

    def getpeercert(self, binary_form: bool = False) -> Any:  # noqa: ARG002  # as ssl has it
        """Is not known here: the host has checked it."""
        return {} if self._secured else None

    def version(self) -> str | None:
        """Is not known here."""
        return None

    selected_alpn_protocol = version

    def _call(self, method: str, *args: Any, buffers: Any = ()) -> tuple[Any, list[bytes]]:
        limit = None if self._timeout is None else max(1, int(self._timeout * 1000))
        try:
            return call("streams", method, limit, *args, buffers=buffers)
        except ServiceError as error:
            raise _as_raised_by_sockets(error) from None


def _as_raised_by_sockets(error: ServiceError) -> OSError:
    code, message = error.code or "", error.message
    if code == "ETIMEDOUT":
        return TimeoutError("timed out")
    if code in {"ENOTFOUND", "EAI_AGAIN"}:
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if "CERT" in code or code.startswith("ERR_TLS"):
        return ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {message}")
    if code.startswith("ERR_SSL") or code == "EPROTO":
        return ssl.SSLError(1, message)
    if code == "EMFILE":
        return OSError(errno.EMFILE, message)  # the host's own bound, of which Python's text knows nothing
    number = getattr(errno, code, None)
    return OSError(message) if number is None else OSError(number, os.strerror(number))
