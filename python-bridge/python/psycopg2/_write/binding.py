"""Statements with the values of their placeholders in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.exceptions import ProgrammingError
from psycopg2._write.adapters import quote

if TYPE_CHECKING:
    from psycopg2._protocol.base import BaseConnection

_PLACEHOLDER = re.compile(rb"%(%|\(|)")
#: What may stand behind a percent sign.
_FORMATS = re.compile(rb"%(?:\([^)]*\))?(.?)", re.DOTALL)


def bind(query: bytes, values: Any, conn: BaseConnection) -> bytes:
    """Writes values in place of `%s` and `%(name)s`, and `%` in place of `%%`.

    Raises:
        ProgrammingError: Both forms are mixed, or a value can't be adapted.
        IndexError: There are too few values.
        KeyError: One is missing.
        TypeError: There are too many, or they are not of a kind that the placeholders need.
        ValueError: Something else stands behind a percent sign.
    """
    if b"%" not in query:
        return query
    quoted = _quote_all(query, values, conn)
    if isinstance(quoted, list):
        # Where nothing but %s stands there, Python puts them in at once.
        for match in _FORMATS.finditer(query):
            _check(match)
        if len(quoted) < _length(values):
            raise TypeError("not all arguments converted during string formatting")
        return query % tuple(quoted)
    for match in _FORMATS.finditer(query):
        _check(match)
    return query % quoted


def _quote_all(query: bytes, values: Any, conn: BaseConnection) -> list[bytes] | dict[bytes, bytes]:
    """The literals that the placeholders stand for."""
    listed: list[bytes] = []
    named: dict[bytes, bytes] = {}
    skip_to = 0
    for match in _PLACEHOLDER.finditer(query):
        kind = match.group(1)
        if kind == b"%" or match.start() < skip_to:
            continue
        if kind == b"(":
            end = query.find(b")", match.end())
            if end < 0 or b"%" in query[match.end() : end]:
                raise ProgrammingError("incomplete placeholder: '%(' without ')'")
            if listed:
                raise ProgrammingError("argument formats can't be mixed")
            skip_to = end
            name = query[match.end() : end]
            if name not in named:
                named[name] = quote(values[name.decode(conn._codec)], conn)
        else:
            if named:
                raise ProgrammingError("argument formats can't be mixed")
            listed.append(quote(_item(values, len(listed)), conn))
    if not named and not listed and isinstance(values, dict):
        return named
    return named or listed


def _item(values: Any, index: int) -> Any:
    if isinstance(values, dict):
        raise TypeError("dict is not a sequence")
    if not hasattr(values, "__getitem__"):
        raise TypeError(f"'{type(values).__name__}' object does not support indexing")
    return values[index]


def _length(values: Any) -> int:
    try:
        return len(values)
    except TypeError:
        return 0


def _check(match: re.Match[bytes]) -> None:
    (format_character,) = match.groups()
    if format_character == b"":
        raise ValueError("incomplete format")
    if format_character not in {b"s", b"%"}:
        code = ord(format_character)
        raise ValueError(f"unsupported format character '{chr(code)}' (0x{code:x}) at index {match.end() - 1}")
