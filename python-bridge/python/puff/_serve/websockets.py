"""WebSockets that functions of the application's serve."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import unquote

from puff._errors import PermissionDenied
from puff._resolve.auth import Headers
from puff._resolve.objects import run_awaitable
from puff._runtime import services
from puff._wire.values import traceback_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_routes: dict[str, Callable[..., Any]] = {}


class WebSocketClosed(Exception):
    """The client has closed the socket, or is gone.

    Args:
        code: The close code; 1006 where the connection broke off.
        reason: What was said with it.
    """

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"the WebSocket is closed: {code} {reason}".rstrip())


class WebSocket:
    """A client's WebSocket, as the function that serves it has it.

    Iterating gives the messages until the client closes.

    Attributes:
        path: The path that the client asked for.
        query: What follows the question mark, as it came.
        headers: The request's headers, looked up in any case.
        client: The address of the client.
        subprotocols: The subprotocols that the client offers.
    """

    def __init__(self, ident: int, request: dict[str, Any]) -> None:
        self._ident = ident
        self.path = unquote(request["path"])
        self.query: str = request["query"]
        self.headers = Headers(request["headers"])
        self.client: str = request["client"]
        offered: str = self.headers.get("sec-websocket-protocol", "")
        self.subprotocols = [name.strip() for name in offered.split(",") if name.strip()]

    def accept(self, subprotocol: str | None = None) -> None:
        """Completes the handshake, which `receive` and `send` do otherwise.

        Args:
            subprotocol: One of those that the client offers; None: none.

        Raises:
            ValueError: The client does not offer it.
            RuntimeError: The socket was accepted before.
            WebSocketClosed: The client is gone.
        """
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"the client does not offer the subprotocol {subprotocol!r}: {self.subprotocols}")
        self._call("accept", subprotocol)

    def receive(self, timeout: float | None = None) -> str | bytes:
        """Waits for the client's next message, while others run.

        Args:
            timeout: Seconds to wait; None: for as long as it takes.

        Returns:
            A str for a text message, bytes for a binary one.

        Raises:
            WebSocketClosed: The socket is closed, and what came before that has been received.
            TimeoutError: No message came in time.
        """
        is_binary, buffers = self._call("receive", None if timeout is None else max(0, int(timeout * 1000)))
        if is_binary is None:
            raise TimeoutError(f"no message arrived within {timeout} s")
        return buffers[0] if is_binary else buffers[0].decode()

    def send(self, message: str | bytes | bytearray | memoryview) -> None:
        """Sends a str as a text message, bytes as a binary one; waits for a client that has much to read still.

        Raises:
            WebSocketClosed: The socket is closed.
        """
        if isinstance(message, str):
            self._call("send", False, buffers=[message.encode()])
        else:
            self._call("send", True, buffers=[message])

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Closes the socket; when the function returns, it is closed with 1000.

        Args:
            code: 1000, another of the protocol's, or 3000 to 4999.
            reason: What the client is told, in 123 bytes of UTF-8.

        Raises:
            ValueError: There is no such code, or the reason is too long.
        """
        if not (code in _CODES or 3000 <= code <= 4999):
            raise ValueError(f"a WebSocket can't be closed with {code}: use 1000, 1008, 1011 or 3000 to 4999")
        if len(reason.encode()) > 123:
            raise ValueError("the reason for closing a WebSocket may have at most 123 bytes")
        self._call("close", code, reason)

    def __iter__(self) -> Iterator[str | bytes]:
        try:
            while True:
                yield self.receive()
        except WebSocketClosed:
            return

    def _call(self, method: str, *args: Any, buffers: Any = ()) -> tuple[Any, list[bytes]]:
        try:
            return services.call("websocket", method, self._ident, *args, buffers=buffers)
        except services.ServiceError as error:
            _raise(error)


_PATH = re.compile(r"(/([^/{}?#]*|\{[a-zA-Z_]\w*\}))+")
_CODES = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014}

Serve = TypeVar("Serve", bound="Callable[..., Any]")


def websocket(path: str) -> Callable[[Serve], Serve]:
    """Has a function serve the WebSockets at a path, each in a greenlet of its own.

    Args:
        path: It begins with a slash. `{name}` stands for any text between two, which is given as that keyword.

    Returns:
        The decorator.

    Raises:
        ValueError: The path is none, or has a function already.

    Example:
        >>> @websocket("/echo/{room}")
        ... def echo(ws: WebSocket, room: str) -> None:
        ...     for message in ws:
        ...         ws.send(f"{room}: {message}")
    """
    if not _PATH.fullmatch(path):
        raise ValueError(f"a WebSocket's path is /text, with {{name}} for a whole part of it: {path!r} is none")
    names = re.findall(r"\{(\w+)\}", path)
    if len(set(names)) < len(names):
        raise ValueError(f"the path {path!r} has the same name twice")

    def register(function: Serve) -> Serve:
        if path in _routes:
            raise ValueError(f"the path {path!r} is served by {_routes[path].__qualname__} already")
        _routes[path] = function
        return function

    return register


def paths() -> list[str]:
    """Lists the paths that functions serve."""
    return list(_routes)


def serve(ident: int, path: str, values: dict[str, str], request: dict[str, Any]) -> dict[str, Any] | None:
    """Serves one socket.

    Args:
        ident: What the host knows it by.
        path: The path as the function was registered with.
        values: The values of the names in it.
        request: The request's path, query, headers and client.

    Returns:
        None, `{"denied": status, "reason": …}` or `{"failure": traceback}`.
    """
    try:
        ended = _routes[path](WebSocket(ident, request), **values)
        if inspect.isawaitable(ended):
            run_awaitable(ended)
    except WebSocketClosed:
        return None
    except PermissionDenied as denied:
        return {"denied": denied.status, "reason": denied.message.encode()[:123].decode(errors="ignore")}
    except Exception as error:
        return {"failure": traceback_text(error)}
    return None


def _raise(error: services.ServiceError) -> NoReturn:
    if error.code == "CLOSED":
        raise WebSocketClosed(*error.data) from None
    raise RuntimeError(error.message) from None
