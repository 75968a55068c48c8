"""Connections."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from puff._cooperative import _select

from psycopg2._client.connection_info import ConnectionInfo
from psycopg2._client.cursor import cursor as Cursor  # noqa: N812
from psycopg2._client.session import Session
from psycopg2._client.transactions import STATUS_READY
from psycopg2._protocol import encodings, exceptions
from psycopg2._protocol.dsn import make_dsn, parse_dsn
from psycopg2._protocol.exceptions import NotSupportedError, OperationalError, ProgrammingError
from psycopg2._protocol.waiting import POLL_OK
from psycopg2._protocol.wire import Link
from psycopg2._write import literals

if TYPE_CHECKING:
    from collections.abc import Callable


class connection(Session):  # noqa: N801 - psycopg2's name
    """A connection to a database. Threads, and so greenlets, may share it: their statements take turns.

    Args:
        dsn: See :func:`psycopg2.connect`.
        async_: Asynchronous connections are not supported.
    """

    Warning = exceptions.Warning
    Error = exceptions.Error
    InterfaceError = exceptions.InterfaceError
    DatabaseError = exceptions.DatabaseError
    DataError = exceptions.DataError
    OperationalError = exceptions.OperationalError
    IntegrityError = exceptions.IntegrityError
    InternalError = exceptions.InternalError
    ProgrammingError = exceptions.ProgrammingError
    NotSupportedError = exceptions.NotSupportedError

    async_ = 0
    #: What :meth:`cursor` makes where it is not told.
    cursor_factory: Any = None
    dsn = ""

    def __init__(self, dsn: str, async_: int = 0, **kwargs: Any) -> None:
        if async_ or kwargs.get("async"):
            raise NotSupportedError("asynchronous connections are not supported here: all others wait as greenlets")
        if not isinstance(dsn, str):
            raise TypeError(f"Expected bytes or unicode string, got {type(dsn).__name__} instead")
        self._lock = threading.RLock()
        self.string_types = {}
        self.binary_types = {}
        self.notices = []
        self.notifies = []
        self._given = {}
        parameters = _parse(dsn)
        self.dsn = make_dsn(dsn, password="xxx") if "password" in parameters else dsn  # noqa: S106 - shown in its place
        encoding = parameters.pop("client_encoding", None)
        self._link = Link(parameters)
        self._given = parameters
        self._closed = 0
        self.status = STATUS_READY
        self._take_parameters()
        self._read_encoding()
        self._escape_strings = not self._standard_strings
        # Django names it with each connection: a round trip that mostly changes nothing.
        if encoding is not None and encodings.clean_name(encoding) != self._encoding:
            self._run_command(f"SET client_encoding TO {literals.quote_text(encoding.encode(), None).decode()}")
            self._read_encoding()
        if not self._link.parameters.get("DateStyle", "ISO").startswith("ISO"):
            self._run_command("SET DateStyle TO 'ISO'")
        self._wait()

    def cursor(
        self,
        name: str | None = None,
        cursor_factory: Any = None,
        withhold: bool = False,
        scrollable: bool | None = None,
    ) -> Any:
        """A new cursor; with a name, one of the server's."""
        self._check_open()
        factory = cursor_factory or self.cursor_factory or Cursor
        if name is not None and not isinstance(name, str):
            raise TypeError(f"Expected bytes or unicode string, got {type(name).__name__} instead")
        made = factory(self, name)
        if not isinstance(made, Cursor):
            raise TypeError("cursor factory must be subclass of psycopg2.extensions.cursor")
        if withhold:
            made.withhold = True
        if scrollable is not None:
            made.scrollable = scrollable
        return made

    def cancel(self) -> None:
        """Has the server stop what runs on this connection; other threads call it."""
        self._check_open().cancel()

    def isexecuting(self) -> bool:
        """Whether a statement runs."""
        return self._executing

    def reset(self) -> None:
        """Brings it back to how it was when new."""
        self._check_open()
        self._end("ROLLBACK")
        self._run_command("RESET ALL")
        self._run_command("SET SESSION AUTHORIZATION DEFAULT")
        self._read_encoding()
        self._autocommit = False
        self._isolation = self._readonly = self._deferrable = None

    def poll(self) -> int:
        """Fetches the notices and notifications that have come."""
        link = self._check_open()
        with self._lock:
            link.poll()
            self._take_news(link)
        if link.lost:
            raise OperationalError("server closed the connection unexpectedly\n")
        return POLL_OK

    @property
    def encoding(self) -> str:
        """Postgres's name of the encoding, without punctuation."""
        return self._encoding

    def set_client_encoding(self, encoding: str, /) -> None:
        """Ends the transaction, and sets the encoding."""
        self._check_open()
        if not isinstance(encoding, str):
            raise TypeError(f"argument 1 must be str, not {type(encoding).__name__}")
        if encodings.clean_name(encoding) == self._encoding:
            return
        self._end("ROLLBACK")
        self._run_command(f"SET client_encoding TO '{encodings.clean_name(encoding)}'")
        self._read_encoding()

    @property
    def info(self) -> ConnectionInfo:
        """What is known of the connection."""
        return ConnectionInfo(self)

    @property
    def protocol_version(self) -> int:
        """The version of the Postgres protocol."""
        return 3

    def lobject(self, *args: Any, **kwargs: Any) -> Any:
        """Large objects are not supported."""
        raise NotSupportedError("large objects are not supported here: use bytea")

    @property
    def pgconn_ptr(self) -> None:
        """There is none."""

    def get_native_connection(self) -> Any:
        """There is none."""
        raise NotSupportedError("there is no libpq here")

    def __repr__(self) -> str:
        return f"<connection object at {id(self):#x}; dsn: '{self.dsn}', closed: {self.closed}>"

    def __del__(self) -> None:
        link = self._link
        if link is not None:
            self._link = None
            # At the interpreter's end there is nobody left to tell.
            with contextlib.suppress(Exception):
                link.close()


connection.__module__ = "psycopg2.extensions"
setattr(connection, "async", 0)


def connect(dsn: str, connection_factory: Callable[..., Any] | None = None, async_: int = 0, **kwargs: Any) -> Any:
    """Makes a connection: what :func:`psycopg2.connect` ends in."""
    factory = connection_factory or connection
    asynchronous = async_ or kwargs.get("async", 0)
    return factory(dsn, async_=asynchronous) if asynchronous else factory(dsn)


def _parse(dsn: str) -> dict[str, str]:
    try:
        parameters = parse_dsn(dsn)
    except ProgrammingError as error:
        raise OperationalError(str(error).removeprefix("invalid dsn: ")) from None
    if "replication" in parameters:
        raise NotSupportedError("replication is not supported here")
    return parameters


_select.install()  # outside the gateway nobody has
