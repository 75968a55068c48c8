"""Which Django lookups take a symbol: those that give the database a value as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def check_symbols(query: Any) -> None:
    """Has each symbol say that its value is needed where Django would make another one of it.

    A JSONField makes JSON of it, a DateTimeField a moment in the current time zone, a field of one's own anything.
    """
    for lookup in _lookups_of(query):
        value = lookup.rhs
        for item in value if isinstance(value, list | tuple) else (value,):
            symbol = getattr(item, "value", None) if hasattr(item, "symbol") and item.symbol is None else None
            if symbol is not None and not _takes(lookup.lhs, symbol.parameter.get("as")):
                symbol.need()


def _lookups_of(node: Any) -> Iterator[Any]:
    """Gives the lookups within a query or an expression, at any depth."""
    for child in _children(node):
        if hasattr(child, "lookup_name") and hasattr(child, "rhs"):
            yield child
        yield from _lookups_of(child)


def _children(node: Any) -> Iterable[Any]:
    if hasattr(node, "annotation_select"):  # a query
        return (node.where, *node.annotations.values(), *node.combined_queries)
    children: list[Any] = [child for child in node.get_source_expressions() if hasattr(child, "get_source_expressions")]
    return [*children, node.query] if hasattr(getattr(node, "query", None), "annotation_select") else children


def _takes(column: Any, kind: str | None) -> bool:
    field = _target_of(column.output_field)
    return is_prepared_by_django(field) and field.get_internal_type() in _FIELDS.get(kind or "", ())


def is_prepared_by_django(field: Any) -> bool:
    """Tells whether Django's own code makes what the database gets of a field's values."""
    target = _target_of(field)
    while hasattr(target, "base_field"):  # an array
        target = _target_of(target.base_field)
    prepares: Iterable[Any] = (target.get_prep_value, target.get_db_prep_value, target.to_python)
    return all(method.__func__.__module__.startswith(_DJANGOS) for method in prepares)


_DJANGOS = ("django.db.models.", "django.contrib.postgres.")


def _target_of(field: Any) -> Any:
    while field.is_relation:
        field = field.target_field
    return field


_INTEGERS = frozenset(
    size + "Field"
    for size in (
        "Auto", "BigAuto", "SmallAuto", "Integer", "BigInteger", "SmallInteger", "PositiveInteger",
        "PositiveBigInteger", "PositiveSmallInteger",
    )
)  # fmt: skip
_FIELDS = {
    "int": _INTEGERS | {"FloatField", "DecimalField"},
    "bigint": _INTEGERS | {"FloatField", "DecimalField"},
    "float": {"FloatField"},
    "decimal": {"DecimalField"},
    "uuid": {"UUIDField"},
    "str": _INTEGERS | {"CharField", "TextField", "SlugField", "FilePathField", "UUIDField"},
}
"""By the kind of symbol: types of fields that Postgres compares such a value with as Django would."""
