"""Statements composed of parts.

Example:
    >>> names = SQL(", ").join([Identifier("id"), Identifier("title")])
    >>> part = SQL("SELECT {} FROM {}").format(names, Identifier("post"))
    >>> cur.execute(part)  # doctest: +SKIP
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from psycopg2 import extensions as _ext
from psycopg2._write.adapters import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_formatter = string.Formatter()


class Composable:
    """What can be a part of a statement."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._wrapped!r})"

    def as_string(self, context: Any) -> str:
        """The part's text.

        Args:
            context: A connection or a cursor.
        """
        raise NotImplementedError

    def __add__(self, other: Any) -> Composed:
        if isinstance(other, Composed):
            return Composed([self]) + other
        if isinstance(other, Composable):
            return Composed([self]) + Composed([other])
        return NotImplemented

    def __mul__(self, n: int) -> Composed:
        return Composed([self] * n)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._wrapped == getattr(other, "_wrapped", None)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # equal ones may change


class Composed(Composable):
    """A sequence of parts."""

    def __init__(self, seq: Iterable[Any]) -> None:
        wrapped = list(seq)
        for one in wrapped:
            if not isinstance(one, Composable):
                raise TypeError(f"Composed elements must be Composable, got {one!r} instead")
        super().__init__(wrapped)

    @property
    def seq(self) -> list[Composable]:
        """The parts."""
        return list(self._wrapped)

    def as_string(self, context: Any) -> str:
        """The parts' texts, one after the other."""
        return "".join(one.as_string(context) for one in self._wrapped)

    def __iter__(self) -> Iterator[Composable]:
        return iter(self._wrapped)

    def __add__(self, other: Any) -> Composed:
        if isinstance(other, Composed):
            return Composed(self._wrapped + other._wrapped)
        if isinstance(other, Composable):
            return Composed([*self._wrapped, other])
        return NotImplemented

    def join(self, joiner: str | SQL) -> Composed:
        """The parts with another between each two."""
        if isinstance(joiner, str):
            joiner = SQL(joiner)
        elif not isinstance(joiner, SQL):
            raise TypeError("Composed.join() argument must be a string or an SQL")
        return joiner.join(self)


class SQL(Composable):
    """A text of SQL as it is: never one that comes from outside."""

    def __init__(self, string: str) -> None:
        if not isinstance(string, str):
            raise TypeError("SQL values must be strings")
        super().__init__(string)

    @property
    def string(self) -> str:
        """The text."""
        return self._wrapped

    def as_string(self, context: Any) -> str:
        """The text."""
        del context
        return self._wrapped

    def format(self, *args: Composable, **kwargs: Composable) -> Composed:
        """The text with parts in place of its `{}`, `{0}` and `{name}`."""
        parts: list[Composable] = []
        automatic: int | None = 0
        for text, name, spec, conversion in _formatter.parse(self._wrapped):
            if spec:
                raise ValueError("no format specification supported by SQL")
            if conversion:
                raise ValueError("no format conversion supported by SQL")
            if text:
                parts.append(SQL(text))
            if name is None:
                continue
            if name.isdigit():
                if automatic:
                    raise ValueError("cannot switch from automatic field numbering to manual")
                parts.append(args[int(name)])
                automatic = None
            elif not name:
                if automatic is None:
                    raise ValueError("cannot switch from manual field numbering to automatic")
                parts.append(args[automatic])
                automatic += 1
            else:
                parts.append(kwargs[name])
        return Composed(parts)

    def join(self, seq: Iterable[Composable]) -> Composed:
        """Parts with this one between each two."""
        joined: list[Composable] = []
        for one in seq:
            if joined:
                joined.append(self)
            joined.append(one)
        return Composed(joined)


class Identifier(Composable):
    """A name, or one qualified by others, between double quotes."""

    def __init__(self, *strings: str) -> None:
        if not strings:
            raise TypeError("Identifier cannot be empty")
        for one in strings:
            if not isinstance(one, str):
                raise TypeError("SQL identifier parts must be strings")
        super().__init__(strings)

    @property
    def strings(self) -> tuple[str, ...]:
        """The names."""
        return self._wrapped

    @property
    def string(self) -> str:
        """The name, where it is one."""
        if len(self._wrapped) == 1:
            return self._wrapped[0]
        raise AttributeError("the Identifier wraps more than one than one string")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._wrapped))})"

    def as_string(self, context: Any) -> str:
        """The names, with points between them."""
        return ".".join(_ext.quote_ident(one, context) for one in self._wrapped)


class Literal(Composable):
    """A value."""

    @property
    def wrapped(self) -> Any:
        """The value."""
        return self._wrapped

    def as_string(self, context: Any) -> str:
        """The value's literal."""
        if isinstance(context, _ext.connection):
            conn = context
        elif isinstance(context, _ext.cursor):
            conn = context.connection
        else:
            raise TypeError("context must be a connection or a cursor")
        return quote(self._wrapped, conn).decode(conn._codec)


class Placeholder(Composable):
    """A placeholder of a value that is given when the statement is run."""

    def __init__(self, name: str | None = None) -> None:
        if isinstance(name, str):
            if ")" in name:
                raise ValueError(f"invalid name: {name!r}")
        elif name is not None:
            raise TypeError(f"expected string or None as name, got {name!r}")
        super().__init__(name)

    @property
    def name(self) -> str | None:
        """The value's name; None: it goes by its place."""
        return self._wrapped

    def __repr__(self) -> str:
        return (
            f"Placeholder({self._wrapped if self._wrapped is not None else ''!r})" if self._wrapped else "Placeholder()"
        )

    def as_string(self, context: Any) -> str:
        """`%s` or `%(name)s`."""
        del context
        return "%s" if self._wrapped is None else f"%({self._wrapped})s"


NULL = SQL("NULL")
DEFAULT = SQL("DEFAULT")
