"""Statements as they cross the bridge, limited to what their caller may see."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from puff._orm.queries import compile_query
from puff._plans.plan import Plan
from puff._plans.sql_result import sql_result

if TYPE_CHECKING:
    from puff._schema.guard import Guard
    from puff._schema.runtime import RuntimeSchema


def guarded_result(
    schema: RuntimeSchema, guard: Guard | None, plan: Plan[Any], auth: Any, *, may_use_event: bool = False
) -> dict[str, Any]:
    """Gives a plan as a SqlPlan.

    Args:
        schema: The schema.
        guard: What limits its rows; None: every caller may see all.
        plan: The plan.
        auth: What `Schema.auth` returned.
        may_use_event: Whether it answers an event.
    """
    if guard is None:
        return sql_result(schema.names, plan, may_use_event=may_use_event)
    limited = sql_result(schema.names, guard.plan(plan, auth), may_use_event=may_use_event)
    return {**limited, "visible": guard.said}


def plan_of_query(schema: RuntimeSchema, guard: Guard | None, value: Any, auth: Any) -> dict[str, Any] | None:
    """Gives a QuerySet or a SQLAlchemy statement as a SqlPlan; None for any other value."""
    limited = None if guard is None or not _is_queryset(value) else guard.queryset(value, auth)
    query = compile_query(value if limited is None else limited)
    if query is None:
        return None
    plan: Plan[Any] = Plan(query, ())
    if guard is None or limited is None:
        return guarded_result(schema, guard, plan, auth)
    return {**sql_result(schema.names, plan), "visible": guard.said}


def _is_queryset(value: Any) -> bool:
    django: Any = sys.modules.get("django.db.models.query")
    return django is not None and isinstance(value, django.QuerySet)
