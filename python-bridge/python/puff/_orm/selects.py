"""SQLAlchemy's `select()` compiled to SQL, and the keys that correlate it with its parents."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._orm.compiled_query import KEY, CompiledQuery
from puff._symbols.parents import ParentColumn

if TYPE_CHECKING:
    from collections.abc import Iterator


def compile_select(select: Any) -> CompiledQuery:
    """Compiles a statement. A condition `column.in_(ctx.parents[…])` correlates."""
    keys: list[tuple[str, str]] = []
    for number, (column, symbol) in enumerate(_correlations(select)):
        key = next((item.name for item in select.selected_columns if item.shares_lineage(column)), None)
        if key is None:
            key = f"{KEY}{number}"
            select = select.add_columns(column.label(key))
        keys.append((symbol.column, key))
    from puff._orm.placeholders import place_values  # not before there is a query

    dialect = import_module("sqlalchemy.dialects.postgresql.psycopg2").PGDialect_psycopg2(paramstyle="format")
    compiled = select.compile(dialect=dialect)
    expanded = compiled.construct_expanded_state(escape_names=False)
    processors = {**compiled._bind_processors, **expanded.processors}  # noqa: SLF001  # no public name gives them
    values = [processors.get(name, _as_it_is)(expanded.parameters[name]) for name in expanded.positiontup or ()]
    text, params = place_values(expanded.statement, values)
    return CompiledQuery(text, params, tuple(key for key, _ in keys), tuple(key for _, key in keys))


def _as_it_is(value: Any) -> Any:
    return value


def _correlations(select: Any) -> Iterator[tuple[Any, Any]]:
    """Gives the columns that are filtered by parents, and the parents' symbols."""
    elements, operators = import_module("sqlalchemy.sql.elements"), import_module("sqlalchemy.sql.operators")
    where: Any = getattr(select, "whereclause", None)
    is_conjunction = getattr(where, "operator", None) is operators.and_
    conditions: list[Any] = where.clauses if is_conjunction else [where]
    for condition in conditions:
        if getattr(condition, "operator", None) is operators.in_op and isinstance(
            condition.left, elements.ColumnClause
        ):
            symbol = _parents_in(condition.right)
            if symbol is not None:
                yield condition.left, symbol


def _parents_in(clause: Any) -> Any:
    for part in import_module("sqlalchemy.sql.visitors").iterate(clause):
        value = getattr(part, "value", None)
        if type(value) is ParentColumn:
            return value
    return None
