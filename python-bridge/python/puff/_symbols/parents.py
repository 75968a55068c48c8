"""The parents' columns: symbols in plans, whose values may be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from puff._errors import NeedsParents
from puff._symbols.clauses import clause_of, expression_of


class Parents(Mapping[str, "ParentColumn"]):
    """The objects whose field is being resolved, by column. All columns can be asked for before any is known."""

    __slots__ = ("_absent", "_columns", "needed")

    def __init__(self, columns: Mapping[str, Callable[[], list[Any]]] | None, absent: str | None = None) -> None:
        self._columns = columns
        self._absent = absent
        self.needed: dict[str, None] = {}
        """Columns whose values were asked for and are not known: it outlives a resolver's `except BaseException`."""

    def __getitem__(self, column: str) -> ParentColumn:
        """Gives the symbol of a column: a parameter for a plan, or, iterated over, its distinct values."""
        if self._absent is not None:
            raise LookupError(self._absent)
        return ParentColumn(self, column)

    def __iter__(self) -> Iterator[str]:
        """Iterates over the names of the columns that are known."""
        return iter(self._columns or ())

    def __len__(self) -> int:
        """Counts the columns that are known."""
        return len(self._columns or ())

    def values_of(self, column: str) -> list[Any]:
        """Gives a value for each parent, or raises NeedsParents."""
        if self._absent is not None:
            raise LookupError(self._absent)
        columns = self._columns
        if columns is None or column not in columns:
            self.need(column)
        return columns[column]()

    def need(self, *columns: str) -> NoReturn:
        """Notes that the values of columns are needed, with those given already."""
        self.needed.update(dict.fromkeys([*(self._columns or ()), *columns]))
        raise NeedsParents(*columns)

    def rows(self, columns: Sequence[str]) -> list[tuple[Any, ...]]:
        """Gives the distinct tuples of the columns' values."""
        if isinstance(columns, str):
            raise TypeError(f"parent_values takes a list of columns: parent_values([{columns!r}])")
        names = tuple(columns)  # it may be an iterator
        if self._absent is None and (missing := [name for name in names if name not in (self._columns or ())]):
            self.need(*missing)
        return _distinct(zip(*map(self.values_of, names), strict=True))


class ParentColumn(Sequence[Any]):
    """A column of the parents: a symbol in plans, which needs no values, else a sequence of its distinct values."""

    __slots__ = ("_known", "_parents", "column")

    def __init__(self, parents: Parents, column: str) -> None:
        self._parents = parents
        self._known: list[Any] | None = None
        self.column = column

    def _values(self) -> list[Any]:
        if self._known is None:
            values = self._parents.values_of(self.column)
            self._known = [value for value in _distinct(values) if value is not None]
        return self._known

    def resolve_expression(self, *_: Any, **__: Any) -> Any:
        """Gives what stands for it after `__in` in a Django QuerySet."""
        return expression_of(self, many=True)

    def __clause_element__(self) -> Any:
        """Gives what stands for it within `in_()` in a SQLAlchemy statement."""
        return clause_of(self, many=True)

    def __repr__(self) -> str:
        """Names the symbol; the one thing that never needs its values."""
        return f"parents[{self.column!r}]"

    def __getitem__(self, index: Any) -> Any:
        """Gives one value, or a slice of them."""
        return self._values()[index]

    def __len__(self) -> int:
        """Counts the distinct values."""
        return len(self._values())

    def __iter__(self) -> Iterator[Any]:
        """Iterates over the distinct values that are not null."""
        return iter(self._values())

    def __contains__(self, value: object) -> bool:
        """Tells whether a parent has the value."""
        return value in self._values()

    def __bool__(self) -> bool:
        """Tells whether there are values."""
        return bool(self._values())

    def __eq__(self, other: object) -> bool:
        """Compares the values with another sequence's."""
        return self._values() == (list(other) if isinstance(other, Sequence) else other)

    def __hash__(self) -> int:
        """Fails as a list's does, once the values are known."""
        return hash(self._values())  # type: ignore[arg-type]  # raises TypeError, which is meant

    def __add__(self, other: Sequence[Any]) -> list[Any]:
        """Joins the values with others."""
        return self._values() + list(other)

    def __radd__(self, other: Sequence[Any]) -> list[Any]:
        """Joins others with the values."""
        return list(other) + self._values()

    def __lt__(self, other: Any) -> bool:
        """Compares as a list does."""
        return self._values() < other

    def __le__(self, other: Any) -> bool:
        """Compares as a list does."""
        return self._values() <= other

    def __gt__(self, other: Any) -> bool:
        """Compares as a list does."""
        return self._values() > other

    def __ge__(self, other: Any) -> bool:
        """Compares as a list does."""
        return self._values() >= other

    def __str__(self) -> str:
        """Shows the values as a list does, since a text with a symbol's name in it would be no one's wish."""
        return str(self._values())

    def __format__(self, spec: str) -> str:
        """Formats the values as a list does."""
        return format(self._values(), spec)

    def __int__(self) -> int:
        """Fails as a list's does, once the values are known."""
        raise TypeError(f"{self!r} is a list of {len(self)} values, not one")

    __float__ = __int__
    __index__ = __int__
    __complex__ = __int__


def _distinct(values: Iterable[Any]) -> list[Any]:
    first: dict[Any, Any] = {}
    for value in values:
        first.setdefault(_identity(value), value)
    return list(first.values())


def _identity(value: Any) -> Any:
    """Gives what is equal for equal values; it has a hash, and tells `True` from 1, as Postgres does."""
    if isinstance(value, bool):
        return (bool, value)
    if isinstance(value, list | tuple):
        items: Iterable[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return (type(items), *map(_identity, items))
    if isinstance(value, dict):
        members: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return (dict, frozenset((key, _identity(inner)) for key, inner in members.items()))
    return value


parents = Parents(None)
"""The parents of a plan that decorates its resolver, where there is no context yet: `parents["id"]`."""
