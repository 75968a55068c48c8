"""Fragments of SQL, as the gateway joins them: texts, the place of the row, and typed values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from puff._orm.placeholders import place_values
from puff._parameters.parameters import to_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

Fragment: TypeAlias = "list[Any]"
"""A SqlFragment: texts, `{"row": True}`, typed texts, and values of the client's."""

ROW = '"\0row"'
"""Stands in a statement's text where the row's alias belongs: a name that no table has."""


def column(name: str) -> Fragment:
    """Gives a column of the row.

    Example:
        >>> column("votes")
        [{'row': True}, '."votes"']
    """
    return [{"row": True}, f".{quote(name)}"]


def quote(name: str) -> str:
    """Quotes a name of SQL."""
    return '"' + name.replace('"', '""') + '"'


def fragment_of(text: str, params: Sequence[Any] = ()) -> Fragment:
    """Takes a statement's text apart.

    Args:
        text: SQL with `$1`, `$2`, … and `ROW`.
        params: The parameters, as they cross the bridge.

    Returns:
        The fragment.

    Example:
        >>> fragment_of(f'{ROW}."votes" > $1', [(23, '300')])
        [{'row': True}, '."votes" > ', (23, '300')]
    """
    parts: Fragment = []
    for found in _token.finditer(text):
        if found[0] == ROW:
            parts.append({"row": True})
        elif found[1] is not None:
            parts.append(params[int(found[1]) - 1])
        elif parts and isinstance(parts[-1], str):
            parts[-1] += found[0]
        else:
            parts.append(found[0])
    return parts


_token = re.compile(r"""\$(\d+)|'(?:[^']|'')*'|"(?:[^"]|"")*"|[^$'"]+|[\s\S]""")


def placed(text: str, values: Sequence[Any]) -> Fragment:
    """Takes a statement for psycopg2 apart, with `%s` for its values."""
    text, params = place_values(text, values)
    return fragment_of(text, to_parameters(params))


def row_sql(text: str, params: Sequence[Any]) -> Fragment:
    """Takes SQL apart that an author wrote, in which `row` is the collection's row.

    Args:
        text: SQL with `$1`, `$2`, … and columns such as `row.votes`.
        params: The parameters, as they cross the bridge.

    Example:
        >>> row_sql("row.votes * 2", [])
        [{'row': True}, '.votes * 2']
    """
    return fragment_of(_row.sub(lambda found: ROW + "." if found[1] else found[0], text), params)


_row = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(\brow\.)|[\s\S]""")


def truncated_sql(moment: Fragment, unit: str, zone: str | None = None) -> Fragment:
    """Gives the beginning of the unit that a date or a moment is in: a day, or of a minute or an hour a moment.

    Args:
        moment: The date or the moment.
        unit: `minute`, `hour`, `day`, `week`, `month`, `quarter` or `year`.
        zone: The time zone whose days count, where the moment has one. Default: the session's.

    Example:
        >>> truncated_sql(column("at"), "month")[2:]
        ['."at")::date']
    """
    in_zone = "" if zone is None else "'" + zone.replace("'", "''") + "'"
    if unit in ("minute", "hour"):
        return joined(f"date_trunc('{unit}', ", moment, f"{in_zone and ', '}{in_zone})")
    return joined(f"date_trunc('{unit}', ", moment, f"{in_zone and ' AT TIME ZONE '}{in_zone})::date")


def joined(*parts: str | Fragment) -> Fragment:
    """Joins texts and fragments to one.

    Example:
        >>> joined("NOT ", column("votes"))
        ['NOT ', {'row': True}, '."votes"']
    """
    whole: Fragment = []
    for part in parts:
        for item in [part] if isinstance(part, str) else part:
            if isinstance(item, str) and whole and isinstance(whole[-1], str):
                whole[-1] += item
            else:
                whole.append(item)
    return whole
