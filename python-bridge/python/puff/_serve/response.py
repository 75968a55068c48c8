"""What a WSGI application answers, as PEP 3333 has it: checked, measured, and sent where it is not known at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Head: TypeAlias = tuple[str, list[tuple[str, str]]]
"""Status and headers."""


class Exchange(Protocol):
    """One request and its response, on the host's side."""

    def read(self, size: int) -> bytes:
        """Waits for more of the request's body: at most this many bytes, none at its end."""
        ...

    def start(self, head: Head) -> None:
        """Sends the response's status and headers."""
        ...

    def write(self, data: bytes) -> None:
        """Sends a piece of the response's body, and waits while the client does not keep up."""
        ...


class Response:
    """What an application answers, and how much of it has been sent."""

    def __init__(self, exchange: Exchange, bodiless: bool) -> None:
        self._exchange = exchange
        self._bodiless = bodiless
        self._head: Head | None = None
        self._length: int | None = None
        self._sent = 0
        self.started = False
        """Whether the head has been sent."""
        self.whole: tuple[Head, bytes] | None = None
        """The whole of it, where nothing has been sent yet."""
        self.failure: str | None = None
        """The traceback of what the application raised."""

    def start(self, status: Any, headers: Any, exc_info: Any = None, /) -> Callable[[Any], None]:
        """Is the application's `start_response`."""
        try:
            if exc_info is not None and self.started:
                raise exc_info[1].with_traceback(exc_info[2])
            if exc_info is None and self._head is not None:
                raise AssertionError("start_response was called before; a second call needs exc_info")
        finally:
            exc_info = None  # a traceback that holds its own frame
        self._head = (_check_status(status), _check_headers(headers))
        self._length = _declared_length(self._head)
        return self._write

    def take(self, result: Any) -> None:
        """Takes the body from what the application returned."""
        if (body := _known_body(result)) is not None and not self.started:
            self._finish_with(body)
            return
        for data in result:
            if not isinstance(data, bytes):
                raise TypeError(f"the application yielded a {type(data).__name__}: bytes are wanted")
            if not data:
                continue
            if not self.started and (self._bodiless or self._length == len(data)):
                self._finish_with(data)
                return
            self._send(data)
            if self._sent == self._length:
                return
        if self.started:
            self._check_length(self._sent)
        else:
            self._finish_with(b"")

    def _write(self, data: Any) -> None:
        """Is what `start_response` returns, for applications that do not return their body."""
        if not isinstance(data, bytes):
            raise TypeError(f"write() got a {type(data).__name__}: bytes are wanted")
        self._send(data)

    def _send(self, data: bytes) -> None:
        head = self._known_head()
        self._sent += len(data)
        if self._length is not None and self._sent > self._length:
            self._check_length(self._sent)
        if not self.started:
            self.started = True
            self._exchange.start(head)
        if data and not self._bodiless:
            self._exchange.write(data)

    def _finish_with(self, body: bytes) -> None:
        """Ends a response of which nothing was sent before."""
        status, headers = self._known_head()
        if self._length is not None:
            self._check_length(len(body))
        elif status[:3] not in _WITHOUT_BODY and (body or not self._bodiless):
            headers = [*headers, ("Content-Length", str(len(body)))]
        self.whole = ((status, headers), b"" if self._bodiless else body)

    def _known_head(self) -> Head:
        if self._head is None:
            raise AssertionError("the application answered before it called start_response")
        return self._head

    def _check_length(self, given: int) -> None:
        if given != self._length and self._length is not None and not self._bodiless:
            raise AssertionError(f"the application declared a Content-Length of {self._length}, and gave {given} bytes")


_WITHOUT_BODY = ("204", "304")
_STATUS = re.compile(r"[2-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
    ]
)


def _known_body(result: Any) -> bytes | None:
    """Gives the body where it is there already, so that nothing waits for what is still to come."""
    if isinstance(result, (list, tuple)):
        return b"".join(result)
    # Django's responses, which a view may have written in many small pieces.
    if getattr(result, "streaming", None) is False and isinstance(content := result.content, bytes):
        return content
    return None


def _check_status(status: Any) -> str:
    if not isinstance(status, str) or _STATUS.fullmatch(status) is None:
        raise ValueError(f"the status {status!r} is not of the form '200 OK'")
    return status


def _check_headers(headers: Any) -> list[tuple[str, str]]:
    if not isinstance(headers, list):
        raise TypeError(f"the headers are a {type(headers).__name__}: they must be a list of pairs")
    checked: list[tuple[str, str]] = []
    for name, value in headers:
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is not a name of a header")
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None:
            raise ValueError(f"the header {name} can't have the value {value!r}: it must be a str of one line")
        if name.lower() in _HOP_BY_HOP:
            raise ValueError(f"the header {name} concerns the connection, which belongs to the server")
        checked.append((name, value))
    return checked


def _declared_length(head: Head) -> int | None:
    status, headers = head
    given = [value for name, value in headers if name.lower() == "content-length"]
    if not given or status[:3] in _WITHOUT_BODY:
        return None
    if len(given) > 1 or re.fullmatch(r"[0-9]+", given[0].strip()) is None:
        raise ValueError(f"the Content-Length is {', '.join(given)}: it must be one number")
    return int(given[0])
