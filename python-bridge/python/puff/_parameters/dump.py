"""From Python values to Postgres's text format, with the types that psycopg 3 gives them."""

from __future__ import annotations

import datetime
import decimal
import enum
import ipaddress
import sys
import uuid
from typing import TYPE_CHECKING, Any, cast

from puff._errors import PlanError
from puff._parameters.typed import TypedText, array_text
from puff._symbols.parents import ParentColumn
from puff._symbols.value import Symbol
from puff._wire.given import (
    BigIntArgument,
    DurationArgument,
    FrozensetArgument,
    JsonFloat,
    JsonInt,
    JsonList,
    JsonStr,
    ListArgument,
    SetArgument,
    TimeArgument,
    TupleArgument,
    dump_json,
)
from puff._wire.oids import (
    ARRAY_OIDS,
    BOOL,
    BYTEA,
    CIDR,
    DATE,
    FLOAT8,
    INET,
    INFER,
    INT2,
    INT4,
    INT8,
    INTERVAL,
    JSONB,
    NUMERIC,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    UUID,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


def dump(value: Any) -> TypedText:
    """Gives a value that is not a symbol in Postgres's text format, with its type."""
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
    if hasattr(cls, "__conform__") or _is_registered(cls):
        from puff._parameters.adapted import dump_adapted  # few interpreters ever need it

        return lambda value: dump_adapted(value, dump)
    raise PlanError(
        f"a {cls.__name__} can't be a parameter of a statement: "
        "give a str, number, bool, date, time, UUID, bytes, dict, Enum or a list of them"
    )


def _is_registered(cls: type) -> bool:
    """Tells whether psycopg2, where it is used, knows how to write a value."""
    adapters: Any = sys.modules.get("psycopg2._write.adapters")
    return adapters is not None and any((base, adapters.ISQLQuote) in adapters.adapters for base in cls.__mro__)


def _dump_int(value: int) -> TypedText:
    value = int(value)  # an IntEnum's text would be its name
    return (INT4, str(value)) if -0x80000000 <= value < 0x80000000 else _dump_big_int(value)


def _dump_big_int(value: int) -> TypedText:
    return (INT8 if -0x8000000000000000 <= value < 0x8000000000000000 else NUMERIC, int.__repr__(value))


def _dump_str(value: str) -> TypedText:
    text = str.__str__(value)  # a StrEnum's too
    if "\0" in text:
        raise PlanError("Postgres can't store the character NUL in text")
    return (INFER, _checked(text))


def _checked(text: str) -> str:
    """Refuses the halves of characters that JavaScript's and Python's texts may hold, and no UTF-8."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise PlanError("Postgres can't store a lone surrogate, which is half a character") from None
    return text


def _dump_enum(value: enum.Enum) -> TypedText:
    return (INFER, value.name)


def _dump_decimal(value: decimal.Decimal) -> TypedText:
    return (NUMERIC, "NaN" if value.is_nan() else str(value))


def _dump_datetime(value: datetime.datetime) -> TypedText:
    return (TIMESTAMPTZ if value.tzinfo else TIMESTAMP, datetime.datetime.isoformat(value, " "))


def _dump_time(value: datetime.time) -> TypedText:
    if value.tzinfo is None:
        return (TIME, value.isoformat())
    if value.utcoffset() is None:
        raise PlanError(f"the offset of the time {value!r} is not known without a date: use datetime")
    return (TIMETZ, value.isoformat())


def _dump_timedelta(value: datetime.timedelta) -> TypedText:
    return (INTERVAL, str(value).replace(",", ""))  # `-1 day 0:00:05`, whatever the session's IntervalStyle


def _dump_bytes(value: bytes | bytearray | memoryview) -> TypedText:
    return (BYTEA, "\\x" + bytes(value).hex())


def _dump_dict(value: dict[str, Any]) -> TypedText:
    try:
        return _dump_json(value)
    except (TypeError, ValueError) as error:
        raise PlanError(f"a dict is sent as jsonb, but this one is not JSON: {error}") from None


def _dump_json(value: Any) -> TypedText:
    return (JSONB, _checked(dump_json(value)))


def _dump_given_time(value: TimeArgument) -> TypedText:
    oid, text = _dump_time(value)
    return (oid, getattr(value, "sent", text))  # what is made of it has no text


def _dump_given_timedelta(value: DurationArgument) -> TypedText:
    return (INTERVAL, getattr(value, "sent", None) or _dump_timedelta(value)[1])


def _dump_given_list(value: ListArgument | TupleArgument | SetArgument | FrozensetArgument) -> TypedText:
    of = getattr(value, "of", None)
    if of is None:
        return _dump_sequence(value)
    if of.kind == "json":
        return (ARRAY_OIDS[JSONB], _array_text(_json_items(value, of.dimensions), {}, 0))
    return _dump_list(list(value), _ITEMS[of.kind])


def _json_items(values: Iterable[Any], dimensions: int) -> list[Any]:
    if dimensions > 1:
        return [None if value is None else _json_items(value, dimensions - 1) for value in values]
    return [None if value is None else _dump_json(value)[1] for value in values]


def _dump_sequence(value: Iterable[Any]) -> TypedText:
    return _dump_list(list(value))


def _dump_list(value: Sequence[Any], empty: int = INFER) -> TypedText:
    """Dumps an array of its items' type, the widest where they are ints; of texts it is inferred.

    Args:
        value: The items.
        empty: The type where there are none, or all are None.
    """
    item_types: dict[int, type] = {}
    text = _array_text(value, item_types, 0)
    oid = max(item_types, key=_WIDTH.__getitem__) if len(item_types) > 1 and _widens(item_types) else None
    if oid is None:
        if len(item_types) > 1:
            names = ", ".join(sorted({cls.__name__ for cls in item_types.values()}))
            raise PlanError(f"the items of an array have one type, and these have several: {names}")
        oid = next(iter(item_types), empty)
    if oid and not text.strip("{},"):
        text = "{}"  # lists of empty lists: Postgres has one empty array
    return (ARRAY_OIDS[oid] if oid else INFER, _EMPTY if text == "{}" and not oid else text)


def _widens(item_types: dict[int, type]) -> bool:
    """Tells whether values of several Postgres types are of one in Python: ints, or datetimes."""
    return item_types.keys() <= _WIDTH.keys() and any(
        all(issubclass(cls, family) for cls in item_types.values()) for family in _FAMILIES
    )


_EMPTY = "\f{}"
"""An empty array of any type: the host's EMPTY_LIST."""
_FAMILIES = (int, datetime.datetime, datetime.time)
_ITEMS = {
    "int": INT4, "bigint": INT8, "float": FLOAT8, "decimal": NUMERIC, "uuid": UUID, "bool": BOOL,
    "datetime": TIMESTAMPTZ, "date": DATE, "time": TIME, "duration": INTERVAL, "bytes": BYTEA,
}  # fmt: skip
_WIDTH = {INT2: 1, INT4: 2, INT8: 3, NUMERIC: 4, TIMESTAMP: 1, TIMESTAMPTZ: 2, TIME: 1, TIMETZ: 2}
_MAX_DIMENSIONS = 6  # Postgres's own


def _array_text(values: Sequence[Any], oids: dict[int, type], depth: int) -> str:
    if depth == _MAX_DIMENSIONS:
        raise PlanError(f"Postgres's arrays have {_MAX_DIMENSIONS} dimensions at most")
    parts: list[str] = []
    for item in values:
        if item is None:
            parts.append("NULL")
        elif isinstance(item, list | tuple | set | frozenset | ParentColumn) and type(item) is not JsonList:
            parts.append(_array_text(list(cast("Iterable[Any]", item)), oids, depth + 1))
        else:
            oid, text = _dumper_of(type(item))(item)
            oids[oid] = type(item)
            parts.append(array_text(text or ""))
    return "{" + ",".join(parts) + "}"


_dumpers: dict[type, Callable[[Any], TypedText]] = {
    bool: lambda value: (BOOL, "t" if value else "f"),
    int: _dump_int,
    float: lambda value: (FLOAT8, float.__repr__(value)),
    str: _dump_str,
    decimal.Decimal: _dump_decimal,
    datetime.datetime: _dump_datetime,
    datetime.date: lambda value: (DATE, value.isoformat()),
    datetime.time: _dump_time,
    datetime.timedelta: _dump_timedelta,
    uuid.UUID: lambda value: (UUID, value.hex),
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
    BigIntArgument: _dump_big_int,
    TimeArgument: _dump_given_time,
    DurationArgument: _dump_given_timedelta,
    JsonInt: _dump_json,
    JsonFloat: _dump_json,
    JsonStr: _dump_json,
    JsonList: _dump_json,
    ListArgument: _dump_given_list,
    TupleArgument: _dump_given_list,
    SetArgument: _dump_given_list,
    FrozensetArgument: _dump_given_list,
    ipaddress.IPv4Address: lambda value: (INET, str(value)),
    ipaddress.IPv6Address: lambda value: (INET, str(value)),
    ipaddress.IPv4Interface: lambda value: (INET, str(value)),
    ipaddress.IPv6Interface: lambda value: (INET, str(value)),
    ipaddress.IPv4Network: lambda value: (CIDR, str(value)),
    ipaddress.IPv6Network: lambda value: (CIDR, str(value)),
}
