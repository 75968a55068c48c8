"""What Puff has for Django."""

from __future__ import annotations

from typing import Any

from puff._errors import PlanError
from puff._orm.queries import compile_query

__all__ = ["query_and_params"]


def query_and_params(queryset: Any) -> tuple[str, list[Any]]:
    """Compiles a QuerySet, as Puff's resolvers do; returning the QuerySet itself says the same.

    Args:
        queryset: A QuerySet.

    Returns:
        Its SQL, with `$1`, `$2`, … for parameters, and the parameters.

    Raises:
        PlanError: It is not a QuerySet.

    Example:
        >>> return ..., *query_and_params(Question.objects.all())  # doctest: +SKIP
    """
    query = compile_query(queryset)
    if query is None:
        raise PlanError(f"query_and_params takes a QuerySet, not a {type(queryset).__name__}")
    return query.text, list(query.params)
