"""What Postgres reports, as libpq writes it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from psycopg2 import errors
from psycopg2._protocol.exceptions import DatabaseError, Error, OperationalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg2._protocol.wire import Result

#: Columns of a line of the statement that are shown, and those right of the error at least.
_WIDTH = 60
_RIGHT = 10
_SEVERITIES = ("ERROR:  ", "FATAL:  ", "PANIC:  ")


def error_of(result: Result, query: str, cursor: Any) -> Error:
    """The exception for a result that is an error."""
    text = result.message if result.fields is None else write_report(result.fields, query)
    message = text[8:] if text.startswith(_SEVERITIES) else text
    if result.fields is None:
        error: Error = OperationalError(message) if result.kind == "lost" else DatabaseError(message)
        error.pgerror = text
    else:
        code = result.fields.get("C")
        error = errors.class_of(code)(message)
        error.pgcode = code
        error.pgerror = text
        error._fields = result.fields
    error.cursor = cursor
    return error


def write_report(fields: Mapping[str, str], query: str | None, *, notice: bool = False) -> str:
    """The text of an error or a notice.

    Args:
        fields: Its fields, by the letters of the protocol.
        query: The statement that a position refers to.
        notice: Whether it is a notice, whose context is left out.
    """
    lines = [f"{fields.get('S', 'ERROR')}:  {fields.get('M', '')}"]
    shown = ""
    internal = fields.get("q")
    if "P" in fields:
        if query is not None:
            shown = _point(query, int(fields["P"]))
        else:
            lines[0] += f" at character {fields['P']}"
    elif "p" in fields:
        if internal is not None:
            shown = _point(internal, int(fields["p"]))
        else:
            lines[0] += f" at character {fields['p']}"
    text = lines[0] + "\n" + shown
    for title, letter in (("DETAIL", "D"), ("HINT", "H"), ("QUERY", "q"), ("CONTEXT", "W")):
        if letter in fields and not (notice and letter == "W"):
            text += f"{title}:  {fields[letter]}\n"
    return text


def _point(query: str, position: int) -> str:
    """The line of the statement where something is wrong, and a mark under it."""
    at = position - 1
    if not 0 <= at <= len(query):
        return ""
    before = query[:at].replace("\r\n", "\n").replace("\r", "\n")
    number = before.count("\n") + 1
    start = max(query.rfind("\n", 0, at), query.rfind("\r", 0, at)) + 1
    ends = [end for end in (query.find("\n", at), query.find("\r", at)) if end != -1]
    end = min(ends, default=len(query))
    line = query[start:end].replace("\t", " ")
    mark = at - start
    first, last = _window([_columns(character) for character in line], mark)
    prefix = f"LINE {number}: " + ("..." if first > 0 else "")
    shown = line[first:last] + ("..." if last < len(line) else "")
    indent = len(prefix) + sum(_columns(character) for character in line[first:mark])
    return f"{prefix}{shown}\n{' ' * indent}^\n"


def _window(widths: list[int], mark: int) -> tuple[int, int]:
    """The part of a line to show."""
    first, last = 0, len(widths)
    if sum(widths) <= _WIDTH:
        return first, last
    until_mark = sum(widths[:mark])
    if until_mark + _RIGHT <= _WIDTH:
        while sum(widths[first:last]) > _WIDTH:
            last -= 1
        return first, last
    while sum(widths[mark:last]) > _RIGHT:
        last -= 1
    while sum(widths[first:last]) > _WIDTH:
        first += 1
    return first, last


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
