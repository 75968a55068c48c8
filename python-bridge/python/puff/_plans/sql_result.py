"""Plans as they cross the bridge."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from puff._errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from puff._plans.plan import Plan


def sql_result(names: Mapping[type, str], plan: Plan[Any], *, may_use_event: bool = False) -> dict[str, Any]:
    """Gives a plan as a SqlPlan.

    Args:
        names: GraphQL names of objects' classes.
        plan: The plan.
        may_use_event: Whether it answers an event, whose values its parameters may be.

    Returns:
        What `json.dumps` takes.

    Raises:
        PlanError: It names a class that is not the schema's, or an event where there is none.
    """
    if not may_use_event and any(map(_is_event, plan.params)):
        raise PlanError("ctx.event is for the plan that graphql.on(…) or graphql.on_notify(…) is given, and no other")
    type_names = plan.type_names
    said: dict[str, Any] = {} if plan.absent is None else {"absent": plan.absent}
    return {
        **said,
        "kind": "sql",
        "text": plan.text,
        "params": plan.params,
        "parentKeys": plan.parent_keys,
        "childKeys": plan.child_keys,
        "typeColumn": plan.type_column,
        "typeNames": None
        if type_names is None
        else {type_key(key): _graphql_name(names, cls) for key, cls in type_names.items()},
    }


def _is_event(param: Any) -> bool:
    return isinstance(param, dict) and "event" in param


def type_key(key: Any) -> str:
    """Gives a value of a type column as Postgres prints it."""
    value = key.value if isinstance(key, enum.Enum) else key
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


def _graphql_name(names: Mapping[type, str], cls: type) -> str:
    name = names.get(cls)
    if name is None:
        raise PlanError(f"types() names {cls.__name__}, which is not an object type of the schema")
    return name
