"""Arguments as Python sees them: each an ordinary value that also remembers which scalar was sent, and how.

Python has one int, one list and one timedelta, where Postgres has `int4` and `int8`, `int4[]` and `jsonb`, a month and
30 days. What is passed on to a statement unchanged reaches it as the client sent it; what is computed with is what
Python makes of it.
"""

from __future__ import annotations

import datetime
import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class BigIntArgument(int):
    """A `BigInt`: an `int8`, however small."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as an int."""
        return (int, (int(self),))


class TimeArgument(datetime.time):
    """A `Time` that `datetime.time` can't hold, such as 24:00, beside the one nearest to it."""

    __slots__ = ("sent",)
    sent: str

    def __repr__(self) -> str:
        """Shows a time."""
        return repr(_plain_time(self))

    def __reduce_ex__(self, _protocol: Any, /) -> tuple[Any, ...]:
        """Copies and pickles as a time."""
        return _plain_time(self).__reduce__()  # type: ignore[return-value]  # of a class in C: a tuple


class DurationArgument(datetime.timedelta):
    """A `Duration`: its months, days and hours are apart, as they are in Postgres."""

    __slots__ = ("sent",)
    sent: str

    def __repr__(self) -> str:
        """Shows a timedelta."""
        return repr(_plain_timedelta(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a timedelta."""
        return _plain_timedelta(self).__reduce__()  # type: ignore[return-value]  # of a class in C: a tuple


class JsonInt(int):
    """A number among JSON, or a part of it."""

    __slots__ = ()
    __reduce__ = BigIntArgument.__reduce__


class ExactFloat(float):
    """A number of JSON that Python would print otherwise: `1.50`, or one that a float rounds."""

    __slots__ = ("sent",)
    sent: str

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a float."""
        return (float, (float(self),))


class JsonFloat(ExactFloat):
    """A number with a point or an exponent among JSON."""

    __slots__ = ()


class JsonStr(str):
    """A text that is JSON's, and no text of JSON."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a str."""
        return (str, (str(self),))


class JsonList(list[Any]):
    """A list that is JSON's, and no array."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a list."""
        return (list, (list(self),))


class Items(NamedTuple):
    """What a list's annotation says of its items."""

    kind: str
    """Of the scalars in it, as TypeScript's ScalarKind."""
    dimensions: int


class ListArgument(list[Any]):
    """A list whose items don't tell what they are: there are none, or they are JSON."""

    of: Items

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a list."""
        return (list, (list(self),))


class TupleArgument(tuple[Any, ...]):  # noqa: SLOT001  # a tuple has room for no slot
    """Such a tuple."""

    of: Items

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a tuple."""
        return (tuple, (tuple(self),))


class SetArgument(set[Any]):
    """Such a set."""

    of: Items

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a set."""
        return (set, (set(self),))


class FrozensetArgument(frozenset[Any]):
    """Such a frozenset."""

    of: Items

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles as a frozenset."""
        return (frozenset, (frozenset(self),))


_CONTAINERS: dict[Any, Any] = {
    list: ListArgument, tuple: TupleArgument, set: SetArgument, frozenset: FrozensetArgument,
}  # fmt: skip


def time_argument(value: datetime.time, sent: str) -> datetime.time:
    """Gives a time that remembers its text."""
    argument = TimeArgument(value.hour, value.minute, value.second, value.microsecond, value.tzinfo)
    argument.sent = sent
    return argument


def duration_argument(value: datetime.timedelta, sent: str) -> datetime.timedelta:
    """Gives a timedelta that remembers its text."""
    argument = DurationArgument(value.days, value.seconds, value.microseconds)
    argument.sent = sent
    return argument


class Bools:
    """The arguments of a call that are bools: there are but two objects, which can't remember anything."""

    __slots__ = ("json", "others")

    def __init__(self) -> None:
        self.json: list[bool] = []
        self.others: list[bool] = []


_bools: ContextVar[Bools | None] = ContextVar("puff_bools", default=None)


def begin_call() -> None:
    """Forgets the arguments of the call before."""
    _bools.set(None)


def json_bools() -> Bools | None:
    """Gives the bools among the arguments of the call that runs, where JSON is among them."""
    bools = _bools.get()
    return bools if bools is not None and bools.json else None


def _note() -> Bools:
    bools = _bools.get()
    if bools is None:
        bools = Bools()
        _bools.set(bools)
    return bools


def bool_argument(value: bool) -> bool:
    """Notes a Boolean."""
    _note().others.append(value)
    return value


def json_argument(value: Any) -> Any:
    """Gives a JSON value that remembers that it is JSON, which dicts are anyway."""
    wrapped = _JSON.get(type(value))
    if wrapped is not None:
        return wrapped(value)
    if type(value) is bool:
        _note().json.append(value)
    return value


def _json_float(value: float) -> JsonFloat:
    argument = JsonFloat(value)
    argument.sent = value.sent if isinstance(value, ExactFloat) else float.__repr__(value)
    return argument


_JSON: dict[type, Any] = {
    int: JsonInt, float: _json_float, ExactFloat: _json_float, str: JsonStr, list: JsonList,
}  # fmt: skip

_exact: ContextVar[bool] = ContextVar("puff_exact", default=False)


def load_batch(text: str) -> Any:
    """Parses JSON with arguments in it: floats that Python would change remember their texts."""
    _exact.set(False)
    return _decoder.decode(text)


def _load_float(number: str) -> float:
    value = float(number)
    if float.__repr__(value) == number:
        return value
    _exact.set(True)
    exact = ExactFloat(value)
    exact.sent = number
    return exact


_decoder = json.JSONDecoder(parse_float=_load_float)


def dump_json(value: Any) -> str:
    """Prints a value as JSON, floats of arguments as they were sent.

    Raises:
        TypeError: It is not JSON.
        ValueError: A number in it is not finite.
    """
    return _dump_exact(value) if _exact.get() else json.dumps(value, ensure_ascii=False, allow_nan=False)


def _dump_exact(value: Any) -> str:
    if isinstance(value, ExactFloat):
        return value.sent
    if isinstance(value, dict):
        fields: dict[Any, Any] = value
        return "{" + ", ".join(f"{_dump_key(key)}: {_dump_exact(inner)}" for key, inner in fields.items()) + "}"
    if isinstance(value, list | tuple):
        items: Iterable[Any] = value
        return "[" + ", ".join(map(_dump_exact, items)) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _dump_key(key: Any) -> str:
    return json.dumps({key: 0}, ensure_ascii=False, allow_nan=False)[1:-4]


def list_argument(values: Any, of: Items) -> Any:
    """Gives a list, tuple or set of an argument: one that remembers what its items are, where they don't tell."""
    if of.kind != "json" and _tells(values):
        return values
    argument = _CONTAINERS[type(values)](values)
    argument.of = of
    return argument


def _tells(values: Any) -> bool:
    return any(_tells(value) if isinstance(value, list | tuple) else value is not None for value in values)


def _plain_time(value: datetime.time) -> datetime.time:
    return datetime.time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)


def _plain_timedelta(value: datetime.timedelta) -> datetime.timedelta:
    return datetime.timedelta(value.days, value.seconds, value.microseconds)
