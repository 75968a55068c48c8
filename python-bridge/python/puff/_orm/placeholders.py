"""The statements that an ORM writes for psycopg2, with `$1`, `$2`, … in the places of their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from puff._orm.literals import WRITERS, place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def place_values(
    text: str, values: Sequence[Any], groups: Iterable[tuple[str, Sequence[Any]]] = ()
) -> tuple[str, list[Any]]:
    """Puts parameters in the places of `%s`, and `%` in those of `%%`.

    Args:
        text: A statement for psycopg2.
        values: Its values, which may be symbols.
        groups: What it groups by, with values. SQL takes two expressions for one where their parameters are the same.

    Returns:
        The statement with `$1`, `$2`, …, and its parameters, for `to_parameter`.

    Raises:
        PlanError: psycopg2 has no literal for a value.

    Example:
        >>> place_values("SELECT %s, 5 %% 2", [[1, 2]])
        ('SELECT $1, 5 % 2', [Given(typed=(1007, '{1,2}'))])
    """
    params: list[Any] = []
    twins = dict(_twins(text, values, groups))
    places: list[str] = []
    out: list[str] = []
    calls: list[str] = [""]  # names of the functions that are open
    word = ""
    for found in _sql_token.finditer(text):
        token = found[0]
        if token == "%s":
            index = len(places)
            if index in twins:
                places.append(places[twins[index]])
            else:
                places.append(place(values[index], params))
            is_text = type(values[index]) is str and (calls[-1] in _VARIADIC or _is_null(text, found.end()))
            out.append(f"{places[-1]}::text" if is_text else places[-1])
        else:
            out.append(token.replace("%%", "%"))
        if token == "(":
            calls.append(word.lower())
        elif token == ")" and len(calls) > 1:
            calls.pop()
        word = token if token[0].isalpha() else word if token.isspace() else ""
    return "".join(out), params


_sql_token = re.compile(r"""%[s%]|'(?:[^'%]|''|%%)*'|"(?:[^"%]|""|%%)*"|[A-Za-z_]\w*|\s+|[\s\S]""")
_is_null = re.compile(r"\)*\s+IS\s+(NOT\s+)?NULL\b", re.IGNORECASE).match
_VARIADIC = frozenset(
    ("concat", "concat_ws", "format", "num_nulls", "num_nonnulls", "count", "json_build_array", "json_build_object",
     "jsonb_build_array", "jsonb_build_object", "json_array", "json_object")
)  # fmt: skip
"""Functions of any types. Postgres takes a literal for a text there, and does not know what a parameter is."""


def _twins(text: str, values: Sequence[Any], groups: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[tuple[int, int]]:
    """Gives pairs of places that have one parameter."""
    for part, its_values in groups:
        first: int | None = None
        at = text.find(part) if its_values else -1
        while at != -1:
            index = _percents(text[:at]).count("%s")
            if all(map(_is_same, values[index : index + len(its_values)], its_values)):
                if first is not None:
                    yield from ((index + offset, first + offset) for offset in range(len(its_values)))
                first = index if first is None else first
            at = text.find(part, at + 1)


_percents = re.compile("%[s%]").findall


def _is_same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in WRITERS and one == other)
