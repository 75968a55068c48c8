"""From Postgres's texts to Python's values: the casters, and where they are registered."""

from __future__ import annotations

import decimal
import json
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.base import BaseConnection, BaseCursor
from psycopg2._protocol.exceptions import InterfaceError
from psycopg2._read import arrays, dates

if TYPE_CHECKING:
    from collections.abc import Callable

    Cast = Callable[[str | None, Any], Any]


class Typecaster:
    """Makes a value of a text. It equals the OIDs of its types, as DB-API's type objects do.

    Args:
        values: OIDs of its types.
        name: Its name.
        cast: Called with the text, or None for NULL, and the cursor.
        plain: What makes a value of a text that is not NULL, where no cursor is needed for it.
    """

    def __init__(
        self, values: tuple[int, ...], name: str, cast: Cast | None, plain: Callable[[str], Any] | None = None
    ) -> None:
        self.values = values
        self.name = name
        self._cast = cast
        self._plain = plain
        #: The bytes as they are, in the connection's encoding.
        self._raw = False

    def __call__(self, value: Any, cur: Any = None, /) -> Any:
        """Casts a text, as `str` or bytes in the connection's encoding."""
        if value is not None and not isinstance(value, str):
            codec = _codec(cur)
            value = bytes(memoryview(value)).decode(codec)
        return self._apply(value, cur)

    def _apply(self, text: str | None, cur: Any) -> Any:
        if self._cast is not None:
            return self._cast(text, cur)
        if text is None:
            return None
        if self._raw:
            return text.encode(_codec(cur))
        return text if self._plain is None else self._plain(text)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Typecaster):
            return other is self or bool(set(other.values) & set(self.values))
        return other in self.values if isinstance(other, int) else NotImplemented

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.type {self.name!r} at {id(self):#x}>"


Typecaster.__module__ = "psycopg2._psycopg"
Typecaster.__name__ = Typecaster.__qualname__ = "type"


def _codec(cur: Any) -> str:
    conn = getattr(cur, "connection", None)
    return "utf-8" if conn is None else conn._codec


def new_type(oids: tuple[int, ...], name: str = "", castobj: Any = None) -> Typecaster:
    """A caster for types: `castobj(text_or_None, cursor)` makes their values."""
    return Typecaster(_oids(oids, name), name, castobj)


def new_array_type(values: tuple[int, ...], name: str, baseobj: Typecaster) -> Typecaster:
    """A caster for arrays, whose items `baseobj` casts."""
    if not isinstance(baseobj, Typecaster):
        raise TypeError(f"argument 3 must be psycopg2._psycopg.type, not {type(baseobj).__name__}")
    return Typecaster(_oids(values, name), name, arrays.array_cast(baseobj._apply))


def _oids(values: Any, name: Any) -> tuple[int, ...]:
    for position, value, kind in ((1, values, tuple), (2, name, str)):
        if not isinstance(value, kind):
            raise TypeError(f"argument {position} must be {kind.__name__}, not {type(value).__name__}")
    if not all(isinstance(one, int) for one in values):
        raise TypeError("an integer is required")
    return values


#: Casters of all connections, by OID.
string_types: dict[int, Typecaster] = {}
#: Casters of values in binary format, which psycopg2 never asks for.
binary_types: dict[int, Typecaster] = {}


def register_type(obj: Typecaster, conn_or_curs: BaseConnection | BaseCursor | None = None) -> None:
    """Has a caster used, by one connection, one cursor, or all connections."""
    if not isinstance(obj, Typecaster):
        raise TypeError(f"argument 1 must be psycopg2._psycopg.type, not {type(obj).__name__}")
    if conn_or_curs is None:
        registry = string_types
    elif isinstance(conn_or_curs, BaseConnection):
        registry = conn_or_curs.string_types
    elif isinstance(conn_or_curs, BaseCursor):
        if conn_or_curs.string_types is None:
            conn_or_curs.string_types = {}
        registry = conn_or_curs.string_types
    else:
        raise TypeError("argument 2 must be a connection, cursor or None")
    for oid in obj.values:
        registry[oid] = obj


def _boolean(text: str) -> bool:
    if text[:1] in {"t", "T"}:
        return True
    if text[:1] in {"f", "F"}:
        return False
    raise InterfaceError(f"can't parse boolean: '{text}'")


def _binary(text: str) -> memoryview[bytes]:
    if text.startswith("\\x"):
        digits = text[2:]
        return _view(bytes.fromhex(digits if len(digits) % 2 == 0 else digits[:-1]))
    out = bytearray()
    at = 0
    while at < len(text):
        if text[at] != "\\":
            out += text[at].encode()
            at += 1
        elif text[at + 1 : at + 2].isdigit():
            out.append(int(text[at + 1 : at + 4], 8))
            at += 4
        else:
            out += text[at + 1 : at + 2].encode()
            at += 2
    return _view(bytes(out))


def _view(data: bytes) -> memoryview[bytes]:
    """The items in psycopg2 are bytes of length 1."""
    return memoryview(data).cast("c")


def _make(
    name: str,
    values: tuple[int, ...],
    plain: Callable[[str], Any] | None = None,
    cast: Cast | None = None,
    array: tuple[int, ...] = (),
) -> tuple[Typecaster, Typecaster]:
    base = Typecaster(values, name, cast, plain)
    items = Typecaster(array, name + "ARRAY", arrays.array_cast(base._apply))
    return base, items


_TEXTS = (19, 18, 25, 1042, 1043)
_TEXT_ARRAYS = (1002, 1003, 1009, 1014, 1015)

NUMBER = Typecaster((20, 23, 21, 701, 700, 1700), "NUMBER", None, float)
LONGINTEGER, LONGINTEGERARRAY = _make("LONGINTEGER", (20,), int, array=(1016,))
INTEGER, INTEGERARRAY = _make("INTEGER", (23, 21), int, array=(1005, 1006, 1007))
FLOAT, FLOATARRAY = _make("FLOAT", (701, 700), float, array=(1021, 1022))
DECIMAL, DECIMALARRAY = _make("DECIMAL", (1700,), decimal.Decimal, array=(1231,))
STRING, STRINGARRAY = _make("STRING", _TEXTS, array=_TEXT_ARRAYS)
UNICODE, UNICODEARRAY = _make("UNICODE", _TEXTS, array=_TEXT_ARRAYS)
BYTES, BYTESARRAY = _make("BYTES", _TEXTS, array=_TEXT_ARRAYS)
BYTES._raw = True
BOOLEAN, BOOLEANARRAY = _make("BOOLEAN", (16,), _boolean, array=(1000,))
DATETIME, DATETIMEARRAY = _make("DATETIME", (1114,), cast=dates.cast_moment, array=(1115,))
DATETIMETZ, DATETIMETZARRAY = _make("DATETIMETZ", (1184,), cast=dates.cast_zoned_moment, array=(1185,))
TIME, TIMEARRAY = _make("TIME", (1083, 1266), cast=dates.cast_time, array=(1183, 1270))
DATE, DATEARRAY = _make("DATE", (1082,), dates.parse_date, array=(1182,))
INTERVAL, INTERVALARRAY = _make("INTERVAL", (704, 1186), dates.parse_interval, array=(1187,))
PYDATETIME, PYDATETIMEARRAY = _make("PYDATETIME", (1114,), cast=dates.cast_moment, array=(1115,))
PYDATETIMETZ, PYDATETIMETZARRAY = _make("PYDATETIMETZ", (1184,), cast=dates.cast_zoned_moment, array=(1185,))
PYTIME, PYTIMEARRAY = _make("PYTIME", (1083, 1266), cast=dates.cast_time, array=(1183, 1270))
PYDATE, PYDATEARRAY = _make("PYDATE", (1082,), dates.parse_date, array=(1182,))
PYINTERVAL, PYINTERVALARRAY = _make("PYINTERVAL", (704, 1186), dates.parse_interval, array=(1187,))
BINARY, BINARYARRAY = _make("BINARY", (17,), _binary, array=(1001,))
ROWID, ROWIDARRAY = _make("ROWID", (26,), int, array=(1028, 1013))
UNKNOWN = Typecaster((705,), "UNKNOWN", None)
CIDRARRAY, INETARRAY, MACADDRARRAY = (
    Typecaster((oid,), name, arrays.array_cast(STRING._apply))
    for oid, name in ((651, "CIDRARRAY"), (1041, "INETARRAY"), (1040, "MACADDRARRAY"))
)
JSON, JSONARRAY = _make("JSON", (114,), json.loads, array=(199,))
JSONB, JSONBARRAY = _make("JSONB", (3802,), json.loads, array=(3807,))

#: What casts a type that nothing is registered for.
default = STRING

for _caster in (
    *(LONGINTEGER, LONGINTEGERARRAY, INTEGER, INTEGERARRAY, FLOAT, FLOATARRAY, DECIMAL, DECIMALARRAY),
    *(STRING, STRINGARRAY, BOOLEAN, BOOLEANARRAY, DATETIME, DATETIMEARRAY, DATETIMETZ, DATETIMETZARRAY),
    *(TIME, TIMEARRAY, DATE, DATEARRAY, INTERVAL, INTERVALARRAY, BINARY, BINARYARRAY, ROWID, ROWIDARRAY),
    *(UNKNOWN, CIDRARRAY, INETARRAY, MACADDRARRAY, JSON, JSONARRAY, JSONB, JSONBARRAY),
):
    for _oid in _caster.values:
        string_types[_oid] = _caster
