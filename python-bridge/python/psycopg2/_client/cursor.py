"""Cursors."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from psycopg2._client.column import Column, describe
from psycopg2._client.copying import Copying
from psycopg2._client.fetching import Fetching
from psycopg2._client.rows import Rows
from psycopg2._client.session import Session
from psycopg2._protocol.exceptions import InterfaceError, NotSupportedError, ProgrammingError
from psycopg2._read import typecasters
from psycopg2._write.binding import bind
from psycopg2._write.literals import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from psycopg2._protocol.wire import Result
    from psycopg2._read.typecasters import Typecaster


class cursor(Fetching, Copying):  # noqa: N801 - psycopg2's name
    """Runs statements and holds their results.

    Args:
        conn: Its connection.
        name: With a name it is a cursor of the server's, which holds the rows there.
    """

    connection: Session
    name: str | None = None
    description: tuple[Column, ...] | None = None
    rowcount = -1
    lastrowid: int = 0
    query: bytes | None = None
    statusmessage: str | None = None
    arraysize = 1
    itersize = 2000
    tzinfo_factory: Any = datetime.timezone
    typecaster: Any = None
    string_types: dict[int, Typecaster] | None = None
    binary_types: dict[int, Typecaster] | None = None
    pgresult_ptr: None = None
    _closed = False
    _withhold = False
    _scrollable: bool | None = None

    def __init__(self, conn: Any, name: str | None = None, **kwargs: Any) -> None:
        del kwargs
        if not isinstance(conn, Session):
            raise TypeError(f"argument 1 must be psycopg2.extensions.connection, not {type(conn).__name__}")
        if name is not None and not isinstance(name, str):
            raise TypeError(f"argument 2 must be str, not {type(name).__name__}")
        self.connection = conn
        self.name = name
        self._transaction = conn._ended

    def execute(self, query: Any, vars: Any = None) -> None:
        """Runs a statement with values in place of its `%s` or `%(name)s`."""
        self._execute(query, vars)

    def _execute(self, query: Any, values: Any) -> None:
        conn = self._check_open()
        if self.name is not None:
            if self.query is not None:
                raise ProgrammingError("can't call .execute() on named cursors more than once")
            if conn.autocommit and not self._withhold and not conn._entered:
                raise ProgrammingError("can't use a named cursor outside of transactions")
            self._check_transaction()
        text = self._bound(query, values)
        if self.name is not None:
            text = self._declaration(self.name).encode(conn._codec) + text
        self._run(text)

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        """Runs a statement once for each of the values."""
        self._check_open()
        if self.name is not None:
            raise ProgrammingError("can't call .executemany() on named cursors")
        total = 0
        for values in iter(vars_list):
            self._execute(query, values)
            total = -1 if self.rowcount == -1 else total + self.rowcount
        self.rowcount = total
        self.description = None
        self._forget()

    def callproc(self, procname: str, parameters: Any = None, /) -> Any:
        """Calls a function of the database; fetch its result as rows. Returns parameters that are not a dict."""
        self._check_open()
        if self.name is not None:
            raise ProgrammingError("can't call .callproc() on named cursors")
        if not isinstance(procname, str):
            raise TypeError(f"a bytes-like object is required, not {type(procname).__name__!r}")
        if isinstance(parameters, dict):
            for name in parameters:
                if not isinstance(name, str):
                    raise TypeError(f"Expected bytes or unicode string, got {type(name).__name__} instead")
            places = ",".join(f"{quote_name(name)}:=%s" for name in parameters)
            values = list(parameters.values())
        else:
            values = [] if parameters is None else parameters
            places = ",".join(["%s"] * len(values))
        self._execute(f"SELECT * FROM {procname}({places})", values)  # noqa: S608 - the caller's name, as it is
        return None if isinstance(parameters, dict) else parameters

    def mogrify(self, query: Any, vars: Any = None) -> bytes:
        """The statement with the values in it, as :meth:`execute` would send it."""
        return self._bound(query, vars)

    def cast(self, oid: int, s: Any, /) -> Any:
        """The value of a text of a type."""
        return self._caster(oid)(s, self)

    def close(self) -> None:
        """Ends it; a named one is closed on the server, too."""
        if self._closed:
            return
        conn = self.connection
        usable = not conn.closed and conn._check_open().status in {"I", "T"}
        if self.name is not None and usable and (self.query is not None or self._exists()):
            self._check_transaction()
            conn._query(f"CLOSE {quote_name(self.name)}".encode(conn._codec), self, begin=not self._withhold)
        self._closed = True
        self._forget()

    @property
    def closed(self) -> bool:
        """Whether it, or its connection, was closed."""
        return self._closed or bool(self.connection.closed)

    @property
    def scrollable(self) -> bool | None:
        """Whether a named cursor can go back; None: whatever the server makes of it."""
        return self._scrollable

    @scrollable.setter
    def scrollable(self, value: bool | None) -> None:
        if self.name is None:
            raise ProgrammingError("trying to set .scrollable on unnamed cursor")
        self._scrollable = None if value is None else bool(value)

    @property
    def withhold(self) -> bool:
        """Whether a named cursor lives on after its transaction."""
        return self._withhold

    @withhold.setter
    def withhold(self, value: bool) -> None:
        if self.name is None:
            raise ProgrammingError("trying to set .withhold on unnamed cursor")
        self._withhold = bool(value)

    def nextset(self) -> None:
        """A statement has one result."""
        self._check_open()
        raise NotSupportedError("not supported by PostgreSQL")

    def setinputsizes(self, sizes: Any, /) -> None:
        """Does nothing."""
        self._check_open()

    def setoutputsize(self, size: int, column: int | None = None, /) -> None:
        """Does nothing."""
        self._check_open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cursor object at {id(self):#x}; closed: {-1 if self.closed else 0}>"

    def _check_open(self) -> Session:
        conn: Session | None = self.__dict__.get("connection")
        if conn is None:
            raise InterfaceError("the cursor has no connection")
        if self._closed or conn.closed:
            raise InterfaceError("cursor already closed")
        return conn

    def _bound(self, query: Any, values: Any) -> bytes:
        conn = self.connection
        if isinstance(query, str):
            text = query.encode(conn._codec)
        elif isinstance(query, bytes):
            text = query
        else:
            as_string = getattr(query, "as_string", None)
            if as_string is None and query is not None:
                raise TypeError(f"argument 1 must be a string or unicode object: got {type(query).__name__} instead")
            if as_string is None:
                raise ProgrammingError("can't execute an empty query")
            text = as_string(self).encode(conn._codec)
        if not text:
            raise ProgrammingError("can't execute an empty query")
        return text if values is None else bind(text, values, conn)

    def _declaration(self, name: str) -> str:
        scroll = {None: "", True: "SCROLL ", False: "NO SCROLL "}[self._scrollable]
        hold = "WITH" if self._withhold else "WITHOUT"
        return f"DECLARE {quote_name(name)} {scroll}CURSOR {hold} HOLD FOR "

    def _exists(self) -> bool:
        conn = self.connection
        text = self._bound("SELECT 1 FROM pg_catalog.pg_cursors WHERE name = %s", (self.name,))
        return conn._query(text, self).count > 0

    def _run(self, text: bytes) -> None:
        self._forget()
        self.rowcount = -1
        self.query = text
        self.statusmessage = ""
        self._take(self.connection._query(text, self))

    def _take(self, result: Result) -> None:
        """Makes a result the cursor's."""
        conn = self.connection
        if result.kind in {"copyIn", "copyOut", "copyBoth"}:
            self._refuse_copy(result.kind)
        self.statusmessage = conn._decode(result.tag) if result.kind != "empty" else None
        self.lastrowid = 0
        if result.kind == "rows":
            self.description = describe(result, conn._decode)
            casters = [self._caster(column[1]) for column in result.columns]
            self._hold(Rows(result, casters, conn._codec))
            self.rowcount = result.count
            return
        self.description = None
        words = result.tag.split()
        self.rowcount = int(words[-1]) if len(words) > 1 and words[-1].isdigit() else -1
        if words[:1] == ["INSERT"]:
            self.lastrowid = int(words[1])

    def _caster(self, oid: int) -> Typecaster:
        for registry in (self.string_types, self.connection.string_types, typecasters.string_types):
            if registry is not None and oid in registry:
                return registry[oid]
        return typecasters.default


cursor.__module__ = "psycopg2.extensions"
