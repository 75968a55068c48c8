"""Takes `print` and `logging` to the gateway's log."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
from typing import Any


class HostStream(io.TextIOBase):
    """A text stream whose lines go to the gateway's log."""

    def __init__(self, level: str, name: str) -> None:
        self._level = level
        self._name = name
        self._rest = ""

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # as in io's own streams
        """Names the encoding that programs ask for."""
        return "utf-8"

    def writable(self) -> bool:
        """Tells that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Logs the lines that are complete."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            send(self._level, self._name, line)
        return len(text)

    def flush(self) -> None:
        """Logs what was written of a line."""
        if self._rest:
            rest, self._rest = self._rest, ""
            send(self._level, self._name, rest)


class HostHandler(logging.Handler):
    """A logging handler that hands records to the gateway's log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Sends a record, its traceback with it."""
        level = record.levelno
        name = (
            "critical" if level >= logging.CRITICAL
            else "error" if level >= logging.ERROR
            else "warning" if level >= logging.WARNING
            else "info" if level >= logging.INFO
            else "debug"
        )  # fmt: skip
        try:
            send(name, record.name, self.format(record))
        except Exception:  # as logging's own handlers do
            self.handleError(record)


def send(level: str, name: str, message: str) -> None:
    """Writes a line of the gateway's log.

    The host's module is looked up each time: a snapshot of the interpreter must hold no reference into the host.
    """
    host: Any = importlib.import_module("_puff_host")
    host.log(level, name, message)


def install() -> None:
    """Redirects the streams and the root logger, where there is a host."""
    try:
        importlib.import_module("_puff_host")
    except ImportError:
        return
    sys.stdout = HostStream("info", "stdout")
    sys.stderr = HostStream("warning", "stderr")
    root = logging.getLogger()
    if not any(isinstance(handler, HostHandler) for handler in root.handlers):
        root.addHandler(HostHandler())
        root.setLevel(os.environ.get("PUFF_LOG_LEVEL", "info").upper() if _known_level() else logging.INFO)


def end_doubles() -> None:
    """Takes away handlers that write what the root logger's writes as well, such as Django's `console`."""
    loggers = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    for logger in loggers:
        if _reaches_host(logger):
            logger.handlers[:] = [one for one in logger.handlers if not _writes_to_host(one)]


def _reaches_host(logger: logging.Logger) -> bool:
    one: logging.Logger | None = logger
    while one is not None and one.propagate:
        one = one.parent
        if one is not None and any(isinstance(handler, HostHandler) for handler in one.handlers):
            return True
    return False


def _writes_to_host(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and isinstance(handler.stream, HostStream)


def _known_level() -> bool:
    return os.environ.get("PUFF_LOG_LEVEL", "info").upper() in logging.getLevelNamesMapping()
