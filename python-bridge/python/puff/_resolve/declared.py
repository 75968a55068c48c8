"""What JSON holds, as the types that fields declare: numbers keep their digits."""

from __future__ import annotations

import decimal
import json
import math
import uuid
from typing import TYPE_CHECKING, Any

from puff._resolve.unreadable import load_each
from puff._wire import oids
from puff._wire.columns import (
    load_arrays,
    load_date,
    load_datetime,
    load_interval,
    load_texts,
    load_time,
    load_wire,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from puff._schema.runtime import RuntimeSchema
    from puff._types.refs import TypeRef

_JSON = (oids.JSON, oids.JSONB)


class Declared:
    """Reads the values of one field.

    Args:
        ref: The field's type; None: JSON is read as `json.loads` reads it.
        schema: The schema, which knows the fields of objects.
    """

    __slots__ = ("_ref", "_schema")

    def __init__(self, ref: TypeRef | None, schema: RuntimeSchema) -> None:
        self._ref = ref
        self._schema = schema

    def column(self, column: Mapping[str, Any]) -> list[Any]:
        """Gives the values of a column.

        Args:
            column: A ColumnValues.

        Returns:
            A Python value for each parent.

        Raises:
            ValueError: A value that Python's type can't hold, or that is none of the declared type.
        """
        if "values" in column:
            return [self._wire(value, self._ref) for value in column["values"]]
        oid, texts, delimiter = column["oid"], column["texts"], column.get("delimiter")
        if oid not in _JSON or self._ref is None:
            return load_texts(oid, texts) if delimiter is None else load_arrays(oid, delimiter, texts)
        if delimiter is None:
            return [self._json(text, self._ref) for text in texts]
        return [self._array(items, self._ref) for items in load_arrays(oids.TEXT, delimiter, texts)]

    def each(self, column: Mapping[str, Any]) -> list[Any]:
        """Gives the same, with an `Unreadable` in the place of each value that raises ValueError."""
        key = "values" if "values" in column else "texts"
        return load_each(lambda value: self.column({**column, key: [value]})[0], column[key])

    def _array(self, value: Any, ref: TypeRef | None) -> Any:
        if isinstance(value, list):
            items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType]
            inner = None if ref is None else ref.item
            return [self._array(item, inner) for item in items]
        return self._json(value, ref)

    def _wire(self, value: Any, ref: TypeRef | None) -> Any:
        if isinstance(value, list):
            items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType]
            inner = None if ref is None else ref.item
            return [self._wire(item, inner) for item in items]
        if isinstance(value, dict):
            form: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
            if "t" in form and form["t"][0] in _JSON:
                return self._json(form["t"][1], ref)
            if "o" in form:
                fields = self._fields(form["o"], ref)
                return {name: self._wire(item, fields.get(name)) for name, item in form["o"].items()}
        return load_wire(value)

    def _json(self, text: str | None, ref: TypeRef | None) -> Any:
        if text is None:
            return None
        if ref is None:
            return json.loads(text)
        return self._convert(json.loads(text, parse_int=_Number, parse_float=_Number), ref)

    def _convert(self, value: Any, ref: TypeRef | None) -> Any:
        if isinstance(value, list) and ref is not None and ref.item is not None:
            items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType]
            return [self._convert(item, ref.item) for item in items]
        if isinstance(value, dict):
            members: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
            fields = self._fields(members, ref)
            return {name: self._convert(item, fields.get(name)) for name, item in members.items()}
        convert = None if ref is None or value is None else _CONVERTERS.get(ref.holds or "")
        return _plain(value) if convert is None else convert(value)

    def _fields(self, members: Mapping[str, Any], ref: TypeRef | None) -> Mapping[str, TypeRef]:
        if ref is None or ref.is_leaf:
            return {}
        named = members.get("__typename")
        known = self._schema.types.get(named if isinstance(named, str) else ref.name)
        return {} if known is None else {name: column.type for name, column in known.columns.items()}


class _Number(str):
    """The text of a number."""

    __slots__ = ()


def _plain(value: Any) -> Any:
    """Gives what `json.loads` gives."""
    if isinstance(value, _Number):
        return int(value) if value.lstrip("-").isdigit() else float(value)
    if isinstance(value, list):
        items: Sequence[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [_plain(item) for item in items]
    return value


def _whole(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    number = _decimal(value)
    # A power of ten can be short and its digits more than memory holds.
    if number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        raise _unfit(value, "integer")
    return int(number)


_MOST_DIGITS = 400


def _float(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    number = float(value)
    if not math.isfinite(number):
        raise _unfit(value, "float")
    return number


def _decimal(value: Any) -> decimal.Decimal:
    try:
        if isinstance(value, str):
            return decimal.Decimal(str(value))
    except decimal.InvalidOperation:
        pass
    raise _unfit(value, "decimal number")


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str) else _plain(value)


def _bytes(text: str) -> bytes:
    if not text.startswith("\\x"):
        raise _unfit(text, "string of bytes such as \\x6100")
    return bytes.fromhex(text[2:])


def _of_text(load: Callable[[str], Any], kind: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str) or isinstance(value, _Number):
            raise _unfit(value, kind)
        return load(value)

    return read


def _unfit(value: Any, kind: str) -> ValueError:
    shown = repr(str(value) if isinstance(value, _Number) else _plain(value))
    article = "an" if kind[0] in "aeiou" else "a"
    return ValueError(f"{shown if len(shown) <= 60 else shown[:60] + '…'} in JSON can't be read as {article} {kind}")


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "int": _whole,
    "bigint": _whole,
    "float": _float,
    "decimal": _decimal,
    "str": _text,
    "uuid": _of_text(uuid.UUID, "UUID"),
    "datetime": _of_text(load_datetime, "datetime"),
    "date": _of_text(load_date, "date"),
    "time": _of_text(load_time, "time"),
    "duration": _of_text(load_interval, "duration"),
    "bytes": _of_text(_bytes, "string of bytes"),
}
"""By ScalarKind; what is not here is what `json.loads` gives."""
