"""The plans of collections that no resolver gives: all rows of a model, and the rows of a relation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._collections.django_sql import expression_of
from puff._collections.fragments import column
from puff._django.relations import keys_of
from puff._plans.plan import Plan
from puff._plans.sql_result import sql_result
from puff._symbols.parents import Parents

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._plans.context import Context


class Rowset:
    """The rows of a model, or those that a relation leads to."""

    def __init__(self, model: Any, relation: Any = None) -> None:
        self.model = model
        self._relation = relation
        self._manager = model._default_manager  # noqa: SLF001  # Django's documented name

    def plan(self) -> dict[str, Any] | None:
        """Gives the plan; None where the model's manager may say something else each time."""
        if type(self._manager).get_queryset.__module__ != "django.db.models.manager":
            return None
        plan: Plan[Any] = Plan(self._queryset(Parents(None)), ())
        return sql_result({}, plan)

    def resolver(self) -> Callable[[Context], Any]:
        """Gives a function that asks the manager."""
        return lambda ctx: self._queryset(ctx.parents)

    def order(self) -> list[dict[str, Any]]:
        """Gives the terms of the order that the model, or its manager, says."""
        queryset = self._manager.all()
        query = queryset.query
        return order_terms(self.model, query.order_by or (self.model._meta.ordering if query.default_ordering else ()))  # noqa: SLF001  # Django's documented name

    def _queryset(self, parents: Parents) -> Any:
        if self._relation is None:
            return self._manager.all().order_by()
        own, other = keys_of(self._relation)
        return self._manager.filter(**{f"{other}__in": parents[own]}).order_by()


def order_terms(model: Any, ordering: Any) -> list[dict[str, Any]]:
    """Gives an order of Django's as OrderTerms.

    Raises:
        ValueError: It is no order of columns and expressions.
    """
    return [term for item in ordering for term in _terms(model, item)]


def _terms(model: Any, item: Any) -> list[dict[str, Any]]:
    models: Any = import_module("django.db.models")
    if item == "?":
        raise ValueError("a random order has no pages")
    if isinstance(item, str):
        path = item.removeprefix("-")
        item = models.F(path).desc() if item.startswith("-") else models.F(path).asc()
    if not isinstance(item, models.OrderBy):
        item = item.asc()
    nulls = "_NULLS_FIRST" if item.nulls_first else "_NULLS_LAST" if item.nulls_last else ""
    direction = ("DESC" if item.descending else "ASC") + nulls
    name = getattr(item.expression, "name", None)
    if not isinstance(name, str):
        return [_term(expression_of(model, item.expression), True, direction)]
    if name == "pk":
        name = model._meta.pk.name  # noqa: SLF001  # Django's documented name
    if "__" in name:
        return [_term(expression_of(model, models.F(name)), True, direction)]
    field = model._meta.get_field(name)  # noqa: SLF001  # Django's documented name
    if field.is_relation and name != getattr(field, "attname", None) and field.related_model._meta.ordering:  # noqa: SLF001  # likewise
        return [
            _term(
                expression_of(model, models.F(f"{name}__{inner.removeprefix('-')}")), True, _flipped(direction, inner)
            )
            for inner in field.related_model._meta.ordering  # noqa: SLF001  # likewise
        ]
    return [_term(column(field.attname), field.null, direction)]


def _flipped(direction: str, inner: str) -> str:
    if not inner.startswith("-"):
        return direction
    return direction.replace("ASC", "DESC") if direction.startswith("ASC") else direction.replace("DESC", "ASC")


def _term(sql: Any, nullable: bool, direction: str) -> dict[str, Any]:
    return {"sql": sql, "nullable": nullable, "direction": direction}
