"""Connections that log their statements."""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from psycopg2._client.connection import connection
from psycopg2._client.cursor import cursor


class LoggingConnection(connection):
    """A connection that writes its statements to a logger or a file."""

    _log: Any = None

    def initialize(self, logobj: Any) -> None:
        """Must be called before the first cursor is made.

        Args:
            logobj: A logger, or a file.
        """
        self._logobj = logobj
        self._log = self._log_to_logger if isinstance(logobj, logging.Logger) else self._log_to_file

    def filter(self, msg: Any, curs: Any) -> Any:
        """What is logged of a statement; subclasses may change or drop it."""
        del curs
        return msg

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A new cursor."""
        if self._log is None:
            raise self.ProgrammingError("LoggingConnection object has not been initialize()d")
        if self.cursor_factory is None:
            kwargs.setdefault("cursor_factory", LoggingCursor)
        return super().cursor(*args, **kwargs)

    def _log_to_file(self, msg: Any, curs: Any) -> None:
        kept = self.filter(msg, curs)
        if kept:
            text = kept.decode(self._codec, "replace") if isinstance(kept, bytes) else kept
            self._logobj.write(text + os.linesep)

    def _log_to_logger(self, msg: Any, curs: Any) -> None:
        kept = self.filter(msg, curs)
        if kept:
            self._logobj.debug(kept.decode(self._codec, "replace") if isinstance(kept, bytes) else kept)


class LoggingCursor(cursor):
    """A cursor that has its statements logged."""

    def execute(self, query: Any, vars: Any = None) -> None:
        """Runs a statement."""
        try:
            super().execute(query, vars)
        finally:
            self._report()

    def callproc(self, procname: str, vars: Any = None, /) -> Any:
        """Calls a function of the database."""
        try:
            return super().callproc(procname, vars)
        finally:
            self._report()

    def _report(self) -> None:
        conn: Any = self.connection
        conn._log(self.query, self)


class MinTimeLoggingConnection(LoggingConnection):
    """A connection that logs the statements that took long."""

    def initialize(self, logobj: Any, mintime: float = 0) -> None:
        """Must be called before the first cursor is made.

        Args:
            logobj: A logger, or a file.
            mintime: Milliseconds past which a statement is logged.
        """
        super().initialize(logobj)
        self._mintime = mintime

    def filter(self, msg: Any, curs: Any) -> Any:
        """The statement and its time, where that was long."""
        took = (time.time() - curs.timestamp) * 1000
        if took <= self._mintime:
            return None
        text = msg.decode(self._codec, "replace") if isinstance(msg, bytes) else msg
        return f"{text}{os.linesep}  (execution time: {took:.0f} ms)"

    def cursor(self, *args: Any, **kwargs: Any) -> Any:
        """A new cursor."""
        kwargs.setdefault("cursor_factory", self.cursor_factory or MinTimeLoggingCursor)
        return super().cursor(*args, **kwargs)


class MinTimeLoggingCursor(LoggingCursor):
    """A cursor that knows when its statement began."""

    timestamp = 0.0

    def execute(self, query: Any, vars: Any = None) -> None:
        """Runs a statement."""
        self.timestamp = time.time()
        super().execute(query, vars)

    def callproc(self, procname: str, vars: Any = None, /) -> Any:
        """Calls a function of the database."""
        self.timestamp = time.time()
        return super().callproc(procname, vars)
