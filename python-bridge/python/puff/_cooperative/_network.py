"""HTTP, mail and Redis clients reach servers through the host, and servers listen there; sockets there are none.

`http.client`, on which `urllib.request` is built, `smtplib`, urllib3 (`requests`), httpcore (`httpx`) and redis-py are
given a module `socket` whose connections are the host's. All else of theirs is their own code: redirects, pools,
timeouts. `socketserver`, on which `http.server`, `wsgiref` and the servers of Django and
Flask's tests are built, likewise.
"""

from __future__ import annotations

import errno
import http.client
import importlib.abc
import importlib.machinery
import selectors
import socket
import ssl
import sys
import types
from typing import TYPE_CHECKING, Any

from puff._cooperative._servers import HostListener, HostSelector
from puff._cooperative._streams import HostStream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NO_SOCKETS = (
    "sockets are not available in the gateway's Python: use an HTTP client (urllib.request, requests, httpx), smtplib, "
    "psycopg2, redis-py, socketserver, or a host function"
)
_NO_TLS_SERVER = "a server in the gateway's Python can't speak TLS: put a proxy in front of it"


def connect(
    address: tuple[str, int],
    timeout: Any = ...,
    source_address: object = None,
    socket_options: object = None,
    **_options: object,
) -> HostStream:
    """Stands in for `socket.create_connection`, for clients of known protocols."""
    del source_address, socket_options  # where the host's connections begin, and how, is its own affair
    host, port = address
    stream = HostStream(timeout=timeout if timeout is None or _is_number(timeout) else _default_timeout())
    stream.connect((host.strip("[]"), port))
    return stream


def resolve(
    host: str, port: int, family: int = 0, kind: int = 0, proto: int = 0, _flags: int = 0
) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    """Stands in for `socket.getaddrinfo`: the host looks the name up when it connects."""
    return [(family or socket.AF_INET, kind or socket.SOCK_STREAM, proto, "", (host, port))]


def install() -> None:
    """Puts them in place: for packages, when they are imported."""
    http.client.socket = _ClientsSocket("socket")  # type: ignore[attr-defined]
    ssl.SSLContext.wrap_socket = _wrap_socket  # type: ignore[assignment]
    ssl.HAS_NEVER_CHECK_COMMON_NAME = True  # type: ignore[misc]  # urllib3 asks the context for it
    socket.socket.__init__ = _refuse  # type: ignore[assignment]
    for name in ("create_connection", "create_server", "socketpair", "fromfd"):
        setattr(socket, name, _refuse)
    sys.meta_path.insert(0, _Finder())


class _ClientsSocket(types.ModuleType):
    """The module `socket`, as clients of known protocols see it."""

    create_connection = staticmethod(connect)
    getaddrinfo = staticmethod(resolve)
    socket = HostStream
    AF_UNIX = 1  # Pyodide's has none

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)


class _ServersSocket(_ClientsSocket):
    socket = HostListener


def _refuse(*_args: object, **_keywords: object) -> None:
    raise OSError(errno.EOPNOTSUPP, _NO_SOCKETS)


def _wrap_socket(
    self: ssl.SSLContext,
    sock: Any,
    server_side: bool = False,
    *_args: object,
    server_hostname: Any = None,
    **_options: object,
) -> Any:
    if not isinstance(sock, HostStream):
        raise OSError(errno.EOPNOTSUPP, _NO_SOCKETS)
    if server_side:
        raise OSError(errno.EOPNOTSUPP, _NO_TLS_SERVER)
    name = server_hostname.decode() if isinstance(server_hostname, bytes) else server_hostname
    return sock.secure(self, name)


def _is_number(timeout: object) -> bool:
    return isinstance(timeout, int | float)


def _default_timeout() -> float | None:
    return socket.getdefaulttimeout()


def _give_socket(module: Any) -> None:
    module.socket = _ClientsSocket("socket")


def _patch_socketserver(module: Any) -> None:
    module.socket = _ServersSocket("socket")
    module._ServerSelector = HostSelector


def _patch_werkzeug(module: Any) -> None:
    _give_socket(module)
    module.selectors = types.SimpleNamespace(DefaultSelector=HostSelector, EVENT_READ=selectors.EVENT_READ)


def _patch_urllib3_connection(module: Any) -> None:
    module.create_connection = connect


def _patch_urllib3_wait(module: Any) -> None:
    def wait_for_read(sock: Any, timeout: float | None = None) -> bool:
        del timeout  # it is asked without one, to see whether the server has closed
        return sock.readable()

    module.wait_for_read = wait_for_read


def _patch_httpcore(module: Any) -> None:
    _give_socket(module)
    module.is_socket_readable = lambda sock: sock is None or sock.readable()


def _leave_urllib3_as_it_is(module: Any) -> None:
    # It would replace its connections by a browser's.
    module.inject_into_urllib3 = lambda: None


_PATCHES: dict[str, Callable[[Any], None]] = {
    "httpcore._backends.sync": _patch_httpcore,
    "redis.connection": _give_socket,
    "smtplib": _give_socket,
    "socketserver": _patch_socketserver,
    "urllib3.util.connection": _patch_urllib3_connection,
    "urllib3.util.wait": _patch_urllib3_wait,
    "werkzeug.serving": _patch_werkzeug,
}
_INSTEAD: dict[str, Callable[[Any], None]] = {"urllib3.contrib.emscripten": _leave_urllib3_as_it_is}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules to be patched where they are, and patches them once they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Gives a module's spec with a loader that patches it."""
        name = fullname.removeprefix("pip._vendor.")  # pip brings its own
        if name in _INSTEAD:
            return importlib.machinery.ModuleSpec(fullname, _Instead(_INSTEAD[name]), is_package=True)
        patch = _PATCHES.get(name)
        spec = None if patch is None else importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None and patch is not None:
            spec.loader = _Patched(spec.loader, patch)
        return spec


class _Instead(importlib.abc.Loader):
    def __init__(self, fill: Callable[[Any], None]) -> None:
        self._fill = fill

    def exec_module(self, module: types.ModuleType) -> None:
        self._fill(module)


class _Patched(importlib.abc.Loader):
    def __init__(self, loader: Any, patch: Callable[[Any], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: types.ModuleType) -> None:
        self._loader.exec_module(module)
        self._patch(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)
