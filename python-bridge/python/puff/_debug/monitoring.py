"""What the debugger is called to `sys.monitoring`, and the frames that it is told of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

TOOL_ID = 0  # sys.monitoring.DEBUGGER_ID, in a module that older Pythons can import, too
TOOL_NAME = "puff"
get_frame: Callable[[int], FrameType] = sys._getframe  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
