"""Connections."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

from puff._cooperative import _select

from psycopg2._client.connection_info import ConnectionInfo
from psycopg2._client.cursor import cursor as Cursor  # noqa: N812
from psycopg2._client.messages import error_of, write_report
from psycopg2._client.notify import Notify
from psycopg2._client.transactions import STATUS_BEGIN, STATUS_READY, Transactions
from psycopg2._protocol import encodings, exceptions
from psycopg2._protocol.dsn import make_dsn, parse_dsn
from psycopg2._protocol.exceptions import NotSupportedError, OperationalError, ProgrammingError
from psycopg2._protocol.waiting import POLL_OK, wait
from psycopg2._protocol.wire import Link, Result
from psycopg2._write import literals

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2._read.typecasters import Typecaster

#: Notices kept.
_NOTICES = 50
_STATUSES = {"I": 0, "A": 1, "T": 2, "E": 3}
_UNKNOWN = 4


class connection(Transactions):  # noqa: N801 - psycopg2's name
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
    binary_types: dict[int, Typecaster]
    string_types: dict[int, Typecaster]
    notices: Any
    notifies: Any
    _closed = 2
    _error_message: str | None = None
    _given: dict[str, str]
    _codec = "utf-8"
    _encoding = "UTF8"
    _standard_strings = True
    #: Whether literals begin with E. psycopg2 looks at the setting when the connection is new.
    _escape_strings = False
    _executing = False
    _sends_utf8 = True
    _server_version = 0

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

    def close(self) -> None:
        """Ends it; its transaction is rolled back."""
        link, self._link = self._link, None
        if link is not None:
            self._closed = 1
            link.close()

    @property
    def closed(self) -> int:
        """0: it is open; 1: it was closed; 2: something horrible happened."""
        if self._link is not None and self._link.lost:
            return 2
        return self._closed if self._link is None else 0

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

    def fileno(self) -> int:
        """Stands for its socket in `select.select`, which waits for notifications; no system call knows it."""
        return _select.descriptor_of(self._check_open().handle)

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

    def get_parameter_status(self, parameter: str) -> str | None:
        """A parameter of the session that the server reports, such as `server_version`."""
        return self._check_open().parameters.get(parameter)

    def get_transaction_status(self) -> int:
        """One of the TRANSACTION_STATUS_ constants."""
        link = self._link
        if link is None or link.lost:
            return _UNKNOWN
        return 1 if self._executing else _STATUSES.get(link.status, _UNKNOWN)

    def get_dsn_parameters(self) -> dict[str, str]:
        """The keywords that it was made with, and their defaults; not the password."""
        return dict(self._check_open().shown)

    def get_backend_pid(self) -> int:
        """The server's process."""
        return self._check_open().pid

    @property
    def server_version(self) -> int:
        """The server's version, such as 150002."""
        return self._server_version

    @property
    def protocol_version(self) -> int:
        """The version of Postgres's protocol."""
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

    def _query(self, text: bytes, cursor: Any, *, begin: bool = True) -> Result:
        """Runs a statement, in a transaction where one is due. What is wrong is raised."""
        with self._lock:
            link = self._check_open()
            opening = self._begin_text() if begin else None
            self._executing = True
            try:
                # As a text of C, it ends with the first NUL.
                sent = text.partition(b"\0")[0]
                result = link.query(sent) if opening is None else link.query(opening, sent)
            finally:
                self._executing = False
            if opening is not None and result.kind != "lost":
                self.status = STATUS_BEGIN
            return self._settle(link, result, text, cursor)

    def _settle(self, link: Link, result: Result, text: bytes, cursor: Any) -> Result:
        self._take_news(link)
        self._error_message = None
        if result.kind == "empty":
            raise ProgrammingError("can't execute an empty query")
        if result.kind in {"error", "lost"}:
            if result.fields is not None:
                result.fields = {letter: self._decode(value) for letter, value in result.fields.items()}
            error = error_of(result, text.decode(self._codec, "replace"), cursor)
            self._error_message = error.pgerror or str(error)
            raise error
        self._wait()
        return result

    def _wait(self) -> None:
        try:
            wait(self)
        except BaseException:
            self.close()
            raise

    def _run_command(self, command: str) -> None:
        self._query(command.encode(), None, begin=False)

    def _take_news(self, link: Link) -> None:
        if link.notices:
            for fields in link.notices:
                decoded = {letter: self._decode(value) for letter, value in fields.items()}
                if hasattr(self.notices, "append"):
                    self.notices.append(write_report(decoded, None, notice=True))
            link.notices.clear()
            if isinstance(self.notices, list):
                del self.notices[:-_NOTICES]
        if link.notifies:
            for pid, channel, payload in link.notifies:
                if hasattr(self.notifies, "append"):
                    self.notifies.append(Notify(pid, self._decode(channel), self._decode(payload)))
            link.notifies.clear()
        if link.changed:
            self._take_parameters()
            link.changed = False

    def _decode(self, text: str) -> str:
        # The host makes a character of each byte where Postgres speaks another encoding.
        sent = "utf_8" if self._sends_utf8 else "latin1"
        return text if sent == self._codec else text.encode(sent, "replace").decode(self._codec, "replace")

    def _take_parameters(self) -> None:
        parameters = self._check_open().parameters
        self._sends_utf8 = parameters.get("client_encoding", "UTF8") == "UTF8"
        self._server_version = _version_number(parameters.get("server_version", "0"))
        self._standard_strings = parameters.get("standard_conforming_strings", "on") == "on"
        literals.remember(standard_strings=self._standard_strings)

    def _read_encoding(self) -> None:
        """Takes the session's encoding. As with psycopg2, one that was set by a statement goes unnoticed."""
        encoding = self._check_open().parameters.get("client_encoding", "UTF8")
        self._codec = encodings.codec_of(encoding)
        self._encoding = encodings.clean_name(encoding)


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


def _version_number(text: str) -> int:
    numbers = [int("".join(filter(str.isdigit, part)) or 0) for part in text.split(" ", maxsplit=1)[0].split(".")]
    major, minor, patch = (*numbers, 0, 0)[:3]
    return major * 10_000 + minor if major >= 10 else major * 10_000 + minor * 100 + patch


_select.install()  # outside the gateway nobody has
