"""From Python's values to SQL literals."""

from __future__ import annotations

import datetime
import decimal
import math
from typing import TYPE_CHECKING, Any, Protocol

from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._write import literals

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2._protocol.base import BaseConnection


class Adapter(Protocol):
    """What makes a literal of a value."""

    def getquoted(self) -> bytes | str:
        """The literal."""
        ...


class ISQLQuote:
    """The protocol of objects that write themselves as SQL: they have `getquoted()`, and may have `prepare(conn)`."""

    _wrapped: Any

    def __init__(self, wrapped: Any = None) -> None:
        self._wrapped = wrapped

    def getquoted(self) -> Any:
        """The literal, as bytes."""
        return None

    def getbinary(self) -> Any:
        """Unused."""
        return None

    def getbuffer(self) -> Any:
        """Unused."""
        return None


#: Adapters by type and protocol.
adapters: dict[tuple[type, type], Callable[[Any], Any]] = {}


def register_adapter(typ: type, callable: Callable[[Any], Any]) -> None:
    """Has values of `typ` adapted by what `callable` makes of them."""
    adapters[typ, ISQLQuote] = callable


def adapt(obj: Any, proto: Any = ISQLQuote, alt: Any = None) -> Any:
    """An object that writes `obj` as SQL; `alt` is without effect, as in psycopg2.

    Raises:
        ProgrammingError: Nothing adapts objects of this type.
    """
    del alt
    cls = type(obj)
    found = adapters.get((cls, proto))
    if found is not None:
        return found(obj)
    for owner, method, argument in ((proto, "__adapt__", obj), (obj, "__conform__", proto)):
        conform = getattr(owner, method, None)
        if conform is not None:
            adapted = conform(argument)
            if adapted is not None:
                return adapted
    for base in cls.__mro__[1:]:
        found = adapters.get((base, proto))
        if found is not None:
            return found(obj)
    raise ProgrammingError(f"can't adapt type '{cls.__name__}'")


def quote(value: Any, conn: BaseConnection | None) -> bytes:
    """The literal of any value, for a connection."""
    if value is None:
        return b"NULL"
    adapted = adapt(value)
    prepare = getattr(adapted, "prepare", None)
    if prepare is not None and conn is not None:
        prepare(conn)
    quoted = adapted.getquoted()
    if isinstance(quoted, str):
        return quoted.encode(conn._codec if conn is not None else "utf-8")
    if not isinstance(quoted, bytes):
        raise ValueError(f"only bytes values expected, got {type(quoted).__name__}")  # noqa: TRY004 - psycopg2's
    return quoted


class _Adapter:
    """What the adapters have in common: the value, and their literal as their text."""

    adapted: Any
    _conn: BaseConnection | None = None

    def __init__(self, adapted: Any, /) -> None:
        self.adapted = adapted

    def __conform__(self, proto: Any) -> Any:
        return self if proto is ISQLQuote else None

    def getquoted(self) -> bytes:
        """The literal."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.getquoted().decode("utf-8", "replace")


class AsIs(_Adapter):
    """Writes the text of any object as it is."""

    def getquoted(self) -> bytes:
        """The object's text."""
        text = "NULL" if self.adapted is None else str(self.adapted)
        return text.encode("utf-8")


class Int(_Adapter):
    """Writes an int."""

    def getquoted(self) -> bytes:
        """The number, behind a space where it is negative: `-` before it would begin a comment."""
        # Subclasses, such as enumerations, may write themselves otherwise.
        return _spaced(int.__repr__(int(self.adapted)))


class Float(_Adapter):
    """Writes a float."""

    def getquoted(self) -> bytes:
        """The shortest text that is read as the same number."""
        value = float(self.adapted)
        if math.isnan(value):
            return b"'NaN'::float"
        if value in {float("inf"), float("-inf")}:
            return b"'Infinity'::float" if value > 0 else b"'-Infinity'::float"
        return _spaced(repr(self.adapted))


class Decimal(_Adapter):
    """Writes a Decimal."""

    def getquoted(self) -> bytes:
        """The number; what is none is NaN."""
        return _spaced(str(self.adapted)) if self.adapted.is_finite() else b"'NaN'::numeric"


class Boolean(_Adapter):
    """Writes a bool."""

    def getquoted(self) -> bytes:
        """`true` or `false`."""
        return b"true" if self.adapted else b"false"


class QuotedString(_Adapter):
    """Writes a text between quotes."""

    _encoding: str | None = None

    @property
    def encoding(self) -> str:
        """The codec: the connection's, once prepared for one."""
        if self._encoding is not None:
            return self._encoding
        return self._conn._codec if self._conn is not None else "latin1"

    @encoding.setter
    def encoding(self, codec: str) -> None:
        self._encoding = codec

    @property
    def buffer(self) -> None:
        """Unused."""

    def prepare(self, conn: BaseConnection, /) -> None:
        """Takes the connection's encoding and kind of strings."""
        literals.need_connection(conn)
        self._conn = conn
        self._encoding = None

    def getquoted(self) -> bytes:
        """The text, in the adapter's encoding."""
        if isinstance(self.adapted, str):
            text = self.adapted.encode(self.encoding)
        elif isinstance(self.adapted, bytes):
            text = self.adapted
        else:
            raise TypeError("can't quote non-string object")
        return literals.quote_text(text, self._conn)


class Binary(_Adapter):
    """Writes bytes, or what gives its bytes."""

    @property
    def buffer(self) -> Any:
        """Unused."""
        return self.adapted

    def prepare(self, conn: BaseConnection, /) -> None:
        """Takes the connection's kind of strings."""
        literals.need_connection(conn)
        self._conn = conn

    def getquoted(self) -> bytes:
        """The bytes as a literal of type bytea."""
        if self.adapted is None:
            return b"NULL"
        try:
            data = bytes(memoryview(self.adapted))
        except TypeError:
            raise TypeError(f"can't escape {type(self.adapted).__name__} to binary") from None
        return literals.quote_bytes(data, self._conn)


class DateTime(_Adapter):
    """Writes a date, time, moment or interval."""

    def getquoted(self) -> bytes:
        """The value in ISO's format, an interval in days and seconds."""
        value = self.adapted
        if isinstance(value, datetime.timedelta):
            return b"'%d days %d.%06d seconds'::interval" % (value.days, value.seconds, value.microseconds)
        return f"'{value.isoformat()}'::{_type_of(value)}".encode()


class List(_Adapter):
    """Writes a list as an array."""

    def prepare(self, conn: BaseConnection, /) -> None:
        """Keeps the connection for the items."""
        literals.need_connection(conn)
        self._conn = conn

    def getquoted(self) -> bytes:
        """`ARRAY[…]`; where no item tells a type, the text of an array."""
        items = [quote(item, self._conn) for item in self.adapted]
        # ARRAY[…] has no type where all is NULL.
        if all(item is None or _is_null_list(item, text) for item, text in zip(self.adapted, items, strict=True)):
            return b"'{%s}'" % b",".join(text.strip(b"'") for text in items)
        return b"ARRAY[%s]" % b",".join(
            b"ARRAY[]" if isinstance(item, list) and text == b"'{}'" else text
            for item, text in zip(self.adapted, items, strict=True)
        )


def _is_null_list(item: Any, text: bytes) -> bool:
    return isinstance(item, list) and text.startswith(b"'{") and text != b"'{}'"


class SQL_IN:  # noqa: N801 - psycopg2's name
    """Writes a sequence for the right side of IN."""

    def __init__(self, seq: Any) -> None:
        self._seq = seq
        self._conn: BaseConnection | None = None

    def prepare(self, conn: BaseConnection) -> None:
        """Keeps the connection for the items."""
        self._conn = conn

    def getquoted(self) -> bytes:
        """The items between parentheses."""
        return b"(" + b", ".join(quote(item, self._conn) for item in self._seq) + b")"

    def __str__(self) -> str:
        return str(self.getquoted())


class NoneAdapter:
    """Writes None."""

    def __init__(self, obj: Any) -> None:
        del obj

    def getquoted(self, _null: bytes = b"NULL") -> bytes:
        """`NULL`."""
        return _null


def _spaced(text: str) -> bytes:
    return (" " + text if text.startswith("-") else text).encode()


def _type_of(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return "timestamp" if value.tzinfo is None else "timestamptz"
    if isinstance(value, datetime.time):
        return "time" if value.tzinfo is None else "timetz"
    return "date"


for _type, _adapter in {
    float: Float,
    int: Int,
    bool: Boolean,
    str: QuotedString,
    bytes: Binary,
    bytearray: Binary,
    memoryview: Binary,
    list: List,
    datetime.date: DateTime,
    datetime.time: DateTime,
    datetime.datetime: DateTime,
    datetime.timedelta: DateTime,
    tuple: SQL_IN,
    type(None): NoneAdapter,
    decimal.Decimal: Decimal,
}.items():
    register_adapter(_type, _adapter)
for _class in (ISQLQuote, AsIs, Int, Float, Boolean, QuotedString, Binary, SQL_IN, NoneAdapter):
    _class.__module__ = "psycopg2.extensions"
for _class in (Decimal, List, DateTime):
    _class.__module__ = "psycopg2._psycopg"
DateTime.__name__ = DateTime.__qualname__ = "datetime"
