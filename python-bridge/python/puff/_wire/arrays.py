"""Postgres's text form of arrays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class MalformedArray(ValueError):
    """The text is not an array."""


_MAX_DEPTH = 16
"""As deep as Postgres nests them, and some."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def read_array(
    text: str, item: Callable[[str], Any], null: Callable[[], Any] = lambda: None, delimiter: str = ","
) -> list[Any]:
    """Reads an array, nested ones as lists.

    Args:
        text: As Postgres prints it, perhaps with its bounds before it: `[0:1]={1,2}`.
        item: Reads the text of an item.
        null: Gives what stands for NULL.
        delimiter: What stands between two items.

    Raises:
        MalformedArray: It is not an array.

    Example:
        >>> read_array('{{1,NULL},{2,"3"}}', int)
        [[1, None], [2, 3]]
    """
    opening = _OPENING.match(text)
    if opening is None:
        raise MalformedArray("array does not start with '{'")
    start = opening.end() - 1
    if not text.endswith("}"):
        raise MalformedArray("malformed array: no closing '}'")
    inner = text[start + 1 : -1]
    if '"' not in inner and "{" not in inner and "}" not in inner:
        return [null() if part in _NULLS else item(part) for part in inner.split(delimiter)] if inner else []
    return _read_nested(_TOKENS[delimiter].finditer(text, start), item, null)


_NULLS = {"NULL", "null"}
#: The first brace, after the bounds if there are any.
_OPENING = re.compile(r"(?:\[[^=]*\]=)?\{")
#: A quoted item, a brace, a delimiter, or an item that is none of these.
_TOKENS = {
    delimiter: re.compile(rf'"((?:[^"\\]|\\.)*)"|([{{}}{delimiter}])|([^{{}}{delimiter}"]+)', re.DOTALL)
    for delimiter in ",;"
}


def _read_nested(tokens: Any, item: Callable[[str], Any], null: Callable[[], Any]) -> list[Any]:
    whole: list[Any] | None = None
    stack: list[list[Any]] = []
    for match in tokens:
        quoted, mark, bare = match.groups()
        if mark == "{":
            if len(stack) == _MAX_DEPTH:
                raise MalformedArray("excessive array dimensions")
            nested: list[Any] = []
            if stack:
                stack[-1].append(nested)
            elif whole is not None:
                raise MalformedArray("unbalanced braces in array")
            else:
                whole = nested
            stack.append(nested)
        elif not stack:
            raise MalformedArray("unbalanced braces in array")
        elif mark == "}":
            stack.pop()
        elif quoted is not None:
            stack[-1].append(item(_ESCAPE.sub(r"\1", quoted)))
        elif bare is not None:
            stack[-1].append(null() if bare in _NULLS else item(_ESCAPE.sub(r"\1", bare)))
    if stack or whole is None:
        raise MalformedArray("unbalanced braces in array")
    return whole
