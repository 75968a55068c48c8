"""Values that psycopg2's adapters write, as parameters: the literals that they make are cut into SQL and constants."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from puff._errors import PlanError
from puff._parameters.typed import Given, TypedText, array_text
from puff._wire.oids import (
    BYTEA,
    CIDR,
    DATE,
    DATERANGE,
    INET,
    INFER,
    INTERVAL,
    JSON,
    JSONB,
    NUMERIC,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    TIMETZ,
    TSRANGE,
    TSTZRANGE,
    UUID,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Dump: TypeAlias = "Callable[[Any], TypedText]"
"""Gives a value that needs no adapter in Postgres's text format: a constant in a literal, a range's bound."""


def place_adapted(value: Any, params: list[Any], dump: Dump) -> str:
    """Gives the SQL that stands for a value, and adds the constants in it to the parameters that there are.

    Raises:
        PlanError: psycopg2 has no literal for it.
    """
    return _cut(_quoted(value), params, dump)


def add(param: Any, params: list[Any]) -> str:
    """Adds a parameter, and gives its placeholder."""
    params.append(param)
    return f"${len(params)}"


def dump_adapted(value: Any, dump: Dump) -> TypedText:
    """Gives a value that psycopg2 adapts, such as `Json(…)` or a range, as one parameter.

    Args:
        value: The value.
        dump: For the constants in it.

    Returns:
        The parameter.

    Raises:
        PlanError: psycopg2 does not adapt it, or writes an expression for it.
    """
    if isinstance(value, import_module("psycopg2.extras").Range):
        return _write_range(value, dump)
    params: list[Any] = []
    literal = re.fullmatch(r"\$1(?:::(\w+))?", place_adapted(value, params, dump))
    if literal is None or len(params) != 1:
        raise PlanError(f"psycopg2 writes an expression for a {type(value).__name__}, which can't be a parameter")
    given: Given = params[0]
    oid, text = given.typed
    return (_NAMED.get(literal[1] or "", oid), text)


_NAMED = {
    "json": JSON, "jsonb": JSONB, "inet": INET, "cidr": CIDR, "bytea": BYTEA, "uuid": UUID, "date": DATE,
    "time": TIME, "timetz": TIMETZ, "timestamp": TIMESTAMP, "timestamptz": TIMESTAMPTZ, "interval": INTERVAL,
}  # fmt: skip
_RANGES = {"DateRange": DATERANGE, "DateTimeRange": TSRANGE, "DateTimeTZRange": TSTZRANGE}


def _write_range(value: Any, dump: Dump) -> TypedText:
    oid = _RANGES.get(type(value).__name__, INFER)
    if value.isempty:
        return (oid, "empty")
    bounds = ("" if bound is None else array_text(dump(bound)[1] or "") for bound in (value.lower, value.upper))
    opening, closing = ("[" if value.lower_inc else "(", "]" if value.upper_inc else ")")
    return (oid, f"{opening}{','.join(bounds)}{closing}")


def _quoted(value: Any) -> str:
    """Gives the literal that psycopg2's adapters make, those that were registered by others among them."""
    adapters: Any = import_module("psycopg2._write.adapters")
    known = value
    if type(value) is dict and (dict, adapters.ISQLQuote) not in adapters.adapters:
        # Django registers this when it connects to a database with hstore; JSON it gives to another adapter.
        known = import_module("psycopg2.extras").HstoreAdapter(value)
    try:
        return adapters.quote(known, _offline_connection()).decode()
    except Exception as error:
        raise PlanError(
            f"a {type(value).__name__} can't be a parameter of a query: {error}. "
            "Give a value that psycopg2 adapts, or register an adapter for it"
        ) from error


@cache
def _offline_connection() -> Any:
    connection: Any = import_module("psycopg2.extensions").connection
    offline = connection.__new__(type("OfflineConnection", (connection,), {"__del__": lambda _self: None}))
    vars(offline).update(_standard_strings=True, _escape_strings=False)
    return offline


_token = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w.])-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![\w.])|[\s\S]""")


def _cut(literal: str, params: list[Any], dump: Dump) -> str:
    """Takes the constants out of a literal: `'{}'::jsonb` becomes `$1::jsonb`."""
    out: list[str] = []
    before = "("  # the last character that is not a space
    for found in _token.finditer(literal):
        token = found[0]
        is_value = before in "([,"
        if is_value and token[0] == "'":
            token = add(Given(dump(token[1:-1].replace("''", "'"))), params)
        elif is_value and token.lstrip("-")[:1].isdigit():
            token = add(Given(_number(token, dump)), params)
        out.append(token)
        before = token.strip()[-1:] or before
    return "".join(out).strip()


def _number(text: str, dump: Dump) -> TypedText:
    return dump(int(text)) if text.lstrip("-").isdigit() else (NUMERIC, text)
