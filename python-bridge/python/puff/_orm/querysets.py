"""Django's QuerySets compiled to SQL: their columns' names, and the keys that correlate them with their parents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._orm.compiled_query import KEY, CompiledQuery
from puff._orm.lookups import check_symbols

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def compile_queryset(queryset: Any) -> CompiledQuery:
    """Compiles a QuerySet.

    Its columns have the names that attributes have in Python (`author_id`), and those of relations that
    `select_related` follows the path as filters write it (`author__username`). A filter by `ctx.parents[…]` correlates.
    """
    query = queryset.query.chain()
    check_symbols(query)
    keys = list(_correlate(query))
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
    return CompiledQuery(text, params, tuple(key for key, _ in keys), tuple(key for _, key in keys))


def _correlate(query: Any) -> Iterator[tuple[str, str]]:
    """Gives pairs of keys, the parent's and the child's, and selects what is not selected yet of the latter."""
    for number, lookup in enumerate(list(_conditions(query.where))):
        symbol = getattr(getattr(lookup, "rhs", None), "symbol", None)
        column = getattr(lookup, "lhs", None)
        target = getattr(column, "target", None)
        if getattr(lookup, "lookup_name", None) != "in" or symbol is None or target is None:
            continue
        is_selected = query.default_cols and query.deferred_loading == (frozenset(), True)
        if is_selected and getattr(column, "alias", None) == query.get_initial_alias():
            yield symbol.column, target.attname
        else:
            query.add_annotation(column, f"{KEY}{number}", select=True)
            yield symbol.column, f"{KEY}{number}"


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
