"""Processes, of which there are none."""

from __future__ import annotations

import errno
import os
import subprocess

_NO_PROCESSES = "processes can't be started from the gateway's Python: start them beside it, or from a host function"


def install() -> None:
    """Has every way to start one say so."""
    subprocess.Popen.__init__ = _refuse  # type: ignore[assignment]
    for name in ("system", "popen", "fork", "posix_spawn", "execv", "execve"):
        if hasattr(os, name):
            setattr(os, name, _refuse)


def _refuse(*_args: object, **_keywords: object) -> None:
    raise OSError(errno.ENOTSUP, _NO_PROCESSES)
