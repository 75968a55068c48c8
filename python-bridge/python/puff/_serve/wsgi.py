"""Serves a WSGI application: PEP 3333 between the application and the gateway's HTTP server.

One call of :func:`serve` is one request. A small request body comes with the call, and a response that is known at
once goes back as its result: one message each way. Everything else crosses piece by piece.
"""

from __future__ import annotations

import io
import logging
import re
import sys
from typing import TYPE_CHECKING, Any, Protocol

from puff._django import project as django_project
from puff._runtime import greenlets, services
from puff._runtime.logs import HostStream
from puff._runtime.services import Answer
from puff._wire.values import traceback_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _typeshed import ReadableBuffer, WriteableBuffer

    Head = tuple[str, list[tuple[str, str]]]
    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_application: Application | None = None
_uses_django = False
# In environ: whether the request failed since all connections to the database were in use.
_BUSY = "puff.busy"
_logger = logging.getLogger("puff.wsgi")


class Exchange(Protocol):
    """One request and its response, on the host's side."""

    def read(self, size: int) -> bytes:
        """Waits for more of the request's body: at most so many bytes, none at its end."""
        ...

    def start(self, head: Head) -> None:
        """Sends the response's status and headers."""
        ...

    def write(self, data: bytes) -> None:
        """Sends a piece of the response's body, and waits while the client does not keep up."""
        ...


def install(application: Application) -> None:
    """Sets the application that :func:`serve` calls."""
    global _application, _uses_django  # noqa: PLW0603  # an interpreter has one
    _application = application
    _uses_django = "django.core.signals" in sys.modules
    if _uses_django:
        django_project.watch_failures(lambda error, environ: environ.update({_BUSY: is_busy(error)}))


def serve(environ: dict[str, Any], exchange: int, streamed: bool, *, buffers: Sequence[bytes] = ()) -> Answer:
    """Serves one request with the application that was loaded.

    Args:
        environ: See :func:`respond`.
        exchange: The number of the exchange on the host's side.
        streamed: Whether the body is to be read from the exchange.
        buffers: The body, where it is not.

    Returns:
        `{"head": [status, headers]}` with the body, `{"head": null}` for a response that has been sent,
        `{"failure": traceback}`, or `{"busy": true}` where there was no connection to the database.
    """
    if _application is None:
        raise RuntimeError("no WSGI application was loaded")
    body = None if streamed else b"".join(buffers)
    response: Response = greenlets.as_thread(respond, _application, environ, body, _HostExchange(exchange))
    if environ.get(_BUSY) and not response.started:
        return Answer({"busy": True})
    if response.failure is not None:
        return Answer({"failure": response.failure})
    if response.whole is None:
        return Answer({"head": None})
    head, data = response.whole
    return Answer({"head": head}, [data])


class _HostExchange:
    """An exchange of the gateway's."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._written = 0

    def read(self, size: int) -> bytes:
        """Waits for more of the request's body."""
        _, pieces = services.call("wsgi", "read", self._number, size)
        return pieces[0] if pieces else b""

    def start(self, head: Head) -> None:
        """Sends the head. Like what follows it is on its way before the application goes on."""
        services.tell("wsgi", "start", self._number, head)

    def write(self, data: bytes) -> None:
        """Sends a piece of the body."""
        services.tell("wsgi", "write", self._number, buffers=[data])
        self._written += len(data)
        if self._written >= _WINDOW:
            self._written = 0
            services.call("wsgi", "drain", self._number)


def respond(application: Application, environ: dict[str, Any], body: bytes | None, exchange: Exchange) -> Response:
    """Runs the application for one request.

    Args:
        application: The application.
        environ: Its variables, all but those that are Python objects, which are added.
        body: The request's body; None: it is read from the exchange.
        exchange: The host's side.

    Returns:
        The response: what has not been sent of it yet, or with what it failed.
    """
    environ |= {
        "wsgi.version": (1, 0),
        "wsgi.input": io.BufferedReader(_Body(exchange), _READ_SIZE) if body is None else io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": HostStream("error", "wsgi.errors"),
        # A request that waits lets others run in the same interpreter, as threads would.
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    response = Response(exchange, environ["REQUEST_METHOD"] == "HEAD")
    result: Any = None
    try:
        result = application(environ, response.start)
        response.take(result)
    except (Exception, SystemExit) as error:
        response.failure = traceback_text(error)
        environ[_BUSY] = is_busy(error)
    finally:
        if _uses_django and not django_project.end_transactions(environ):
            greenlets.leave_thread()
        _close(result)
    return response


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
            raise TypeError(f"write() was given a {type(data).__name__}: bytes are wanted")
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


def is_busy(error: BaseException | None) -> bool:
    """Tells whether an exception came of a pool whose connections were all in use."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, services.ServiceError) and error.code == "PUFF_POOL_BUSY":
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


class FileWrapper:
    """Is `wsgi.file_wrapper`: iterates over a file in blocks.

    Blocks are larger than asked for: each of them is a message to the host.
    """

    def __init__(self, file: Any, block_size: int = 0) -> None:
        self._file = file
        self._block_size = max(block_size, _READ_SIZE)
        if hasattr(file, "close"):
            self.close: Callable[[], None] = file.close

    def __iter__(self) -> FileWrapper:
        return self

    def __next__(self) -> bytes:
        if data := self._file.read(self._block_size):
            return data
        raise StopIteration


class _Body(io.RawIOBase):
    """The request's body as it arrives."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._exchange.read(len(view))
        view[: len(data)] = data
        return len(data)

    def write(self, _data: ReadableBuffer, /) -> int:
        raise io.UnsupportedOperation("a request's body can't be written to")


_READ_SIZE = 65_536
# Bytes that may be on their way to a client that does not take them.
_WINDOW = 262_144
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
        raise TypeError(f"the headers are a {type(headers).__name__}: a list of pairs is wanted")
    checked: list[tuple[str, str]] = []
    for name, value in headers:
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name of a header")
        if not isinstance(value, str) or _VALUE.fullmatch(value) is None:
            raise ValueError(f"the header {name} can't have the value {value!r}: a str of one line is wanted")
        if name.lower() in _HOP_BY_HOP:
            raise ValueError(f"the header {name} concerns the connection, which is the server's")
        checked.append((name, value))
    return checked


def _declared_length(head: Head) -> int | None:
    status, headers = head
    given = [value for name, value in headers if name.lower() == "content-length"]
    if not given or status[:3] in _WITHOUT_BODY:
        return None
    if len(given) > 1 or re.fullmatch(r"[0-9]+", given[0].strip()) is None:
        raise ValueError(f"the Content-Length is {', '.join(given)}: one number is wanted")
    return int(given[0])


def _close(result: Any) -> None:
    close = getattr(result, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        # The response stands: it may have been sent.
        _logger.exception("closing the response failed")
