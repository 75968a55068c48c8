"""Greenlets: calls into Python that wait without keeping others waiting.

Every entry into the interpreter is a greenlet: a batch of resolvers, a call of a function, a thread that Python
started. One runs at a time, and only where it waits do others go on, so what happens between two waits happens at
once. All waiting goes through :func:`wait_for`, which keeps what belongs to a greenlet apart from the others'.
"""

from __future__ import annotations

import _thread
import contextvars
import importlib
import itertools
import json
import logging
import math
import weakref
from asyncio import (
    _set_running_loop,  # pyright: ignore[reportPrivateUsage]  # of each greenlet's own
)
from typing import TYPE_CHECKING, Any

from puff._runtime.suspending import suspend

if TYPE_CHECKING:
    from collections.abc import Callable


class GreenletExit(BaseException):
    """Raised in a greenlet where it waits, once nobody wants its result any more or its deadline has passed.

    It is no `Exception`, so that code which handles those does not go on. What cleans up may still wait, for a second.
    """


Locals = dict[int, tuple[weakref.ref[Any], dict[str, Any]]]
"""The attributes of `threading.local` objects, by the objects' ids."""


class Greenlet:
    """What belongs to one greenlet."""

    __slots__ = ("hooks", "ident", "is_kept", "locals")

    def __init__(self, ident: int) -> None:
        self.ident = ident
        # Most need neither, and every call of a resolver makes a greenlet.
        self.hooks: list[Callable[[], object]] | None = None
        self.locals: Locals | None = None
        self.is_kept = False
        """Whether its ident and its locals are the next's of :func:`as_thread`."""

    def at_end(self, callback: Callable[[], object]) -> None:
        """Has a callback called when it has ended."""
        if self.hooks is None:
            self.hooks = []
        self.hooks.append(callback)


_main = Greenlet(_thread.get_ident())
"""The one that imports the user's modules."""
_idle = Greenlet(_main.ident)
"""Stands for what runs between greenlets, such as a finalizer."""
_idle.locals = _main.locals = {}
_current = _idle
_idents = itertools.count(_main.ident + 1)
_keys = itertools.count(1)
_alive = 0
_MOST_ALIVE = 20_000
"""Greenlets that Python may have spawned at a time: each takes some 17 KB, and more if it waits deep in calls."""
_base = contextvars.Context()
"""That of the import: greenlets begin with its values."""
_spawned: dict[int, tuple[contextvars.Context, Callable[[], object]]] = {}


def current() -> Greenlet:
    """Gives the greenlet that runs."""
    return _current


def on_end(callback: Callable[[], object]) -> None:
    """Has a callback called when the greenlet that runs has ended, however; the last registered comes first.

    It may wait, as long as its greenlet might have. What it raises is logged.

    Example:
        >>> on_end(connection.close)  # doctest: +SKIP
    """
    _current.at_end(callback)


def can_wait() -> bool:
    """Tells whether this code can wait: it runs inside the gateway, and not in a finalizer between greenlets."""
    return _current is not _idle


def forbid_waiting() -> None:
    """In a process that was forked off: nothing there could end a wait."""
    global _idle  # noqa: PLW0603
    _idle = _current


def wait_for(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function of `_puff_host` that begins a wait, and waits while other greenlets run.

    Args:
        function: The function.
        *args: Its arguments.

    Returns:
        What the wait ends with.

    Raises:
        GreenletExit: The greenlet is to end.
        RuntimeError: It can't wait here.
    """
    global _current  # noqa: PLW0603  # one runs at a time
    if not can_wait():
        raise RuntimeError("this code waits where waiting is impossible: in a finalizer, or in a JavaScript callback")
    greenlet, _current = _current, _idle
    try:
        outcome = suspend(function, *args)
    finally:
        _current = greenlet
    if isinstance(outcome, str) and outcome.startswith(_CANCELLED):
        raise GreenletExit(json.loads(outcome)["cancelled"])
    return outcome


_CANCELLED = '{"cancelled":'


class Waiter:
    """Something that one greenlet waits for and others wake it from."""

    __slots__ = ("_key", "woken")

    def __init__(self) -> None:
        self._key = next(_keys)
        self.woken = False

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until it is woken or that time has passed; tells whether it was woken."""
        if not self.woken:
            host: Any = importlib.import_module("_puff_host")
            # The host's clock counts milliseconds; too early is too early.
            limit = () if seconds is None else (math.ceil(seconds * 1000),)
            wait_for(host.park, self._key, *limit)
        return self.woken

    def wake(self) -> None:
        """Has the one who waits go on soon; the one who has not begun to, won't."""
        if not self.woken:
            self.woken = True
            importlib.import_module("_puff_host").unpark(self._key)


def spawn(function: Callable[[], object], context: contextvars.Context | None = None) -> int:
    """Has a function called in a greenlet of its own, soon.

    Args:
        function: What to call; what it raises is logged.
        context: What it runs in; None: that of the import, as it was then.

    Returns:
        The new greenlet's ident.

    Raises:
        RuntimeError: There are too many.
    """
    global _alive  # noqa: PLW0603
    if _alive >= _MOST_ALIVE:
        raise RuntimeError("can't start new thread")
    _alive += 1
    ident = next(_idents)
    _spawned[ident] = (_base.copy() if context is None else context, function)
    importlib.import_module("_puff_host").spawn(ident)
    return ident


def run(ident: int) -> str:
    """Runs what was spawned: the host enters here."""
    global _alive  # noqa: PLW0603
    context, function = _spawned.pop(ident)
    try:
        _run(Greenlet(ident), context, function)
    except GreenletExit:
        pass
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever a user's code raises must not end the interpreter
        _log.exception("a greenlet failed")
    finally:
        _alive -= 1
    return ""


def as_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function as a thread of a server's pool does, before anything else in its greenlet.

    It finds in `threading.local` objects what an earlier one has left there, such as Django's connections. A function
    that raises, or calls :func:`leave_thread`, leaves nothing.
    """
    greenlet = _current
    if _threads:
        greenlet.ident, greenlet.locals = _threads.pop()
    greenlet.is_kept = True
    try:
        return function(*args)
    except BaseException:
        greenlet.is_kept = False
        raise


def leave_thread() -> None:
    """Has what `threading.local` objects hold for this greenlet forgotten at its end, rather than found by the next."""
    _current.is_kept = False


_threads: list[tuple[int, Locals | None]] = []
"""Idents and locals that nobody uses; the last used is the next."""
_MOST_THREADS = 64


def count_spawned() -> int:
    """Counts the greenlets that Python has spawned and that have not ended."""
    return _alive


def enter(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function as a greenlet that the host began; `""` where `GreenletExit` ended it."""
    try:
        return _run(Greenlet(next(_idents)), _base.copy(), function, *args)
    except GreenletExit:
        return ""  # Pyodide prints the traceback of what is raised, and that a client has left is not worth a line


def enter_import(function: Callable[..., Any], *args: Any) -> Any:
    """Calls what imports the user's modules, whose context others begin with."""
    return _run(_main, _base, function, *args)


def _run(greenlet: Greenlet, context: contextvars.Context, function: Callable[..., Any], *args: Any) -> Any:
    global _current  # noqa: PLW0603
    _current = greenlet
    _set_running_loop(None)
    try:
        return context.run(function, *args)
    finally:
        if greenlet.hooks is not None or greenlet.locals is not None:
            context.run(_end, greenlet)
        _current = _idle


def _end(greenlet: Greenlet) -> None:
    while greenlet.hooks:
        try:
            greenlet.hooks.pop()()
        except Exception:
            _log.exception("a callback at the end of a greenlet failed")
        except BaseException:  # noqa: S110  # one that takes too long must not keep the others from their work
            pass
    if greenlet.is_kept and len(_threads) < _MOST_THREADS:
        _threads.append((greenlet.ident, greenlet.locals))
    elif greenlet is not _main:
        while greenlet.locals:  # what is finalized may have made some
            greenlet.locals.clear()


_log = logging.getLogger("puff")
