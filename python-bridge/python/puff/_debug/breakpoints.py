"""What `breakpoint()` and `pdb.set_trace()` do in the gateway's Python."""

from __future__ import annotations

import importlib
import importlib.abc
import logging
import os
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from puff._debug import tracing
from puff._debug.monitoring import TOOL_ID, TOOL_NAME, get_frame
from puff._runtime import services
from puff._runtime.greenlets import can_wait
from puff._runtime.suspending import IN_PYODIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import FrameType, ModuleType

_logger = logging.getLogger("puff")


def install() -> None:
    """Takes the place of the standard library's, which would wait for an input that nobody gives."""
    sys.breakpointhook = _break
    if not any(isinstance(finder, _PdbFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _PdbFinder())


def allow_stepping(is_allowed: bool) -> None:
    """Prepares the interpreter for a debugger that steps, or undoes that in one from an image.

    Only while there are no other greenlets: where such events are set, or `sys.settrace` is called, Python walks the
    frames of all of them, and in Pyodide those of suspended ones may have been moved away. It crashes. A code object's
    own events, and who hears of any, can be changed at any time.

    Args:
        is_allowed: Whether there may be a debugger: these events have all calls take a little longer.
    """
    monitoring = sys.monitoring
    is_prepared = monitoring.get_tool(TOOL_ID) == TOOL_NAME
    if is_allowed and not is_prepared:
        events = monitoring.events
        tracing.use_tool_id(TOOL_ID, TOOL_NAME)
        every = events.PY_START | events.PY_RESUME | events.PY_THROW | events.PY_UNWIND | events.RAISE
        tracing.set_events(TOOL_ID, every)
    elif is_prepared and not is_allowed:
        tracing.free_tool_id(TOOL_ID)


def _break(*args: Any, **keywords: Any) -> Any:
    if os.environ.get("PYTHONBREAKPOINT", "") not in ("", "pdb.set_trace"):
        return sys.__breakpointhook__(*args, **keywords)  # noqa: T100
    return _stop(get_frame(1), *args, **keywords)


def set_trace(*, header: str | None = None, commands: Iterable[str] | None = None) -> None:
    """Is `pdb.set_trace`."""
    _stop(get_frame(1), header=header, commands=commands)


def _stop(frame: FrameType, *, header: str | None = None, commands: Iterable[str] | None = None) -> None:
    why_not = _why_not()
    if why_not is None:
        from puff._debug.debugger import debug  # few interpreters ever debug

        debug(frame, header, commands or ())
        return
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    _logger.warning("breakpoint() in %s is skipped: %s", place, why_not)


def _why_not() -> str | None:
    if not IN_PYODIDE:
        return "the gateway's debugger needs --engine pyodide"
    if not can_wait():
        return "nothing can wait here, in a finalizer or a callback"
    try:
        described, _ = services.call("terminal", "describe")
    except services.ServiceError as error:
        return error.message
    return described["noPrompt"]


class _PdbFinder(importlib.abc.MetaPathFinder):
    """Finds `pdb`, which few interpreters ever import, and has its `set_trace` replaced once it is."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Gives the spec of `pdb`, and of nothing else."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == "pdb" else None
        if spec is not None and spec.loader is not None:
            spec.loader = _PdbLoader(spec.loader)
        return spec


class _PdbLoader(importlib.abc.Loader):
    def __init__(self, plain: importlib.abc.Loader) -> None:
        self._plain = plain

    def exec_module(self, module: ModuleType) -> None:
        """Runs the module."""
        self._plain.exec_module(module)
        replaced: Any = module
        replaced.set_trace = set_trace
