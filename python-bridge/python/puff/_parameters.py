"""From Python values to Postgres's text format, with the types that psycopg 3 gives them."""

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import json
import re
import uuid
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from puff._context import ParentColumn
from puff._errors import PlanError
from puff._streams import EventSymbol
from puff._trace import Symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

TypedText: TypeAlias = tuple[int, str | None]
Parameter: TypeAlias = TypedText | dict[str, Any]

_INFER = 0
_BOOL, _BYTEA, _INT8, _INT2, _INT4, _FLOAT8, _NUMERIC, _UUID, _JSONB = 16, 17, 20, 21, 23, 701, 1700, 2950, 3802
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ, _INTERVAL, _TIMETZ = 1082, 1083, 1114, 1184, 1186, 1266
_INET, _CIDR = 869, 650

ARRAY_OIDS = {
    _BOOL: 1000, _BYTEA: 1001, _INT8: 1016, _INT2: 1005, _INT4: 1007, _FLOAT8: 1022, _NUMERIC: 1231, _UUID: 2951,
    _JSONB: 3807, _DATE: 1182, _TIME: 1183, _TIMESTAMP: 1115, _TIMESTAMPTZ: 1185, _INTERVAL: 1187, _TIMETZ: 1270,
    _INET: 1041, _CIDR: 651,
}  # fmt: skip
"""From a type's OID to its array's."""


def to_parameter(value: Any) -> Parameter:
    """Gives the form in which a value crosses the bridge.

    Args:
        value: Any value that psycopg 3 takes, a dict (as jsonb), a tuple or set (as a list), or a parents' symbol.

    Returns:
        `(oid, text)`, where OID 0 lets Postgres infer the type, or a symbol: `{"parent": column}`,
        `{"argument": path, "as": kind}`, `{"claim": path, "as": kind}`, `{"event": path}`,
        or a list with arguments or claims: `{"items": […]}`.

    Raises:
        PlanError: The value has no form in Postgres.

    Example:
        >>> to_parameter(40000)
        (23, '40000')
    """
    if value is None:
        return (_INFER, None)
    if type(value) is ParentColumn:
        return {"parent": value.column}
    if type(value) is EventSymbol:
        return {"event": value.path}
    if type(value) is Symbol:
        return value.parameter
    if type(value) in (list, tuple) and any(type(item) is Symbol for item in value):
        return {"items": [to_parameter(item) for item in value]}
    return _dumper_of(type(value))(value)


def _dumper_of(cls: type) -> Callable[[Any], TypedText]:
    dumper = _dumpers.get(cls)
    if dumper is None:
        dumper = _dumpers[cls] = _inherited(cls)
    return dumper


def _inherited(cls: type) -> Callable[[Any], TypedText]:
    """Finds a base class's dumper in the order of the MRO, as psycopg does: of a StrEnum that is str's."""
    for base in cls.__mro__:
        if base is enum.Enum:
            return _dump_enum
        if base in _dumpers:
            return _dumpers[base]
    raise PlanError(
        f"a {cls.__name__} can't be a parameter of a statement: "
        "give a str, number, bool, date, time, UUID, bytes, dict, Enum or a list of them"
    )


def _dump_int(value: int) -> TypedText:
    value = int(value)  # an IntEnum's text would be its name
    if -0x8000 <= value < 0x8000:
        oid = _INT2
    elif -0x80000000 <= value < 0x80000000:
        oid = _INT4
    else:
        oid = _INT8 if -0x8000000000000000 <= value < 0x8000000000000000 else _NUMERIC
    return (oid, str(value))


def _dump_str(value: str) -> TypedText:
    text = str.__str__(value)  # a StrEnum's too
    if "\0" in text:
        raise PlanError("Postgres's texts can't hold the character NUL")
    return (_INFER, text)


def _dump_enum(value: enum.Enum) -> TypedText:
    return (_INFER, value.name)


def _dump_decimal(value: decimal.Decimal) -> TypedText:
    return (_NUMERIC, "NaN" if value.is_nan() else str(value))


def _dump_datetime(value: datetime.datetime) -> TypedText:
    return (_TIMESTAMPTZ if value.tzinfo else _TIMESTAMP, datetime.datetime.isoformat(value, " "))


def _dump_time(value: datetime.time) -> TypedText:
    if value.tzinfo is None:
        return (_TIME, value.isoformat())
    if value.utcoffset() is None:
        raise PlanError(f"the offset of the time {value!r} is not known without a date: use datetime")
    return (_TIMETZ, value.isoformat())


def _dump_timedelta(value: datetime.timedelta) -> TypedText:
    return (_INTERVAL, str(value).replace(",", ""))  # `-1 day 0:00:05`, whatever the session's IntervalStyle


def _dump_bytes(value: bytes | bytearray | memoryview) -> TypedText:
    return (_BYTEA, "\\x" + bytes(value).hex())


def _dump_dict(value: dict[str, Any]) -> TypedText:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PlanError(f"a dict is sent as jsonb, and this one is no JSON: {error}") from None
    return (_JSONB, text)


def _dump_sequence(value: Iterable[Any]) -> TypedText:
    return _dump_list(list(value))


def _dump_list(value: Sequence[Any]) -> TypedText:
    """Dumps an array of its items' type, the widest where they are ints; of texts or of nothing, it is inferred."""
    item_types: dict[int, type] = {}
    text = _array_text(value, item_types, 0)
    oid = max(item_types, key=_WIDTH.__getitem__) if len(item_types) > 1 and _widens(item_types) else None
    if oid is None:
        if len(item_types) > 1:
            names = ", ".join(sorted({cls.__name__ for cls in item_types.values()}))
            raise PlanError(f"the items of an array have one type, and these have several: {names}")
        oid = next(iter(item_types), _INFER)
    return (ARRAY_OIDS[oid] if oid else _INFER, text)


def _widens(item_types: dict[int, type]) -> bool:
    """Tells whether values of several Postgres types are of one in Python: ints, or datetimes."""
    return item_types.keys() <= _WIDTH.keys() and any(
        all(issubclass(cls, family) for cls in item_types.values()) for family in _FAMILIES
    )


_FAMILIES = (int, datetime.datetime, datetime.time)
_WIDTH = {_INT2: 1, _INT4: 2, _INT8: 3, _NUMERIC: 4, _TIMESTAMP: 1, _TIMESTAMPTZ: 2, _TIME: 1, _TIMETZ: 2}
_MAX_DIMENSIONS = 6  # Postgres's own
_needs_quotes = re.compile(r'(?i)^$|["{},\\\s]|^null$').search


def _array_text(values: Sequence[Any], oids: dict[int, type], depth: int) -> str:
    if depth == _MAX_DIMENSIONS:
        raise PlanError(f"Postgres's arrays have {_MAX_DIMENSIONS} dimensions at most")
    parts: list[str] = []
    for item in values:
        if item is None:
            parts.append("NULL")
        elif isinstance(item, list | tuple | set | frozenset | ParentColumn):
            parts.append(_array_text(list(cast("Iterable[Any]", item)), oids, depth + 1))
        else:
            oid, text = _dumper_of(type(item))(item)
            oids[oid] = type(item)
            text = text or ""
            parts.append('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' if _needs_quotes(text) else text)
    return "{" + ",".join(parts) + "}"


_dumpers: dict[type, Callable[[Any], TypedText]] = {
    bool: lambda value: (_BOOL, "t" if value else "f"),
    int: _dump_int,
    float: lambda value: (_FLOAT8, float.__repr__(value)),
    str: _dump_str,
    decimal.Decimal: _dump_decimal,
    datetime.datetime: _dump_datetime,
    datetime.date: lambda value: (_DATE, value.isoformat()),
    datetime.time: _dump_time,
    datetime.timedelta: _dump_timedelta,
    uuid.UUID: lambda value: (_UUID, value.hex),
    bytes: _dump_bytes,
    bytearray: _dump_bytes,
    memoryview: _dump_bytes,
    Symbol: Symbol.need,  # within a list of lists
    list: _dump_list,
    tuple: _dump_sequence,
    set: _dump_sequence,
    frozenset: _dump_sequence,
    range: _dump_sequence,
    dict: _dump_dict,
    ipaddress.IPv4Address: lambda value: (_INET, str(value)),
    ipaddress.IPv6Address: lambda value: (_INET, str(value)),
    ipaddress.IPv4Interface: lambda value: (_INET, str(value)),
    ipaddress.IPv6Interface: lambda value: (_INET, str(value)),
    ipaddress.IPv4Network: lambda value: (_CIDR, str(value)),
    ipaddress.IPv6Network: lambda value: (_CIDR, str(value)),
}
