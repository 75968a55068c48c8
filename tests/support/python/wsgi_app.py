"""A WSGI application whose pages each try one part of PEP 3333."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

from puff import host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    StartResponse = Callable[..., Callable[[bytes], None]]

events: list[str] = []
"""What happened in responses that nobody sees to their end."""
_thread = threading.local()
TEXT = [("Content-Type", "text/plain")]


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Calls the function below that has the path's first part as its name."""
    name = environ["PATH_INFO"].strip("/").partition("/")[0] or "index"
    return globals()[name](environ, start_response)


def make() -> Callable[[dict[str, Any], StartResponse], Iterable[bytes]]:
    """Makes the application, checked by the standard library's validator unless a header says no."""
    checked: Any = validator(application)
    return lambda environ, start: (application if "HTTP_X_UNCHECKED" in environ else checked)(environ, start)


def index(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return [b"in", b"dex"]


def visits(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    _thread.visits = getattr(_thread, "visits", 0) + 1
    return [str(_thread.visits).encode()]


def env(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: value for name, value in environ.items() if isinstance(value, str)}).encode()]


def echo(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    while data := environ["wsgi.input"].read(100_000):
        yield data


def lines(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    body = environ["wsgi.input"]
    start_response("200 OK", TEXT)
    return [json.dumps([body.readline().decode(), *(line.decode() for line in body)]).encode()]


def count(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    host.call("wait", "count")
    total = 0
    while data := environ["wsgi.input"].read(65_536):
        total += len(data)
    start_response("200 OK", TEXT)
    return [str(total).encode()]


def unread(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("413 Too Much", TEXT)
    return [b"no"]


def write(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    send = start_response("200 OK", TEXT)
    send(b"one ")
    send(b"two ")
    return [b"three"]


def repeated(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("299 My Own", [*TEXT, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Latin", "\xe9")])
    return [b""]


def nothing(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def replaced(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    try:
        {}["late"]
    except KeyError as error:
        start_response("404 Not Found", TEXT, (KeyError, error, error.__traceback__))
    return [b"replaced"]


class Pieces:
    """A body that tells what becomes of it."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.pieces = pieces
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self.pieces:
                self.given += 1
                yield piece
        except Exception as error:
            events.append(type(error).__name__)
            raise

    def close(self) -> None:
        """Tells."""
        events.append(f"closed after {self.given}")


def streamed(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)

    def pieces() -> Iterator[bytes]:
        yield b"first "
        host.call("wait", "streamed")
        yield b""
        yield b"second"

    return Pieces(pieces())


def endless(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    return Pieces(iter(lambda: b"x" * 65_536, b""))


def wrapped(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [*TEXT, ("Content-Length", str(os.path.getsize(__file__)))])
    return environ["wsgi.file_wrapper"](open(__file__, "rb"), 10)  # the wrapper closes it


def waiting(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)
    try:
        host.call("wait", "waiting")
    except BaseException as error:
        events.append(f"waiting: {type(error).__name__}")
        raise
    return [b"waited"]


def computing(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
    while True:
        pass


def broken(_environ: dict[str, Any], _start_response: StartResponse) -> Iterable[bytes]:
    raise ValueError("the secret is 42")


def broken_late(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", TEXT)

    def pieces() -> Iterator[bytes]:
        yield b"a piece"
        raise ValueError("too late")

    return Pieces(pieces())


def trailer(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Promises trailers, which only a chunked response can have."""
    start_response("404 Not Found", [*TEXT, ("Content-Length", "8"), ("Trailer", "X-End")])
    return Pieces([b"not ", b"here"])


def told(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    said, events[:] = events[:], []
    return [json.dumps(said).encode()]


def logged(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    environ["wsgi.errors"].write("something is odd\n")
    environ["wsgi.errors"].flush()
    return index(environ, start_response)


def wrong(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Breaks the rule that the query names."""
    rule = environ["QUERY_STRING"]
    heads: dict[str, tuple[Any, Any]] = {
        "newline": ("200 OK", [("X-A", "a\r\nSet-Cookie: b")]),
        "name": ("200 OK", [("X A", "a")]),
        "unicode": ("200 OK", [("X-A", "\u20ac")]),
        "bytes": ("200 OK", [("X-A", b"a")]),
        "tuple": ("200 OK", (("X-A", "a"),)),
        "hop": ("200 OK", [("Connection", "close")]),
        "status": ("OK", []),
        "status-newline": ("200 OK\r\nX-A: a", []),
        "informational": ("103 Early Hints", []),
        "length": ("200 OK", [("Content-Length", "-1")]),
        "short": ("200 OK", [("Content-Length", "10")]),
        "long": ("200 OK", [("Content-Length", "1")]),
    }
    if rule != "no-start":
        start_response(*heads.get(rule, ("200 OK", TEXT)))
    if rule == "twice":
        start_response("200 OK", TEXT)
    return iter(["text"]) if rule == "text" else [b"body"]  # type: ignore[return-value]
