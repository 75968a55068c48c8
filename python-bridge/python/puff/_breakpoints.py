"""What `breakpoint()` does in the gateway's Python."""

from __future__ import annotations

import importlib
import inspect
import logging
import os
import sys
from typing import Any

from puff import _services
from puff._greenlets import can_wait

_logger = logging.getLogger("puff")


def install() -> None:
    """Takes the place of the standard library's hook, which would wait for an input that nobody gives."""
    sys.breakpointhook = _stop


def _stop(*args: Any, **keywords: Any) -> Any:
    if os.environ.get("PYTHONBREAKPOINT"):
        return sys.__breakpointhook__(*args, **keywords)  # noqa: T100
    own = inspect.currentframe()
    frame = None if own is None else own.f_back
    if frame is None:
        return None
    why_not = _why_not()
    if why_not is None:
        # Imported when it is wanted: few interpreters ever debug.
        return importlib.import_module("puff._debugger").debug(frame)
    place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    _logger.warning("breakpoint() in %s is passed over: %s", place, why_not)
    return None


def _why_not() -> str | None:
    if not can_wait():
        return "nothing can wait here, in a finalizer or a callback"
    try:
        described, _ = _services.call("terminal", "describe")
    except _services.ServiceError as error:
        return error.message
    return described["noPrompt"]
