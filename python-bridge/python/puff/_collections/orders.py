"""From a class decorated with `order_type` to its input type, and to what each of its fields means."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from puff._collections.declare import Ordering, functions_of, order_of
from puff._collections.functions import call_order
from puff._collections.inputs import argument
from puff._collections.relations import is_to_many, related_of
from puff._collections.targets import attributes, check_target, rows_of
from puff._django.types import is_auto
from puff._errors import SchemaProblem
from puff._types.annotations import class_scope, meaning_of
from puff._types.markers import FieldOptions, merge_options
from puff._types.names import graphql_name
from puff._types.refs import NamedType, Use
from puff._types.source import class_doc, place_of

if TYPE_CHECKING:
    from puff._collections.rows import Rows
    from puff._collections.targets import Attribute
    from puff._types.types import Registry


def describe_order(registry: Registry, cls: type, camel_case: bool) -> str:
    """Describes an order, unless it is described, and those of related rows.

    Args:
        registry: The types met so far.
        cls: The class.
        camel_case: Whether names are renamed.

    Returns:
        The input type's name.

    Raises:
        SchemaProblem: An attribute is not an order.
    """
    known = registry.by_class.get(cls)
    if known is not None:
        return known.name
    spec = order_of(cls)
    if spec is None:
        raise SchemaProblem(
            f"{cls.__name__} is not an order", place_of(cls), "Decorate it with @graphql.order_type(Model)."
        )
    rows = rows_of(registry, spec.target, cls)
    scope = class_scope(cls, f"order {spec.name}", place_of(cls))
    direction = registry.type_of(Ordering, Use("input", scope, spec.name))
    fields: list[dict[str, Any]] = []
    terms: dict[str, Any] = {}
    parts = {"description": spec.description or class_doc(cls), "fields": fields, "oneOf": True}
    registry.add(NamedType(spec.name, "input", cls, scope.place, Use("input", scope, spec.name), parts))
    registry.orderings[spec.name] = terms

    def add(python: str, type_: str, term: dict[str, Any], options: FieldOptions, place: str | None) -> None:
        name = graphql_name(python, options, camel_case)
        if name in terms:
            raise SchemaProblem(f"order {spec.name} has two fields {name}", place, "Rename one.")
        fields.append(argument(name, type_, options.description) | {"deprecation": options.deprecation})
        terms[name] = term

    for attribute in attributes(cls, f"field {spec.name}"):
        if is_auto(attribute.annotation, cls):
            options, inner = attribute.options, None
        else:
            meaning = meaning_of(attribute.annotation, attribute.scope)
            options = merge_options((attribute.options, meaning.options))
            inner = meaning.base if order_of(meaning.base) is not None else None
        if inner is None:
            add(attribute.name, direction.name, _column(rows, attribute), options, attribute.scope.place)
        else:
            related = _related(rows, attribute, inner)
            name = describe_order(registry, inner, camel_case)
            term = {"kind": "related", "related": related, "ordering": name}
            add(attribute.name, name, term, options, attribute.scope.place)
    for name, (function, mark) in functions_of(cls, "order").items():
        fragment = call_order(rows, cls, name, function)
        doc = FieldOptions(
            mark.options.description or inspect.getdoc(function), mark.options.deprecation, mark.options.name
        )
        add(name, direction.name, {"kind": "sql", "sql": fragment, "nullable": True}, doc, place_of(cls, name))
    if not fields:
        raise SchemaProblem(f"order {spec.name} has no fields", scope.place, "Give it an attribute: votes: auto.")
    return spec.name


def _column(rows: Rows, attribute: Attribute) -> dict[str, Any]:
    try:
        fragment, nullable = rows.term(attribute.name)
    except KeyError:
        raise SchemaProblem(
            f"{attribute.scope.where} orders by a column, but {rows.name} has no {attribute.name}",
            attribute.scope.place,
            f"It has {', '.join(rows.names())}. Or write a function with @graphql.order_field.",
        ) from None
    except ValueError as error:
        raise SchemaProblem(
            f"{attribute.scope.where} orders by a column, but {error}",
            attribute.scope.place,
            "Write a function with @graphql.order_field.",
        ) from error
    return {"kind": "sql", "sql": fragment, "nullable": nullable}


def _related(rows: Rows, attribute: Attribute, inner: type) -> dict[str, Any]:
    relation = rows.relation(attribute.name)
    if relation is None or is_to_many(relation):
        what = "no relation" if relation is None else "a relation to many rows"
        raise SchemaProblem(
            f"{attribute.scope.where} is an order, and {attribute.name} is {what} of {rows.name}",
            attribute.scope.place,
            "Order by a relation to one row, or by an expression: @graphql.order_field.",
        )
    check_target(inner, relation.related_model, attribute)
    try:
        return related_of(relation)
    except ValueError as error:
        raise SchemaProblem(
            f"{attribute.scope.where} can't be followed: {error}",
            attribute.scope.place,
            "Write a function with @graphql.order_field.",
        ) from error
