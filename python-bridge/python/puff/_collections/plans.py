"""The plans of collections that no resolver gives: all rows of a model, and the rows of a relation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puff._collections.django_sql import expression_of
from puff._collections.fragments import column
from puff._django.relations import is_steady, keys_of
from puff._plans.plan import Plan
from puff._plans.sql_result import sql_result
from puff._symbols.parents import Parents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from puff._collections.rows import Rows
    from puff._plans.context import Context


class Rowset:
    """The rows of a model, or those that a relation leads to."""

    def __init__(self, model: Any, relation: Any = None) -> None:
        self.model = model
        self._relation = relation
        self._manager = model._default_manager  # noqa: SLF001  # Django's documented name

    @property
    def is_steady(self) -> bool:
        """Whether the model's manager says the same each time."""
        return is_steady(self._manager)

    def plan(self) -> dict[str, Any] | None:
        """Gives the plan; None where the model's manager may say something else each time."""
        if not self.is_steady:
            return None
        plan: Plan[Any] = Plan(self._queryset(Parents(None)).order_by(), ())
        return sql_result({}, plan)

    def resolver(self) -> Callable[[Context], Any]:
        """Gives a function that asks the manager."""
        return lambda ctx: self._queryset(ctx.parents)

    def order(self, order_by: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Gives the terms of an order, or else of that which the model, or its manager, says."""
        queryset = self._manager.all()
        return _order_of(queryset.order_by(*order_by) if order_by else queryset)

    def _queryset(self, parents: Parents) -> Any:
        if self._relation is None:
            return self._manager.all()
        own, other = keys_of(self._relation)
        return self._manager.filter(**{f"{other}__in": parents[own]})


def without_order(value: Any) -> tuple[Any, list[dict[str, Any]] | None]:
    """Takes the order off a QuerySet, since a collection's order is the gateway's: the client may ask for another one.

    Args:
        value: What a collection's resolver returned.

    Returns:
        The QuerySet with all of its columns, and the terms of its own order: None if it has none, or it can't be
        told apart. Any other value as it is.
    """
    query: Any = getattr(value, "query", None)
    if not hasattr(query, "deferred_loading") or not query.default_cols or query.combinator or query.extra_order_by:
        return value, None
    # What is an alias becomes a column, so that it can be ordered by.
    names: list[Any] = list(map(_name_of, query.order_by))
    hidden = [name for name in names if name in query.annotations and name not in query.annotation_select]
    if hidden and not query.is_sliced:
        field_of: Any = import_module("django.db.models").F
        value = value.annotate(**{name: field_of(name) for name in hidden})
        query = value.query
    try:
        terms = _order_of(value)
    except Exception:  # of any expression of the author's
        return value, None
    if any(isinstance(part, dict) and "as" in part for term in terms for part in term["sql"]):
        return value, None  # a symbol of an argument, which no client sends
    own = None if query.default_ordering and not query.order_by else terms  # else it is the model's
    if query.is_sliced or query.distinct_fields:
        return value, own
    plain = value.order_by()
    plain.query.clear_deferred_loading()
    return plain, own


def plain_order(rows: Rows, order_by: Sequence[Any]) -> list[dict[str, Any]]:
    """Gives the terms of an order by columns of a plan.

    Raises:
        ValueError: It has no such column.
    """
    terms: list[dict[str, Any]] = []
    for name in order_by:
        try:
            sql, nullable = rows.term(name.removeprefix("-"))
        except (KeyError, AttributeError):
            raise ValueError(f"{rows.name} has no column {name!r}") from None
        terms.append(_term(sql, nullable, "DESC" if name.startswith("-") else "ASC"))
    return terms


def _name_of(item: Any) -> str | None:
    """Gives the name that an item of an order names."""
    if isinstance(item, str):
        return item.removeprefix("-")
    return getattr(getattr(item, "expression", item), "name", None)


def _order_of(queryset: Any) -> list[dict[str, Any]]:
    """Gives the order of a QuerySet as OrderTerms.

    Raises:
        ValueError: It is not an order of columns and expressions.
    """
    query, model = queryset.query, queryset.model
    ordering = query.order_by or (model._meta.ordering if query.default_ordering else ())  # noqa: SLF001  # Django's documented name
    terms = [term for item in ordering for term in _terms(model, item, query.annotation_select)]
    return (
        terms if query.standard_ordering else [{**term, "direction": _OPPOSITES[term["direction"]]} for term in terms]
    )


def _terms(model: Any, item: Any, annotations: Any) -> list[dict[str, Any]]:
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
    if name in annotations:
        return [_term(column(name), True, direction)]
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
    return _OPPOSITES[direction] if inner.startswith("-") else direction


_OPPOSITES = {
    "ASC": "DESC",
    "DESC": "ASC",
    "ASC_NULLS_FIRST": "DESC_NULLS_LAST",
    "ASC_NULLS_LAST": "DESC_NULLS_FIRST",
    "DESC_NULLS_FIRST": "ASC_NULLS_LAST",
    "DESC_NULLS_LAST": "ASC_NULLS_FIRST",
}


def _term(sql: Any, nullable: bool, direction: str) -> dict[str, Any]:
    return {"sql": sql, "nullable": nullable, "direction": direction}
