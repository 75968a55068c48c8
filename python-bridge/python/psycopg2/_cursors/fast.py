"""Many statements in few round trips."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PLACEHOLDER = re.compile(rb"(%%|%\([^)]*\)s|%.)", re.DOTALL)


def execute_batch(cur: Any, sql: Any, argslist: Iterable[Any], page_size: int = 100) -> None:
    """Runs a statement once for each of the values, many at a time.

    Args:
        cur: The cursor.
        sql: The statement.
        argslist: The values of its placeholders, for each run.
        page_size: Runs that are sent at once.
    """
    for page in pages(argslist, page_size):
        cur.execute(b";".join(cur.mogrify(sql, values) for values in page))


def execute_values(
    cur: Any,
    sql: Any,
    argslist: Iterable[Any],
    template: str | bytes | None = None,
    page_size: int = 100,
    fetch: bool = False,
) -> list[Any] | None:
    """Runs a statement with a list of VALUES in place of its one `%s`.

    Args:
        cur: The cursor.
        sql: The statement.
        argslist: The rows of the list.
        template: What a row is written as; None: `(%s, %s, …)`.
        page_size: Rows that go into one statement.
        fetch: Whether it returns rows.

    Returns:
        The rows that it returned, where `fetch` says so.

    Example:
        >>> execute_values(cur, "INSERT INTO post (id, title) VALUES %s", [(1, "a"), (2, "b")])  # doctest: +SKIP
    """
    codec = cur.connection._codec
    text = sql if isinstance(sql, bytes | str) else sql.as_string(cur)
    before, after = _split(text.encode(codec) if isinstance(text, str) else text)
    pattern = template.encode(codec) if isinstance(template, str) else template
    fetched: list[Any] | None = [] if fetch else None
    for page in pages(argslist, page_size):
        rows = [cur.mogrify(pattern or b"(" + b",".join([b"%s"] * len(row)) + b")", row) for row in page]
        cur.execute(before + b",".join(rows) + after)
        if fetched is not None:
            fetched.extend(cur.fetchall())
    return fetched


def pages(seq: Iterable[Any], page_size: int) -> Iterator[Sequence[Any]]:
    """A sequence in parts."""
    page: list[Any] = []
    for one in seq:
        page.append(one)
        if len(page) >= page_size:
            yield page
            page = []
    if page:
        yield page


def _split(text: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind the one `%s`, with `%` for `%%`."""
    parts: list[bytes] = [b""]
    for piece in _PLACEHOLDER.split(text):
        if piece == b"%s":
            parts.append(b"")
        elif piece == b"%%":
            parts[-1] += b"%"
        elif piece.startswith(b"%"):
            raise ValueError(f"unsupported format character: '{piece[1:2].decode('ascii', 'replace')}'")
        else:
            parts[-1] += piece
    if len(parts) == 1:
        raise ValueError("the query doesn't contain any '%s' placeholder")
    if len(parts) > 2:
        raise ValueError("the query contains more than one '%s' placeholder")
    return parts[0], parts[1]
