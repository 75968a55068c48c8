"""Has the plans of a type give the rows alone that their caller may see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from puff._collections.fragments import quote
from puff._django.types import key_of
from puff._django.visible import only_visible, visible_keys, visible_of
from puff._errors import PlanError
from puff._orm.querysets import compile_queryset
from puff._parameters.parameters import to_parameters
from puff._plans.plan import Plan
from puff._plans.sql_result import type_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from puff._plans.context import Context
    from puff._types.markers import FieldOptions


DENIED = "Permission denied"
"""What a caller is told of a field that it may not have."""


class Guard:
    """Limits plans of one named type: an object, an interface or a union.

    Args:
        limited: The object types that have `visible`, by name.
        names: All object types.
        allowed: By `Type.field`, who may have columns.
        places: By the object types that limit rows or columns, where that is said.
    """

    def __init__(
        self,
        limited: Mapping[str, type],
        names: Mapping[type, str],
        allowed: Mapping[str, FieldOptions],
        places: Mapping[str, str],
    ) -> None:
        self._limited = limited
        self._names = names
        self._allowed = allowed
        self.said = dict(places)

    def denied(self, context: Context) -> dict[str, str | None]:
        """Gives the columns that a caller may not have, by `Type.field`: what it is told, None for silence."""
        return {
            name: None if options.silent else DENIED
            for name, options in self._allowed.items()
            if options.allow is not None and not options.allow(context)
        }

    def queryset(self, rows: Any, auth: Any) -> Any:
        """Limits a QuerySet; None where its rows are limited once it is compiled."""
        if len(self._names) > 1 or not self._limited:
            return None
        (cls,) = self._limited.values()
        return only_visible(rows, cls, auth)

    def plan(self, plan: Plan[Any], auth: Any) -> Plan[Any]:
        """Limits the rows of a statement, whatever it is, by their keys."""
        if not self._limited:
            return plan
        if _writes.match(plan.text):
            raise PlanError(
                f"{', '.join(self._limited)} has visible=, and the rows come from a statement that writes: "
                "return a plan that reads them"
            )
        limited: Plan[Any] = Plan(plan.text, ())
        limited.params = list(plan.params)
        conditions = {name: self._condition(cls, auth, limited) for name, cls in self._limited.items()}
        limited.parent_keys, limited.child_keys, limited.args = plan.parent_keys, plan.child_keys, plan.args
        limited.type_column, limited.type_names, limited.absent = plan.type_column, plan.type_names, plan.absent
        said = {name: condition for name, condition in conditions.items() if condition is not None}
        if said:
            condition = self._of_type(plan, said) if len(self._names) > 1 else next(iter(said.values()))
            limited.text = f"SELECT {_ROW}.* FROM ({plan.text.rstrip(_END)}\n) AS {_ROW} WHERE {condition}"  # noqa: S608
        return limited

    def _condition(self, cls: type, auth: Any, limited: Plan[Any]) -> str | None:
        keys = visible_keys(cls, auth)
        if keys is None:
            return None
        query = compile_queryset(keys.order_by())
        offset = len(limited.params)
        limited.params += to_parameters(query.params)
        text = _placeholder.sub(lambda found: f"${int(found[1]) + offset}" if found[1] else found[0], query.text)
        names = key_of(visible_of(cls)[0].model)
        same = " AND ".join(f"{_SEEN}.{quote(name)} = {_ROW}.{quote(name)}" for name in names)
        # No join, as IN and EXISTS are: the rows' order is the statement's.
        return f"(SELECT TRUE FROM ({text}\n) AS {_SEEN} WHERE {same})"  # noqa: S608  # compiled by Django

    def _of_type(self, plan: Plan[Any], said: Mapping[str, str]) -> str:
        named = {type_key(key): self._names.get(cls, "") for key, cls in (plan.type_names or {}).items()}
        # A type's own name says it, too, unless it says another.
        named = {name: name for name in said} | named
        whens = " ".join(f"WHEN {_literal(key)} THEN {said[name]}" for key, name in named.items() if name in said)
        return f"CASE format('%s', {_ROW}.{quote(plan.type_column)}) {whens} ELSE TRUE END"


_ROW = "puff_shown"
_SEEN = "puff_seen"
_END = "; \t\r\n"
_writes = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE | re.DOTALL)
_placeholder = re.compile(r"""\$(\d+)|'(?:[^']|'')*'|"(?:[^"]|"")*\"""")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
