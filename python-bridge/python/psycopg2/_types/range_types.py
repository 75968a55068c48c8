"""Ranges in SQL: how they are written and read."""

from __future__ import annotations

import re
from typing import Any

from psycopg2._protocol.exceptions import InterfaceError, ProgrammingError
from psycopg2._range import DateRange, DateTimeRange, DateTimeTZRange, NumericRange, Range
from psycopg2._read.typecasters import new_array_type, new_type
from psycopg2._types.registering import connection_of, look_up_type, register_scope
from psycopg2._write.adapters import ISQLQuote, adapt, register_adapter

_TEXT = re.compile(
    r'^([\[(])(?:"((?:[^"\\]|""|\\.)*)"|([^",]*)),(?:"((?:[^"\\]|""|\\.)*)"|([^",\])]*))([\])])$', re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)|\"(\")", re.DOTALL)


class RangeAdapter:
    """Writes ranges of a type; a subclass gives the type's `name`."""

    name: str | None = None

    def __init__(self, adapted: Range) -> None:
        self.adapted = adapted
        self._conn: Any = None

    def __conform__(self, proto: Any) -> Any:
        return self if proto is ISQLQuote else None

    def prepare(self, conn: Any) -> None:
        """Keeps the connection."""
        self._conn = conn

    def getquoted(self) -> bytes:
        """The expression that makes the range."""
        if self.name is None:
            raise NotImplementedError("RangeAdapter must be subclassed overriding its 'name' or the getquoted() method")
        name = self.name.encode("utf8")
        value = self.adapted
        if value.isempty:
            return b"'empty'::" + name
        lower, upper = (b"NULL" if one is None else self._bound(one) for one in (value.lower, value.upper))
        return b"%s(%s, %s, '%s')" % (name, lower, upper, (value._bounds or "").encode())

    def _bound(self, value: Any) -> bytes:
        adapted = adapt(value)
        if hasattr(adapted, "prepare"):
            adapted.prepare(self._conn)
        return adapted.getquoted()


class NumberRangeAdapter(RangeAdapter):
    """Writes ranges of numbers as a text, which fits all types of them."""

    def getquoted(self) -> bytes:
        """The literal."""
        value = self.adapted
        if value.isempty:
            return b"'empty'"
        # Numbers have no characters that would need escaping.
        lower, upper = (
            "" if one is None else adapt(one).getquoted().decode("ascii") for one in (value.lower, value.upper)
        )
        bounds = value._bounds or ""
        return f"'{bounds[0]}{lower},{upper}{bounds[1]}'".encode()


class RangeCaster:
    """Reads ranges of a type, and has them written.

    Args:
        pgrange: The type's name, or an adapter.
        pyrange: The name of a new class of ranges, or one.
        oid: The type's OID.
        subtype_oid: That of the bounds' type.
        array_oid: That of its arrays.
    """

    def __init__(self, pgrange: Any, pyrange: Any, oid: int, subtype_oid: int, array_oid: int | None = None) -> None:
        self.subtype_oid = subtype_oid
        self.adapter: Any = None
        self.range: Any = None
        self._create_ranges(pgrange, pyrange)
        name = self.adapter.name or type(self.adapter).__name__
        self.typecaster = new_type((oid,), name, self.parse)
        self.array_typecaster = new_array_type((array_oid,), f"{name}ARRAY", self.typecaster) if array_oid else None

    def _create_ranges(self, pgrange: Any, pyrange: Any) -> None:
        if isinstance(pgrange, str):
            self.adapter = type(pgrange, (RangeAdapter,), {"name": pgrange})
        elif isinstance(pgrange, type) and issubclass(pgrange, RangeAdapter) and pgrange is not RangeAdapter:
            self.adapter = pgrange
        else:
            raise TypeError("pgrange must be a string or a RangeAdapter strict subclass")
        if isinstance(pyrange, str):
            self.range = type(pyrange, (Range,), {"__module__": Range.__module__})
        elif isinstance(pyrange, type) and issubclass(pyrange, Range) and pyrange is not Range:
            self.range = pyrange
        else:
            raise TypeError("pyrange must be a type or a Range strict subclass")

    @classmethod
    def _from_db(cls, name: str, pyrange: Any, conn_or_curs: Any) -> RangeCaster:
        rows = look_up_type(
            connection_of(conn_or_curs),
            "SELECT t.oid, r.rngsubtype, t.typarray"
            " FROM pg_type t JOIN pg_range r ON r.rngtypid = t.oid JOIN pg_namespace n ON n.oid = t.typnamespace"
            " WHERE {}",
            name,
        )
        if not rows:
            raise ProgrammingError(f"PostgreSQL range '{name}' not found")
        oid, subtype, array_oid = rows[0]
        return cls(name, pyrange, oid=oid, subtype_oid=subtype, array_oid=array_oid or None)

    def parse(self, s: str | None, cur: Any = None) -> Any:
        """The range of a text."""
        if s is None:
            return None
        if s == "empty":
            return self.range(empty=True)
        match = _TEXT.match(s)
        if match is None:
            raise InterfaceError(f"failed to parse range: '{s}'")
        first, lower_quoted, lower, upper_quoted, upper, last = match.groups()
        bounds = [
            None if (text := _bound_text(quoted, bare)) is None else cur.cast(self.subtype_oid, text)
            for quoted, bare in ((lower_quoted, lower), (upper_quoted, upper))
        ]
        return self.range(*bounds, first + last)

    def _register(self, scope: Any = None) -> None:
        register_scope((self.typecaster, self.array_typecaster), scope)
        register_adapter(self.range, self.adapter)


RangeAdapter.__module__ = RangeCaster.__module__ = NumberRangeAdapter.__module__ = Range.__module__


def register_range(pgrange: Any, pyrange: Any, conn_or_curs: Any, globally: bool = False) -> RangeCaster:
    """Has ranges of a type read and written.

    Args:
        pgrange: The type's name.
        pyrange: The name of a new class of ranges, or a subclass of `Range`.
        conn_or_curs: Where they are read; also what is asked for the type.
        globally: Everywhere.

    Returns:
        What reads them; `range` is the class.

    Raises:
        ProgrammingError: There is no such type.
    """
    caster = RangeCaster._from_db(pgrange, pyrange, conn_or_curs)
    caster._register(None if globally else conn_or_curs)
    return caster


def _bound_text(quoted: str | None, bare: str | None) -> str | None:
    if quoted is not None:
        return _ESCAPE.sub(lambda found: found.group(1) or '"', quoted)
    return bare or None


for _types, _range, _adapter in (
    (((3904, 23, 3905), (3926, 20, 3927), (3906, 1700, 3907)), NumericRange, NumberRangeAdapter),
    (((3912, 1082, 3913),), DateRange, "daterange"),
    (((3908, 1114, 3909),), DateTimeRange, "tsrange"),
    (((3910, 1184, 3911),), DateTimeTZRange, "tstzrange"),
):
    for _oid, _subtype, _array in _types:
        RangeCaster(_adapter, _range, oid=_oid, subtype_oid=_subtype, array_oid=_array)._register()
