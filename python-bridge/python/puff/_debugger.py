"""The debugger that `breakpoint()` opens on the gateway's terminal.

One greenlet at a time is at the prompt; others are served meanwhile, and those that reach a breakpoint wait.
Nothing is traced: to switch tracing on or off, Python walks the frames of all greenlets, and in Pyodide those of
suspended ones may have been moved away. It crashes.
"""

from __future__ import annotations

import bdb
import importlib
import pdb  # noqa: T100  # it is what this is about
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from puff import _services, _terminal

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType

_turn = threading.Lock()


def debug(frame: FrameType) -> None:
    """Opens the prompt in a frame.

    Raises:
        BdbQuit: The person has quit.
    """
    with _turn:
        prompt = _Prompt()
        with _deadlines_held():
            prompt.interaction(frame, None)
    if prompt.quitting:
        raise bdb.BdbQuit


class _Prompt(pdb.Pdb):
    def __init__(self) -> None:
        stdin, stdout = _terminal.streams()
        super().__init__(stdin=stdin, stdout=stdout, nosigint=True, backend="settrace")
        self.reset()

    def start_trace(self) -> None:
        """Does nothing."""

    def stop_trace(self) -> None:
        """Does nothing."""

    def set_continue(self) -> None:
        """Does nothing: there is no tracing to be ended."""

    def set_quit(self) -> None:
        """Has the greenlet fail."""
        self.quitting = True

    def onecmd(self, line: str) -> bool:
        """Runs a command, unless it is one that needs tracing."""
        if self.parseline(line)[0] not in _TRACING:
            return super().onecmd(line)
        self.message("The gateway's Python can't be traced: write another breakpoint() where it is to stop.")
        return False


_TRACING = frozenset(
    [
        "n",
        "next",
        "s",
        "step",
        "r",
        "return",
        "unt",
        "until",
        "b",
        "break",
        "tbreak",
        "j",
        "jump",
        "debug",
        "run",
        "restart",
    ]
)


@contextmanager
def _deadlines_held() -> Generator[None]:
    """Has time stand still for deadlines, which a person at a prompt knows nothing of."""
    host: Any = importlib.import_module("_puff_host")
    host.hold(True)
    _services.tell("terminal", "hold", True)
    try:
        yield
    finally:
        host.hold(False)
        _services.tell("terminal", "hold", False)
