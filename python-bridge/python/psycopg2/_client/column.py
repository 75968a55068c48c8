"""Columns of results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2._protocol.wire import Result

_NUMERIC = 1700
_NAMES = ("name", "type_code", "display_size", "internal_size", "precision", "scale", "null_ok")


class Column:
    """A column of a result: DB-API's seven values as a sequence, with names, and its table beside them."""

    __slots__ = (*_NAMES, "table_column", "table_oid")

    name: Any
    type_code: Any
    display_size: Any
    internal_size: Any
    precision: Any
    scale: Any
    null_ok: Any
    table_oid: Any
    table_column: Any

    def __init__(self, *values: Any, **named: Any) -> None:
        names = (*_NAMES, "table_oid", "table_column")
        if len(values) > len(names):
            raise TypeError(f"Column() takes at most {len(names)} arguments ({len(values)} given)")
        for index, name in enumerate(names):
            setattr(self, name, values[index] if index < len(values) else named.pop(name, None))
        if named:
            raise TypeError(f"Column() got an unexpected keyword argument {next(iter(named))!r}")

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in _NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __getitem__(self, index: Any) -> Any:
        return self._values()[index]

    def __eq__(self, other: object) -> bool:
        return self._values() == (other._values() if isinstance(other, Column) else other)

    def __lt__(self, other: Any) -> bool:
        return self._values() < (other._values() if isinstance(other, Column) else other)

    def __le__(self, other: Any) -> bool:
        return self._values() <= (other._values() if isinstance(other, Column) else other)

    def __gt__(self, other: Any) -> bool:
        return self._values() > (other._values() if isinstance(other, Column) else other)

    def __ge__(self, other: Any) -> bool:
        return self._values() >= (other._values() if isinstance(other, Column) else other)

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name, value in (("name", self.name), ("type_code", self.type_code))]
        return f"Column({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Column, (*self._values(), self.table_oid, self.table_column)


Column.__module__ = "psycopg2.extensions"


def describe(result: Result, decode: Any) -> tuple[Column, ...]:
    """The columns of a result."""
    return tuple(
        Column(
            decode(name),
            oid,
            None,
            _size(oid, size, modifier),
            *_precision(oid, modifier),
            None,
            table or None,
            number or None,
        )
        for name, oid, size, modifier, table, number in result.columns
    )


def _size(oid: int, size: int, modifier: int) -> int:
    if size != -1:
        return size
    width = modifier - 4 if modifier > 0 else modifier
    return width >> 16 if oid == _NUMERIC else width


def _precision(oid: int, modifier: int) -> tuple[int | None, int | None]:
    if oid != _NUMERIC or modifier <= 0:
        return None, None
    width = modifier - 4
    return (width >> 16) & 0xFFFF, width & 0xFFFF
