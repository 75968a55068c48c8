"""The texts of arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg2._protocol.exceptions import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg2._read.typecasters import Typecaster

_BOUNDS = re.compile(r"^\[[^=]*\]=")
#: A quoted item, a brace, a comma, or an item that is none of these.
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([{},])|([^{},"]+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
#: As deep as Postgres nests them, and some.
_MAX_DEPTH = 16


def array_cast(base: Typecaster) -> Callable[[str | None, Any], Any]:
    """A cast for arrays whose items `base` casts."""

    def cast(text: str | None, cur: Any) -> list[Any] | None:
        if text is None:
            return None
        return parse_array(text, lambda item: base._apply(item, cur))

    return cast


def parse_array(text: str, cast: Callable[[str | None], Any]) -> list[Any]:
    """The items of an array, nested ones as lists.

    Raises:
        DataError: It is no array.
    """
    if text.startswith("["):
        text = _BOUNDS.sub("", text)
    if not text.startswith("{"):
        raise DataError("array does not start with '{'")
    if not text.endswith("}"):
        raise DataError("malformed array: no closing '}'")
    inner = text[1:-1]
    if '"' not in inner and "{" not in inner and "}" not in inner:
        return [cast(None if item in {"NULL", "null"} else item) for item in inner.split(",")] if inner else []
    return _parse_nested(text, cast)


def _parse_nested(text: str, cast: Callable[[str | None], Any]) -> list[Any]:
    whole: list[Any] | None = None
    stack: list[list[Any]] = []
    for match in _TOKEN.finditer(text):
        quoted, mark, item = match.groups()
        if mark == "{":
            if len(stack) == _MAX_DEPTH:
                raise DataError("excessive array dimensions")
            nested: list[Any] = []
            if stack:
                stack[-1].append(nested)
            elif whole is not None:
                raise DataError("unbalanced braces in array")
            else:
                whole = nested
            stack.append(nested)
        elif not stack:
            raise DataError("unbalanced braces in array")
        elif mark == "}":
            stack.pop()
        elif quoted is not None:
            stack[-1].append(cast(_ESCAPE.sub(r"\1", quoted)))
        elif item is not None:
            stack[-1].append(cast(None if item in {"NULL", "null"} else _ESCAPE.sub(r"\1", item)))
    if stack or whole is None:
        raise DataError("unbalanced braces in array")
    return whole
