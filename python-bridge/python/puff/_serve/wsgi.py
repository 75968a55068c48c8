"""Serves a WSGI application: PEP 3333 between the application and the gateway's HTTP server.

One call of :func:`serve` is one request. A small request body comes with the call, and a response that is known at
once goes back as its result: one message each way. Everything else crosses piece by piece.
"""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING, Any

from puff._django import project as django_project
from puff._runtime import greenlets, services
from puff._runtime.logs import HostStream
from puff._runtime.services import Answer
from puff._serve.response import Response
from puff._wire.values import traceback_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _typeshed import ReadableBuffer, WriteableBuffer

    from puff._serve.response import Exchange, Head

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_application: Application | None = None
_uses_django = False
# In environ: whether the request failed since all connections to the database were in use.
_BUSY = "puff.busy"
_logger = logging.getLogger("puff.wsgi")


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


def _close(result: Any) -> None:
    close = getattr(result, "close", None)
    if close is None:
        return
    try:
        close()
    except Exception:
        # The response stands: it may have been sent.
        _logger.exception("closing the response failed")
