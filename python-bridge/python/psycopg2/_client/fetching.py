"""How rows are fetched from a cursor."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.base import BaseCursor
from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._write.literals import quote_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg2._client.rows import Rows
    from psycopg2._client.session import Session
    from psycopg2._protocol.wire import Result


class Fetching(BaseCursor):
    """The part of a cursor that is about rows."""

    name: str | None
    rowcount: int
    arraysize: int
    itersize: int
    connection: Session
    _withhold = False
    #: Which one of its connection's transactions it was made in.
    _transaction = 0
    #: Makes the list that a row's values are put into, one by one; None: rows are tuples.
    row_factory: Any = None
    #: The number of the next row; of a named cursor, among those fetched last.
    rownumber = 0
    _rows: Rows | None = None

    def fetchone(self) -> Any:
        """The next row; None: there is no more."""
        return self._fetch_one()

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, as many as `arraysize` where nothing is said."""
        self._check_fetch()
        wanted = self.arraysize if size is None else index(size)
        if self.name is not None:
            self._fetch_held(f"FORWARD {wanted}")
        return self._take_rows(wanted)

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        self._check_fetch()
        if self.name is not None:
            self._fetch_held("FORWARD ALL")
        return self._take_rows(None)

    def scroll(self, value: int, mode: str = "relative") -> None:
        """Goes to another row.

        Args:
            value: A row's number, or how many rows to go.
            mode: `absolute` or `relative`.
        """
        self._check_open()
        value = index(value)
        if mode not in {"relative", "absolute"}:
            raise ProgrammingError("scroll mode must be 'relative' or 'absolute'")
        if self.name is not None:
            self._check_transaction()
            move = f"ABSOLUTE {value}" if mode == "absolute" else str(value)
            self._move(f"MOVE {move} FROM {quote_name(self.name)}")
            return
        target = value if mode == "absolute" else self.rownumber + value
        if self._rows is None or not 0 <= target < self._rows.count:
            raise ProgrammingError("scroll destination out of bounds")
        self.rownumber = target

    def __iter__(self) -> Iterator[Any]:
        self._check_open()
        return self

    def __next__(self) -> Any:
        if self.name is None:
            row = self._fetch_one()
        else:
            self._check_fetch()
            if self._rows is None or self.rownumber >= self._rows.count:
                self._fetch_held(f"FORWARD {self.itersize}")
            row = self._next()
        if row is None:
            raise StopIteration
        return row

    def _fetch_one(self) -> Any:
        self._check_fetch()
        if self.name is not None:
            self._fetch_held("FORWARD 1")
        return self._next()

    def _hold(self, rows: Rows) -> None:
        self._rows = rows
        self.rownumber = 0

    def _forget(self) -> None:
        self._rows = None
        self.rownumber = 0

    def _next(self) -> Any:
        rows = self._rows
        if rows is None or self.rownumber >= rows.count:
            return None
        row = rows.one(self.rownumber, self)
        made = row if self.row_factory is None else self._made(row)
        self.rownumber += 1
        return made

    def _take_rows(self, wanted: int | None) -> list[Any]:
        rows = self._rows
        if rows is None:
            return []
        start = self.rownumber
        end = rows.count if wanted is None or wanted < 0 else min(rows.count, start + wanted)
        try:
            taken: list[Any] = rows.some(start, end, self)
        except Exception:
            taken = []
            for number in range(start, end):
                taken.append(rows.one(number, self))
        if self.row_factory is not None:
            taken = [self._made(row) for row in taken]
        self.rownumber = end
        return taken

    def _made(self, row: tuple[Any, ...]) -> Any:
        from_row = getattr(self.row_factory, "_from_row", None)
        if from_row is not None:
            return from_row(self, row)
        made = self.row_factory(self)
        for number, value in enumerate(row):
            made[number] = value
        return made

    def _check_fetch(self) -> None:
        self._check_open()
        if self.name is None and self._rows is None:
            raise ProgrammingError("no results to fetch")
        if self.name is not None:
            self._check_transaction()

    def _check_transaction(self) -> None:
        """Refuses to use a named cursor that ended with its transaction."""
        if not self._withhold and self._transaction != self.connection._ended:
            raise ProgrammingError("named cursor isn't valid anymore")

    def _fetch_held(self, what: str) -> None:
        """Fetches rows of a named cursor into the ones that are held."""
        conn = self.connection
        text = f"FETCH {what} FROM {quote_name(self.name or '')}".encode(conn._codec)
        self._take(conn._query(text, self, begin=not self._withhold))

    def _move(self, text: str) -> None:
        conn = self.connection
        self._take(conn._query(text.encode(conn._codec), self, begin=not self._withhold))
        self._rows = None

    def _check_open(self) -> Any:
        raise NotImplementedError

    def _take(self, result: Result) -> None:
        raise NotImplementedError
