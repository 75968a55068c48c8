"""psycopg2's hook for cooperative libraries. Waiting is cooperative here anyway, so the hook is only told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_OK = 0
POLL_READ = 1
POLL_WRITE = 2
POLL_ERROR = 3

_callbacks: list[Callable[[Any], Any]] = []


def set_wait_callback(f: Callable[[Any], Any] | None, /) -> None:
    """Has `f(connection)` called once for each wait; by then `connection.poll()` gives POLL_OK. None: nothing."""
    _callbacks[:] = [] if f is None else [f]


def get_wait_callback() -> Callable[[Any], Any] | None:
    """What was last given to :func:`set_wait_callback`."""
    return _callbacks[0] if _callbacks else None


def wait(conn: Any) -> None:
    """Calls the hook."""
    if _callbacks:
        _callbacks[0](conn)
