"""The debugger that `breakpoint()` opens on the gateway's terminal.

One greenlet at a time is debugged, until it is told to go on; others are served meanwhile, and those that reach a
breakpoint wait for their turn, be it in this interpreter or in one that a reload replaces.
"""

from __future__ import annotations

import bdb
import importlib
import pdb  # noqa: T100  # it is what this is about
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from puff._debug.monitoring import TOOL_ID, TOOL_NAME, get_frame
from puff._runtime import greenlets, services, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from types import FrameType

_session: _Debugger | None = None
"""Of the greenlet whose turn it is."""


def debug(frame: FrameType, header: str | None, commands: Iterable[str]) -> None:
    """Opens the prompt in a frame of the greenlet that runs.

    Args:
        frame: Where it stops.
        header: What to print first.
        commands: What the debugger is to do first.

    Raises:
        BdbQuit: The person has quit.
    """
    global _session  # noqa: PLW0603  # there is one terminal
    session = _session
    if session is None or session.greenlet is not greenlets.current():
        with _clock_held():
            services.call("terminal", "take")
        _session = session = _Debugger()
        greenlets.on_end(session.leave)
    if header is not None:
        session.message(header)
    session.rcLines.extend(commands)
    session.stop_in(frame)


class _Debugger(pdb.Pdb):
    def __init__(self) -> None:
        stdin, stdout = terminal.streams()
        super().__init__(stdin=stdin, stdout=stdout, nosigint=True, backend="monitoring", skip=_OURS)
        self.greenlet = greenlets.current()
        self.monitoring_tracer = _Tracer(self.leave)
        self._is_asking = False

    def stop_in(self, frame: FrameType) -> None:
        """Asks in a frame, and follows its greenlet from there if that is the answer."""
        if self._is_asking:
            self.message("a breakpoint in code typed at a prompt is skipped")
            return
        try:
            self.reset()
            with self.set_enterframe(frame):
                self._watch(frame)
                self.interaction(frame, None)
        except BaseException:
            self.leave()
            raise
        if self.quitting:
            raise bdb.BdbQuit
        if _session is self:
            self.start_trace()

    def _watch(self, frame: FrameType | None) -> None:
        restored: dict[FrameType, tuple[bool, bool]] = {}
        while frame is not None:
            frame.f_trace = self.trace_dispatch
            self.botframe = frame
            restored[frame] = (frame.f_trace_lines, frame.f_trace_opcodes)
            frame.f_trace_lines = True
            frame = frame.f_back
        self.frame_trace_lines_opcodes = restored

    def interaction(self, frame: FrameType | None, tb_or_exc: Any) -> None:
        """Asks, for as long as it takes."""
        self._is_asking = True
        try:
            with _deadlines_held():
                super().interaction(frame, tb_or_exc)
        finally:
            self._is_asking = False

    def leave(self) -> None:
        """Follows the greenlet no longer: it is another's turn."""
        global _session  # noqa: PLW0603
        if _session is self:
            _session = None
            self.stop_trace()
            services.tell("terminal", "give")

    def onecmd(self, line: str) -> bool:
        """Runs a command, unless it is one that only a debugger of whole programs has."""
        if self.parseline(line)[0] not in _OF_PROGRAMS:
            return super().onecmd(line)
        self.message("The gateway's debugger follows requests: there is no program to run.")
        return False


# Python steps into what a person has written and what that is built on, but not into what makes it wait.
_OURS = ["puff", "puff.*", "psycopg2", "psycopg2.*", "pyodide", "pyodide.*", "_pyodide.*"]
_OF_PROGRAMS = frozenset(["debug", "run", "restart"])

_base: Any = vars(bdb)["_MonitoringTracer"]


class _Tracer(_base):
    """Follows one greenlet, with what `_breakpoints.allow_stepping` has prepared: all events are the interpreter's."""

    def __init__(self, on_stop: Callable[[], None]) -> None:
        super().__init__()
        self._tool_id = TOOL_ID
        self._name = TOOL_NAME
        self._on_stop = on_stop
        self._greenlet: greenlets.Greenlet | None = None

    def start_trace(self, tracefunc: Callable[..., Any]) -> None:
        """Begins. What is called after this is traced."""
        self._tracefunc = tracefunc
        self._greenlet = greenlets.current()
        self._enabled = True
        self.update_local_events()
        callbacks = [
            (event, self.callback_wrapper(getattr(self, f"{name}_callback"), event))
            for event, name in self.EVENT_CALLBACK_MAP.items()
        ]
        for event, callback in callbacks:
            sys.monitoring.register_callback(TOOL_ID, event, callback)

    def stop_trace(self) -> None:
        """Ends. Events go on, and nobody is told of them."""
        if self._enabled:
            self._enabled = False
            for event in self.EVENT_CALLBACK_MAP:
                sys.monitoring.register_callback(TOOL_ID, event, None)
        self._on_stop()

    def callback_wrapper(self, callback: Callable[..., Any], event: int) -> Callable[..., None]:  # noqa: ARG002  # bdb's
        """Makes it what Python calls: it hears of one greenlet, and switches none off: it would not come back."""

        def hear(*args: Any) -> None:
            if greenlets.current() is not self._greenlet:
                return
            frame = get_frame(1)
            try:
                callback(frame, *args)
                if self._enabled and frame.f_trace is not None:
                    self.update_local_events(frame)
            except BaseException:
                self.stop_trace()
                frame.f_trace = None
                raise

        return hear

    def disable_current_event(self) -> None:
        """Does nothing."""

    def restart_events(self) -> None:
        """Does nothing: it would walk the frames of all greenlets, see `_breakpoints.allow_stepping`."""


@contextmanager
def _deadlines_held() -> Generator[None]:
    """Has no deadline pass, which a person at a prompt knows nothing of."""
    with _clock_held():
        services.tell("terminal", "hold", True)
        try:
            yield
        finally:
            services.tell("terminal", "hold", False)


@contextmanager
def _clock_held() -> Generator[None]:
    """Has time stand still for the deadlines of this interpreter's greenlets; those of requests go on."""
    host: Any = importlib.import_module("_puff_host")
    host.hold(True)
    try:
        yield
    finally:
        host.hold(False)
