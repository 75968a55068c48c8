"""Fragments as Django compiles them: a condition or an expression on a model is one on the collection's row."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._collections.fragments import ROW, column, fragment_of, joined, placed, quote
from puff._django.types import key_of
from puff._orm.querysets import compile_queryset
from puff._parameters.parameters import to_parameters

if TYPE_CHECKING:
    from puff._collections.fragments import Fragment


def where_of(queryset: Any) -> Fragment:
    """Gives the condition by which a QuerySet chooses rows.

    Where it asks other tables for them, the row's key is looked for among the keys of the QuerySet: so no row comes
    twice.
    """
    exceptions: Any = import_module("django.core.exceptions")
    query = queryset.query
    if query.is_sliced or query.distinct or query.combinator or query.group_by is not None:
        return _membership(queryset)  # pages within, and groups
    rows = _row_aliases(query)
    if rows is None or _asks_tables(query.where):
        return _membership(queryset)
    compiler = _row_compiler(queryset, rows)
    try:
        text, params = compiler.compile(query.where)
    except exceptions.FullResultSet:
        return ["TRUE"]
    except exceptions.EmptyResultSet:
        return ["FALSE"]
    return placed(text, params) if text else ["TRUE"]


def expression_of(model: Any, expression: Any) -> Fragment:
    """Gives the value of an expression on a model, for the row."""
    queryset = model._base_manager.order_by().annotate(**{_VALUE: expression})  # noqa: SLF001  # Django's documented name
    query = queryset.query
    value = query.annotations[_VALUE]
    rows = _row_aliases(query)
    if rows is not None and query.group_by is None and not _asks_tables(value) and not value.contains_over_clause:
        text, params = _row_compiler(queryset, rows).compile(value)
        return placed(text, params)
    row = {name: _row_column(name) for name in key_of(model)}
    return joined("(", _statement(queryset.filter(**row).values(_VALUE)), ")")


_VALUE = "puff_value"


def source_of(queryset: Any) -> Fragment:
    """Gives a QuerySet as the rows of a relation, each column under its attribute's name."""
    query = compile_queryset(queryset.order_by())
    return fragment_of(query.text, to_parameters(query.params))


def _membership(queryset: Any) -> Fragment:
    names = key_of(queryset.model)
    unordered = queryset if queryset.query.is_sliced else queryset.order_by()
    columns = joined(*(part for name in names for part in (", ", column(name))))
    columns[0] = columns[0].removeprefix(", ") if isinstance(columns[0], str) else columns[0]
    row = columns if len(names) == 1 else joined("(", columns, ")")
    return joined(row, " IN (", _statement(unordered.values(*names)), ")")


def _statement(queryset: Any) -> Fragment:
    compiler = queryset.query.get_compiler(using=queryset.db, elide_empty=False)
    return placed(*compiler.as_sql())


def _row_aliases(query: Any) -> set[str] | None:
    """Gives the aliases of the tables whose columns are the row's: the model's, and those that it inherits from.

    Returns:
        None if the query asks others.
    """
    rows = {query.get_initial_alias()}
    for alias, table in query.alias_map.items():
        if alias in rows or not query.alias_refcount.get(alias):
            continue
        field = getattr(table, "join_field", None)
        is_parent = field is not None and field.concrete and getattr(field.remote_field, "parent_link", False)
        if not is_parent or table.parent_alias not in rows:
            return None
        rows.add(alias)
    return rows


def _row_compiler(queryset: Any, rows: set[str]) -> Any:
    """Gives a compiler that writes the row's columns in place of the tables'."""
    expressions: Any = import_module("django.db.models.expressions")
    compiler = queryset.query.get_compiler(using=queryset.db)
    compile_node = compiler.compile

    def compile_for_row(node: Any) -> tuple[str, Any]:
        if isinstance(node, expressions.Col) and node.alias in rows:
            return f"{ROW}.{quote(node.target.attname).replace('%', '%%')}", []
        return compile_node(node)

    compiler.compile = compile_for_row
    return compiler


def sql_text(sql: str, *params: Any) -> Any:
    """Gives a Django expression that is SQL, with `%s` for parameters."""
    return _text_class()(sql, params)


@cache
def _text_class() -> Any:
    expression: Any = import_module("django.db.models").Expression

    class SqlText(expression):
        """Compiles to a text."""

        def __init__(self, sql: str, params: tuple[Any, ...]) -> None:
            super().__init__()
            self.sql = sql
            self.params = params

        def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, list[Any]]:
            return self.sql, list(self.params)

        def get_group_by_cols(self) -> list[Any]:
            return []  # as Django's Value

        @property
        def identity(self) -> tuple[Any, ...]:
            """Django's own compares the parameters, and a symbol is compared with nothing."""
            return (type(self), id(self))

    return SqlText


def _row_column(name: str) -> Any:
    return sql_text(f"{ROW}.{quote(name).replace('%', '%%')}")


def _asks_tables(node: Any) -> bool:
    """Tells whether a condition or an expression names tables in ways of its own: in subqueries, in raw SQL."""
    for child in node.get_source_expressions():
        if child is None:
            continue
        is_query = hasattr(child, "annotation_select") or hasattr(getattr(child, "query", None), "annotation_select")
        if is_query or type(child).__name__ == "RawSQL" or not hasattr(child, "get_source_expressions"):
            return True
        if _asks_tables(child):
            return True
    return False
