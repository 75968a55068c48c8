"""Cursors whose rows go by the columns' names."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from psycopg2._client.connection import connection
from psycopg2._client.cursor import cursor
from psycopg2._types.named_tuples import make_named_tuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class DictRow(list[Any]):
    """A row that goes by the columns' numbers and names."""

    __slots__ = ("_index",)

    _index: OrderedDict[str, int]

    def __init__(self, cursor: Any) -> None:
        self._index = cursor.index
        super().__init__([None] * len(cursor.description))

    @classmethod
    def _from_row(cls, cursor: Any, row: tuple[Any, ...]) -> DictRow:
        made = cls.__new__(cls)
        made._index = cursor.index
        list.__init__(made, row)
        return made

    def __getitem__(self, x: Any) -> Any:
        if isinstance(x, int | slice):
            return super().__getitem__(x)
        return super().__getitem__(self._index[x])

    def __setitem__(self, x: Any, v: Any) -> None:
        super().__setitem__(x if isinstance(x, int | slice) else self._index[x], v)

    def items(self) -> Iterator[tuple[str, Any]]:
        """Names and values."""
        for name in self._index:
            yield name, self[name]

    def keys(self) -> Iterator[str]:
        """The columns' names."""
        return iter(self._index)

    def values(self) -> Iterator[Any]:
        """The values."""
        for name in self._index:
            yield self[name]

    def get(self, x: Any, default: Any = None) -> Any:
        """A value, or `default` where there is no such column."""
        try:
            return self[x]
        except (KeyError, IndexError):
            return default

    def copy(self) -> OrderedDict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]  # as psycopg2 has it
        """The row as a dictionary."""
        return OrderedDict(self.items())

    def __contains__(self, x: object) -> bool:
        return x in self._index

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_row, (type(self), list(self), self._index)

    def __copy__(self) -> DictRow:
        return _restore_row(type(self), list(self), self._index)


def _restore_row(cls: type[DictRow], values: Iterable[Any], index: OrderedDict[str, int]) -> DictRow:
    made = cls.__new__(cls)
    made._index = index
    list.__init__(made, values)
    return made


class DictCursorBase(cursor):
    """What cursors have in common whose rows go by names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        factory = kwargs.pop("row_factory", None)
        if factory is None:
            raise NotImplementedError("DictCursorBase can't be instantiated without a row factory.")
        super().__init__(*args, **kwargs)
        self.row_factory = factory


class DictCursor(DictCursorBase):
    """A cursor whose rows are :class:`DictRow`."""

    _described: Any = None
    _index: OrderedDict[str, int]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("row_factory", DictRow)
        super().__init__(*args, **kwargs)

    @property
    def index(self) -> OrderedDict[str, int]:
        """The columns' numbers by their names."""
        if self._described is not self.description or self._described is None:
            self._described = self.description
            self._index = OrderedDict((column.name, number) for number, column in enumerate(self.description or ()))
        return self._index


class DictConnection(connection):
    """A connection whose cursors are :class:`DictCursor`."""

    cursor_factory = DictCursor


class RealDictRow(OrderedDict[str, Any]):
    """A row that is a dictionary."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and isinstance(args[0], cursor):
            super().__init__(*args[1:], **kwargs)
            self[RealDictRow] = args[0]  # pyright: ignore[reportArgumentType]  # until the values have come
        else:
            super().__init__(*args, **kwargs)

    @classmethod
    def _from_row(cls, cursor: Any, row: tuple[Any, ...]) -> RealDictRow:
        return cls(zip([column.name for column in cursor.description], row, strict=True))


class RealDictCursor(DictCursorBase):
    """A cursor whose rows are dictionaries."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("row_factory", RealDictRow)
        super().__init__(*args, **kwargs)

    @property
    def column_mapping(self) -> list[str]:
        """The columns' names."""
        return [column.name for column in self.description or ()]


class RealDictConnection(connection):
    """A connection whose cursors are :class:`RealDictCursor`."""

    cursor_factory = RealDictCursor


class NamedTupleCursor(cursor):
    """A cursor whose rows are named tuples."""

    #: The class of the rows; None: it is made with the first of them.
    Record: Any = None

    def execute(self, query: Any, vars: Any = None) -> None:
        """Runs a statement."""
        self.Record = None
        super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        """Runs a statement once for each of the values."""
        self.Record = None
        super().executemany(query, vars_list)

    def callproc(self, procname: str, vars: Any = None, /) -> Any:
        """Calls a function of the database."""
        self.Record = None
        return super().callproc(procname, vars)

    def fetchone(self) -> Any:
        """The next row."""
        row = super().fetchone()
        return None if row is None else self._record()._make(row)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows."""
        rows = super().fetchmany(size)
        make = self._record()._make
        return [make(row) for row in rows]

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows = super().fetchall()
        make = self._record()._make
        return [make(row) for row in rows]

    def __iter__(self) -> Iterator[Any]:
        # As in psycopg2, who calls next() on the cursor itself gets tuples.
        rows = super().__iter__()
        for row in iter(lambda: next(rows, None), None):
            yield self._record()._make(row)

    def _record(self) -> Any:
        if self.Record is None:
            self.Record = self._make_nt()
        return self.Record

    def _make_nt(self) -> Any:
        return self._cached_make_nt(tuple(column.name for column in self.description or ()))

    @classmethod
    def _do_make_nt(cls, key: tuple[str, ...]) -> Any:
        return make_named_tuple("Record", key)

    @classmethod
    @lru_cache(512)
    def _cached_make_nt(cls, key: tuple[str, ...]) -> Any:
        return cls._do_make_nt(key)


class NamedTupleConnection(connection):
    """A connection whose cursors are :class:`NamedTupleCursor`."""

    cursor_factory = NamedTupleCursor


for _class in (
    *(DictRow, DictCursorBase, DictCursor, DictConnection, RealDictRow, RealDictCursor, RealDictConnection),
    *(NamedTupleCursor, NamedTupleConnection),
):
    _class.__module__ = "psycopg2.extras"
