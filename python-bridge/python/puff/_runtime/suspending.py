"""Suspends the greenlet that runs: the one module that knows how the engine does that."""

from __future__ import annotations

import importlib
import sys
from asyncio import (
    _get_running_loop,  # pyright: ignore[reportPrivateUsage]  # of each greenlet's own
    _set_running_loop,  # pyright: ignore[reportPrivateUsage]
    get_event_loop,
)
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

IN_PYODIDE = sys.platform == "emscripten"
ENGINE = "Pyodide" if IN_PYODIDE else f"CPython {sys.version_info.major}.{sys.version_info.minor}"
"""What runs this Python, for messages."""
_engines_loop = (_get_running_loop() or get_event_loop()) if IN_PYODIDE else None
"""Pyodide wants one to be running whenever it suspends or enters; in a greenlet none is but what it has started."""


def suspend(function: Callable[..., Any], *args: Any) -> Any:
    """Calls a function of `_puff_host` that begins a wait, and gives what the wait ends with; others run meanwhile.

    Args:
        function: The function.
        *args: Its arguments.

    Returns:
        A text, a list of a text and buffers, or None.
    """
    loop = _get_running_loop()
    _set_running_loop(_engines_loop)  # greenlets that run next begin with it
    try:
        return _wait(function(*args))
    finally:
        _set_running_loop(loop)


def _wait_for_promise(promise: Any) -> Any:
    from pyodide.ffi import run_sync  # pyright: ignore[reportMissingImports]

    return run_sync(promise)


def _switch(wait: Any) -> Any:
    host: Any = importlib.import_module("_puff_host")
    return host.suspend(wait)


_wait = _wait_for_promise if IN_PYODIDE else _switch
