"""Values of the client's in Django's queries, whatever their type."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from puff._collections.django_sql import sql_text
from puff._collections.values import Kind
from puff._symbols.value import Path, Symbol


class CastSymbol(Symbol):
    """A symbol whose type stands in the SQL."""

    __slots__ = ("_kind",)

    def __init__(self, kind: Kind, needed: dict[Path, None]) -> None:
        super().__init__(kind.symbol().parameter, "value", needed)
        self._kind = kind

    def resolve_expression(self, *_: Any, **__: Any) -> Any:
        """Gives what stands for it in a QuerySet: of a list, the values for `__in`."""
        text, params = value_sql(self._kind)
        if self._kind.dimensions:
            text = f"(SELECT * FROM unnest({text}))"  # noqa: S608  # a place for a parameter
        return sql_text(text, *params)


def symbol_for(kind: Kind, needed: dict[Path, None], *, of_model: bool) -> Symbol:
    """Gives the symbol of a value.

    Args:
        kind: How it is typed.
        needed: Where it notes that its value was asked for.
        of_model: Whether a QuerySet is made of it.
    """
    if of_model and (kind.dimensions or kind.scalar in _CAST):
        return CastSymbol(kind, needed)
    return kind.symbol("value", needed)


_CAST = frozenset(("bool", "datetime", "date", "time", "duration", "json", "bytes"))


def value_sql(kind: Kind, path: str = "value") -> tuple[str, list[Any]]:
    """Gives the SQL of a value, with `%s`, and its parameters."""
    local = _moment("%s") if kind.scalar == "datetime" and kind.dimensions == 0 else None
    if local is not None:
        return local, [Kind("str").symbol(path)] * local.count("%s")
    return cast_sql(kind, path)


def cast_sql(kind: Kind, path: str = "value") -> tuple[str, list[Any]]:
    """Gives the SQL of a value as it came, with its type where Postgres would not know it."""
    cast = _CASTS.get(kind.scalar)
    return f"%s{cast}{'[]' * kind.dimensions}" if cast else "%s", [kind.symbol(path)]


def list_sql(kind: Kind) -> tuple[str, list[Any]]:
    """Gives the same of a list of such values."""
    local = _moment("item") if kind.scalar == "datetime" else None
    if local is None:
        return value_sql(kind.many())
    items = f"SELECT {local} FROM unnest(%s::text[]) AS item"  # noqa: S608  # a time zone's name, quoted
    return f"ARRAY({items})", [Kind("str").many().symbol()]


_CASTS = {"datetime": "::timestamptz", "time": "::time", "json": "::jsonb"}


def _moment(text: str) -> str | None:
    """Reads a text as a moment, and one without a zone in Django's time zone.

    Returns:
        None if that is UTC, as it is in sessions: then a parameter of that Postgres type says the same.
    """
    zone: str = import_module("django.utils.timezone").get_default_timezone_name()
    if zone in ("UTC", "Etc/UTC", "GMT", "Z"):
        return None
    quoted = "'" + zone.replace("'", "''").replace("%", "%%") + "'"
    return (
        f"(CASE WHEN {text}::text ~ '{_HAS_ZONE}' THEN {text}::text::timestamptz "
        f"ELSE {text}::text::timestamp AT TIME ZONE {quoted} END)"
    )


_HAS_ZONE = "([Zz]|:[0-9]{2}.*[+-][0-9]{2}(:?[0-9]{2})?)$"
