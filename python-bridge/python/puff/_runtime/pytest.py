"""Pytest inside the gateway."""

from __future__ import annotations

import importlib
import sys

from puff._runtime import terminal


def run(argv: list[str]) -> int:
    """Runs pytest on the terminal.

    Args:
        argv: Its arguments.

    Returns:
        The exit status.
    """
    terminal.install()
    sys.argv[:] = ["pytest", *argv]
    try:
        pytest = importlib.import_module("pytest")
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"pytest can't be imported ({error}). Install it where the project's packages are: pip install pytest\n"
        )
        return 1
    try:
        return int(pytest.main([*_DEFAULTS, *argv]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


# There are no file descriptors to capture, and no signals to dump stacks at.
_DEFAULTS = ("--capture=sys", "-p", "no:faulthandler")
