"""Tracing and profiling, which warn and do nothing: their calls end the interpreter by an access out of bounds.

Python walks the frames of all greenlets where they begin or end, and in Pyodide those of suspended ones may have been
moved away. What only concerns one code object, `sys.monitoring.set_local_events`, works.
"""

from __future__ import annotations

import sys
import threading
import warnings
from typing import Any

_monitoring: Any = getattr(sys, "monitoring", None)  # none before Python 3.12
# Those of CPython, for the gateway's debugger: it calls them while there are no other greenlets.
set_events: Any = getattr(_monitoring, "set_events", None)
free_tool_id: Any = getattr(_monitoring, "free_tool_id", None)
use_tool_id: Any = getattr(_monitoring, "use_tool_id", None)
_get_tool: Any = getattr(_monitoring, "get_tool", None)
_names: dict[int, str | None] = {}
"""What the user's tools are called: CPython keeps each that there has been."""


def install() -> None:
    """Replaces what begins and ends them."""
    sys.settrace = threading.settrace = threading.settrace_all_threads = _warn
    sys.setprofile = threading.setprofile = threading.setprofile_all_threads = _warn
    _monitoring.set_events = _set_events
    _monitoring.restart_events = _restart_events
    _monitoring.use_tool_id = _use
    _monitoring.get_tool = _get
    _monitoring.clear_tool_id = _clear
    _monitoring.free_tool_id = _free


def _warn(function: object) -> None:
    if function is not None:
        warnings.warn("tracing and profiling have no effect here", RuntimeWarning, stacklevel=2)


def _set_events(tool_id: int, event_set: int, /) -> None:
    if _get(tool_id) is None:
        raise ValueError(f"tool {tool_id} is not in use")
    if event_set:
        warnings.warn("tracing and profiling have no effect here", RuntimeWarning, stacklevel=2)


def _restart_events() -> None:
    """Does nothing: no global event is on."""


def _use(tool_id: int, name: str, /) -> None:
    if tool_id not in _names:
        use_tool_id(tool_id, name)
    elif _names[tool_id] is not None:
        raise ValueError(f"tool {tool_id} is already in use")
    _names[tool_id] = name


def _get(tool_id: int, /) -> str | None:
    return _names[tool_id] if tool_id in _names else _get_tool(tool_id)


def _clear(tool_id: int, /) -> None:
    if _names.get(tool_id) is not None:
        events = _monitoring.events
        for event in (value for name, value in vars(events).items() if name.isupper() and value):
            _monitoring.register_callback(tool_id, event, None)


def _free(tool_id: int, /) -> None:
    _clear(tool_id)
    if tool_id in _names:
        _names[tool_id] = None
