"""Filters and orders that are functions: called once, when the schema loads, with a symbol of the client's value."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from puff._collections.rows import boolean_condition, sql_condition
from puff._collections.symbols import symbol_for
from puff._collections.values import kind_of
from puff._errors import NeedsArgument, SchemaProblem
from puff._types.annotations import annotations_of, function_scope, signature_of
from puff._types.refs import Use
from puff._types.source import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._collections.fragments import Fragment
    from puff._collections.rows import Condition, Rows
    from puff._symbols.value import Path
    from puff._types.types import Registry


def call_filter(
    registry: Registry, rows: Rows, cls: type, name: str, function: Any
) -> tuple[dict[str, Any], Condition]:
    """Calls a function that is a filter.

    Returns:
        Its input field, an ArgumentDescription without a name, and what it means.

    Raises:
        SchemaProblem: It looks at its value, or can't be called so.
    """
    where, place = f"filter {cls.__name__}.{name}", place_of(cls, name)
    keywords = _keywords(function, rows, where, place, {"self": None, "prefix": "", "info": None})
    annotations = annotations_of(function)
    if "value" not in keywords or "value" not in annotations:
        raise SchemaProblem(
            f"{where} takes no value with a type", place, f"Write `def {name}(value: int) -> Q:`, with its own type."
        )
    scope = function_scope(function, cls, where, place)
    pascal = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    ref = registry.type_of(annotations["value"], Use("input", scope, cls.__name__ + pascal))
    described = {"type": str(ref).removesuffix("!"), "description": inspect.getdoc(function)}
    kind = kind_of(ref, of_model=rows.of_model)
    if kind is None:
        raise SchemaProblem(
            f"the value of {where} has the type {ref}, and no parameter of SQL stands for it",
            place,
            "Take a scalar, an enum, or a list of them.",
        )

    def call(value: Any) -> Fragment:
        return rows.condition(function(**{**keywords, "value": value}))

    if ref.name == "Boolean" and ref.item is None:
        values = [_guarded(lambda: call(True), where, place, {}), _guarded(lambda: call(False), where, place, {})]
        return described, boolean_condition(*values)
    needed: dict[Path, None] = {}
    return described, sql_condition(
        _guarded(lambda: call(symbol_for(kind, needed, of_model=rows.of_model)), where, place, needed)
    )


def call_order(rows: Rows, cls: type, name: str, function: Any) -> Fragment:
    """Calls a function that is an order.

    Raises:
        SchemaProblem: It can't be called so, or returns no expression.
    """
    where, place = f"order {cls.__name__}.{name}", place_of(cls, name)
    keywords = _keywords(function, rows, where, place, {"self": None, "prefix": "", "info": None})
    if "value" in keywords:
        keywords["value"] = _Direction()

    def call() -> Fragment:
        made = function(**keywords)
        terms: Any = made[1] if isinstance(made, tuple) and len(made) == 2 else made
        if isinstance(terms, list | tuple):
            if len(terms) != 1:
                raise ValueError(f"it returns {len(terms)} expressions, and an order is one")
            terms = terms[0]
        return rows.expression(terms)

    return _guarded(call, where, place, {})


class _Direction:
    """Stands for the direction that a client gives."""

    def resolve(self, path: Any) -> Any:
        """Gives what is ordered by; the direction is the client's."""
        return path


def _keywords(function: Any, rows: Rows, where: str, place: str | None, known: dict[str, Any]) -> dict[str, Any]:
    """Gives a function's arguments but its value."""
    keywords: dict[str, Any] = {}
    for parameter in signature_of(function).parameters.values():
        if parameter.name == "value":
            keywords["value"] = None
        elif parameter.name == "queryset" and rows.of_model:
            keywords["queryset"] = rows.target._base_manager.all()  # noqa: SLF001  # Django's documented name
        elif parameter.name in known:
            keywords[parameter.name] = known[parameter.name]
        elif parameter.default is parameter.empty:
            raise SchemaProblem(
                f"{where} takes {parameter.name}, which it isn't given",
                place,
                "It is called once, when the schema loads: it may take value, self, prefix and queryset.",
            )
    return keywords


def _guarded(call: Callable[[], Fragment], where: str, place: str | None, needed: dict[Path, None]) -> Fragment:
    try:
        fragment = call()
    except NeedsArgument:
        fragment = None
    except SchemaProblem:
        raise
    except Exception as error:
        if not needed:
            raise SchemaProblem(
                f"{where} can't be compiled: {type(error).__name__}: {error}",
                place,
                "It is called once, when the schema loads, with what stands for a value.",
            ) from error
        fragment = None
    if fragment is None or needed:
        raise SchemaProblem(
            f"{where} looks at its value, which is not known when the schema loads",
            place,
            "Give the value to the query as it is: Q(votes__gte=value). A bool may be looked at.",
        )
    return fragment
