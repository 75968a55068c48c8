"""The order of a SQLAlchemy `select()`, taken off it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from puff._collections.fragments import column


def select_without_order(value: Any) -> tuple[Any, list[dict[str, Any]] | None]:
    """Takes the order off a `select()`, where it is one of the columns that it selects.

    Args:
        value: What a collection's resolver returned.

    Returns:
        The statement without its order, and the order's terms. Any other value as it is, and None.
    """
    sqlalchemy: Any = sys.modules.get("sqlalchemy.sql.selectable")
    if sqlalchemy is None or not isinstance(value, sqlalchemy.Select):
        return value, None
    clauses: Any = value._order_by_clauses  # noqa: SLF001  # no public name gives them
    terms = [_term(value, clause) for clause in clauses]
    if not terms or None in terms:
        return value, None
    is_limited: bool = value._limit_clause is not None or value._offset_clause is not None  # noqa: SLF001  # likewise
    return (value if is_limited else value.order_by(None)), [term for term in terms if term is not None]


def _term(select: Any, clause: Any) -> dict[str, Any] | None:
    """Gives a term of an order; None if it is not a column that is selected."""
    elements, operators = import_module("sqlalchemy.sql.elements"), import_module("sqlalchemy.sql.operators")
    direction, nulls = "ASC", ""
    while isinstance(clause, elements.UnaryExpression) or type(clause).__name__ == "_label_reference":
        modifier = getattr(clause, "modifier", None)
        if modifier is operators.desc_op:
            direction = "DESC"
        elif modifier is operators.nulls_first_op:
            nulls = "_NULLS_FIRST"
        elif modifier is operators.nulls_last_op:
            nulls = "_NULLS_LAST"
        elif modifier not in (None, operators.asc_op):
            return None
        clause = clause.element
    is_text = type(clause).__name__ == "_textual_label_reference"
    for item in select.selected_columns:
        if item.name == clause.element if is_text else item is clause:
            nullable = bool(getattr(item, "nullable", True))
            return {"sql": column(item.name), "nullable": nullable, "direction": direction + nulls}
    return None
