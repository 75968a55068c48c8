"""Pytest inside the gateway."""

from __future__ import annotations

import importlib
import sys
from typing import Any

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
        return int(pytest.main([*_DEFAULTS, *argv], plugins=[_Summary()]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


# There are no file descriptors to capture, and no signals to dump stacks at.
_DEFAULTS = ("--capture=sys", "-p", "no:faulthandler")


class _Summary:
    """A plugin of pytest that says so where every test was skipped, which pytest calls a success."""

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Writes the sentence below pytest's own summary.

        Args:
            terminalreporter: Has the outcomes by their names.
        """
        stats: dict[str, list[Any]] = terminalreporter.stats
        if not stats.get("skipped") or any(stats.get(outcome) for outcome in _RAN):
            return
        reasons = {_reason(report) for report in stats["skipped"]}
        remedy = _SETTINGS if "no Django settings" in reasons else ""
        terminalreporter.write_line(
            f"Nothing ran: all {len(stats['skipped'])} tests were skipped ({'; '.join(sorted(reasons))}).{remedy}"
        )


_RAN = ("passed", "failed", "error", "xfailed", "xpassed")
_SETTINGS = " Name them: django = true in puff.toml, or DJANGO_SETTINGS_MODULE."


def _reason(report: Any) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return str(text).removeprefix("Skipped: ")
