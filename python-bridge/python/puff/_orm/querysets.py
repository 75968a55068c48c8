"""Django's QuerySets compiled to SQL: their columns' names, and the keys that correlate them with their parents."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._orm.compiled_query import KEY, CompiledQuery
from puff._orm.lookups import check_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def compile_queryset(queryset: Any) -> CompiledQuery:
    """Compiles a QuerySet.

    Its columns have the names that attributes have in Python (`author_id`), and those of relations that
    `select_related` follows the path as filters write it (`author__username`). A filter by `ctx.parents[…]` correlates;
    a slice then is one of each parent's rows.
    """
    query = queryset.query.chain()
    check_symbols(query)
    correlated = list(_correlate(query))
    if query.is_sliced and correlated:
        _slice_each(query, queryset.db, [column for *_, column in correlated])
    compiler = query.get_compiler(using=queryset.db, elide_empty=False)
    unnamed = compiler.get_select

    def named(with_col_aliases: bool = False) -> tuple[Any, Any, Any]:
        select, klass_info, annotations = unnamed(with_col_aliases)
        names: dict[int, str] = {}
        _name_columns(select, klass_info, "", names)
        columns = [(column, sql, alias or names.get(index)) for index, (column, sql, alias) in enumerate(select)]
        return columns, klass_info, annotations

    groups: list[tuple[str, Sequence[Any]]] = []
    ungrouped = compiler.get_group_by

    def grouped(*args: Any) -> Any:
        groups[:] = ungrouped(*args)
        return groups

    compiler.get_select, compiler.get_group_by = named, grouped
    text, params = compiler.as_sql()
    if query.combinator or compiler.qualify is not None:
        # Of unions that are ordered and of filters by window functions Django selects col1, col2, … from a subquery.
        columns = ", ".join(compiler.connection.ops.quote_name(name) for name in _column_names(named()[0]))
        text = f"SELECT * FROM ({text}) AS puff_rows ({columns.replace('%', '%%')})"  # noqa: S608  # quoted by Django
    from puff._orm.placeholders import place_values  # not before there is a query

    text, params = place_values(text, params, groups)
    return CompiledQuery(text, params, tuple(key for key, *_ in correlated), tuple(key for _, key, _ in correlated))


def _correlate(query: Any) -> Iterator[tuple[str, str, Any]]:
    """Gives pairs of keys, the parent's and the child's, and the column of each; it selects the child's keys."""
    for number, lookup in enumerate(list(_conditions(query.where))):
        symbol = getattr(getattr(lookup, "rhs", None), "symbol", None)
        column = getattr(lookup, "lhs", None)
        target = getattr(column, "target", None)
        if getattr(lookup, "lookup_name", None) != "in" or symbol is None or target is None:
            continue
        is_selected = query.default_cols and query.deferred_loading == (frozenset(), True)
        if is_selected and getattr(column, "alias", None) == query.get_initial_alias():
            yield symbol.column, target.attname, column
        else:
            query.add_annotation(column, f"{KEY}{number}", select=True)
            yield symbol.column, f"{KEY}{number}", column


def _slice_each(query: Any, using: str, keys: list[Any]) -> None:
    """Makes a slice one of each parent's rows, as Django does for a sliced `Prefetch`."""
    models: Any = import_module("django.db.models")
    lookups: Any = import_module("django.db.models.lookups")
    functions: Any = import_module("django.db.models.functions")
    order = [term for term, _ in query.get_compiler(using=using).get_order_by()]
    number = models.Window(functions.RowNumber(), partition_by=keys, order_by=order or None)
    first, end = query.low_mark, query.high_mark
    query.clear_limits()
    query.add_q(models.Q(lookups.GreaterThan(number, first)))
    if end is not None:
        query.add_q(models.Q(lookups.LessThanOrEqual(number, end)))


def _conditions(where: Any) -> Iterator[Any]:
    """Gives the conditions that all rows meet."""
    if where.connector == "AND" and not where.negated:
        for child in where.children:
            if hasattr(child, "connector"):
                yield from _conditions(child)
            else:
                yield child


def _name_columns(select: Any, klass_info: Any, path: str, names: dict[int, str]) -> None:
    if klass_info is None:
        return
    for index in klass_info["select_fields"]:
        target = getattr(select[index][0], "target", None)
        if target is not None and path + target.attname != target.column:
            names.setdefault(index, path + target.attname)
    for related in klass_info.get("related_klass_infos", ()):
        field = related["field"]
        name = field.related_query_name() if related["reverse"] else field.name
        _name_columns(select, related, f"{path}{name}__", names)


def _column_names(select: Any) -> Iterator[str]:
    for number, (column, _, alias) in enumerate(select, 1):
        yield alias or getattr(getattr(column, "target", None), "column", f"col{number}")
