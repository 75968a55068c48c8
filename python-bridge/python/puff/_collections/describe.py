"""Fields that are collections: their types, arguments, plans, and what clients may ask of them."""

from __future__ import annotations

import typing
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from puff._collections.aggregates import describe_aggregates
from puff._collections.filters import describe_filter
from puff._collections.groups import describe_groups
from puff._collections.inputs import argument
from puff._collections.orders import describe_order
from puff._collections.pages import page_arguments, page_type
from puff._collections.plans import Rowset, plain_order
from puff._collections.relations import is_to_many
from puff._collections.targets import rows_of
from puff._django.types import attributes_of, is_relation, key_of, model_type_of
from puff._errors import SchemaProblem
from puff._types.annotations import arguments_of, evaluate, meaning_of
from puff._types.paged import Connection, OffsetPaginated
from puff._types.refs import TypeRef, Use

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from puff._plans.context import Context
    from puff._types.annotations import Scope
    from puff._types.paged import Paged
    from puff._types.types import Registry

_FORMS: dict[Any, str] = {list: "list", OffsetPaginated: "page", Connection: "connection"}


@dataclass
class CollectionField:
    """A field that is a collection."""

    type: TypeRef
    args: list[dict[str, Any]]
    collection: dict[str, Any]
    """A CollectionDescription."""
    plan: dict[str, Any] | None = None
    """The same for every caller, unless the items' type limits who may see what."""
    resolver: Callable[[Context], Any] | None = None
    """What gives its plan, where the user's resolver does not."""
    item: TypeRef | None = None
    """Its items."""
    is_pure: bool = False
    """Whether the resolver says the same each time."""


def describe_collection(
    registry: Registry, annotation: Any, scope: Scope, paged: Paged, literal_name: str, camel_case: bool
) -> CollectionField:
    """Describes a field whose resolver gives the plan.

    Args:
        registry: The types met so far.
        annotation: The field's type.
        scope: Where it stands.
        paged: What the author said.
        literal_name: Names an enum made of a Literal that no alias names.
        camel_case: Whether names are renamed.

    Raises:
        SchemaProblem: It can't be a collection.
    """
    return _describe(registry, _shape(registry, annotation, scope, literal_name), scope, paged, camel_case)


def describe_rows(
    registry: Registry,
    owner: type,
    name: str,
    annotation: Any,
    scope: Scope,
    paged: Paged,
    camel_case: bool,
    *,
    is_root: bool,
) -> CollectionField:
    """Describes an attribute: the rows of a relation of its owner's model, or all rows of the items' model.

    Args:
        registry: The types met so far.
        owner: The class that has the attribute.
        name: The attribute.
        annotation: Its type.
        scope: Where it stands.
        paged: What the author said.
        camel_case: Whether names are renamed.
        is_root: Whether the owner is a root type.

    Raises:
        SchemaProblem: It can't be a collection.
    """
    shape = _shape(registry, annotation, scope, owner.__name__ + name)
    item, parent = model_type_of(shape.cls), model_type_of(owner)
    if item is None:
        raise SchemaProblem(
            f"{scope.where} is a collection without a resolver, and no model says which rows it has",
            scope.place,
            "Decorate the items' class with @graphql.django_type(Model), or write a resolver with @graphql.paged().",
        )
    described = _describe(registry, shape, scope, paged, camel_case)
    if is_root:
        rows = Rowset(item.model)
    else:
        rows = Rowset(item.model, _relation(scope, parent and parent.model, paged.field_name or name, item.model))
    described.collection["order"] = _order(registry, scope, paged, rows)
    described.plan = rows.plan()
    described.resolver, described.is_pure = rows.resolver(), rows.is_steady
    return described


@dataclass(frozen=True)
class _Shape:
    """What a field's annotation says of its collection."""

    form: str
    item: TypeRef
    cls: type
    """The items' class."""
    ref: TypeRef
    """The annotation's own type, where it is a list."""


def _shape(registry: Registry, annotation: Any, scope: Scope, literal_name: str) -> _Shape:
    meaning = meaning_of(annotation, scope)
    form = _FORMS.get(typing.get_origin(meaning.base))
    if form is None:
        raise SchemaProblem(
            f"{scope.where} is a collection, and its type {meaning.base!r} says no form",
            scope.place,
            "Write list[T], graphql.OffsetPaginated[T] or graphql.Connection[T].",
        )
    (inner,) = arguments_of(meaning.base)
    use = Use("output", scope, literal_name)
    item = registry.type_of(inner, use)
    if item.is_leaf or item.item is not None:
        raise SchemaProblem(
            f"{scope.where} is a collection of {item}, and items are objects",
            scope.place,
            "Take @graphql.paged off, or write a type for the items.",
        )
    ref = registry.type_of(meaning.base, use) if form == "list" else item
    return _Shape(form, item, meaning_of(inner, scope).base, replace(ref, nullable=meaning.nullable))


def _describe(registry: Registry, shape: _Shape, scope: Scope, paged: Paged, camel_case: bool) -> CollectionField:
    ref, item = shape.ref, shape.item.name
    model = model_type_of(shape.cls)
    parts: dict[str, Any] = {}
    more: list[dict[str, Any]] = []
    name = paged.type_name or item
    if (paged.aggregates or paged.group_by) and shape.form == "list":
        raise SchemaProblem(
            f"{scope.where} is a list, which has no place for {'aggregates' if paged.aggregates else 'groups'}",
            scope.place,
            f"Write graphql.OffsetPaginated[{item}] or graphql.Connection[{item}].",
        )
    if paged.aggregates or paged.group_by:
        target = shape.cls if model is None else model.model
        summed = describe_aggregates(registry, scope, target, paged.aggregates, name, camel_case)
        more, parts["aggregates"] = [summed.field], summed.columns
        if paged.group_by:
            groups, parts["groups"] = describe_groups(registry, scope, target, paged.group_by, summed, name, camel_case)
            more.append(groups)
    if shape.form != "list":
        ref = TypeRef(
            page_type(registry, shape.form, item, name, more, scope.place), nullable=ref.nullable, is_leaf=False
        )
    options = _options(registry, scope, paged, shape.cls, camel_case)
    args = [
        *([] if options["filters"] is None else [argument("filters", options["filters"])]),
        *([] if options["ordering"] is None else [argument("ordering", f"[{options['ordering']}!]!", defaultValue=[])]),
        *page_arguments(registry, shape.form),
    ]
    order = _order(registry, scope, paged, Rowset(model.model) if model is not None else shape.cls)
    collection = {"form": shape.form, **options, "order": order, "key": _key(scope, paged, shape.cls)}
    return CollectionField(ref, args, collection | parts, item=shape.item)


def _relation(scope: Scope, model: Any, name: str, related: Any) -> Any:
    if model is None:
        raise SchemaProblem(
            f"{scope.where} is a collection without a resolver, and its class has no model",
            scope.place,
            "Decorate the class with @graphql.django_type(Model), or write a resolver with @graphql.paged().",
        )
    field = attributes_of(model).get(name)
    if field is None or not is_relation(field, name) or not is_to_many(field):
        known = [known for known, field in attributes_of(model).items() if field.is_relation and is_to_many(field)]
        raise SchemaProblem(
            f"{scope.where} is a collection, but {name} is not a relation to many rows of the model {model.__name__}",
            scope.place,
            f"Name one with field_name=: it has {', '.join(known) or 'none'}.",
        )
    if getattr(field, "related_model", None) is None or not issubclass(related, field.related_model):
        raise SchemaProblem(
            f"{scope.where} is a collection of {related.__name__}, and {name} leads to another model",
            scope.place,
            "Write the type of that model's rows.",
        )
    return field


def _options(registry: Registry, scope: Scope, paged: Paged, cls: type, camel_case: bool) -> dict[str, Any]:
    model = model_type_of(cls)
    filters = paged.filters if paged.filters is not ... else model and model.filters
    ordering = paged.ordering if paged.ordering is not ... else model and model.ordering
    size = paged.size if paged.size is not None else paged.max
    if (paged.max is not None and paged.max < 0) or (size is not None and not 0 <= size <= (paged.max or size)):
        raise SchemaProblem(
            f"{scope.where} has default={paged.size} and max={paged.max}",
            scope.place,
            "The default is a number from 0 to max; max=None is any number.",
        )
    return {
        "filters": None if filters is None else describe_filter(registry, _class(filters, scope, cls), camel_case),
        "ordering": None if ordering is None else describe_order(registry, _class(ordering, scope, cls), camel_case),
        "size": size,
        "max": paged.max,
    }


def _class(named: Any, scope: Scope, item: type) -> type:
    """Gives the class of a filter or an order, which must be for the items' rows."""
    cls = evaluate(named, scope) if isinstance(named, str) else named
    spec = getattr(cls, "__puff_filter__", None) or getattr(cls, "__puff_order__", None)
    model = model_type_of(item)
    rows: Any = item if model is None else model.model
    target = getattr(spec, "target", None)
    if spec is None or not (isinstance(target, type) and issubclass(rows, target)):
        shown = getattr(cls, "__name__", repr(cls))
        of = "neither a filter nor an order" if spec is None else f"for {getattr(target, '__name__', target)}"
        raise SchemaProblem(
            f"{scope.where} names {shown}, which is {of}, and its items are {rows.__name__}",
            scope.place,
            f"Decorate a class with @graphql.filter_type({rows.__name__}) or @graphql.order_type({rows.__name__}).",
        )
    return cls


def _key(scope: Scope, paged: Paged, cls: type) -> Sequence[str]:
    if paged.key:
        return list(paged.key)
    model = model_type_of(cls)
    if model is not None:
        return key_of(model.model)
    if is_dataclass(cls) and any(item.name == "id" for item in fields(cls)):
        return ["id"]
    raise SchemaProblem(
        f"{scope.where} is a collection of {cls.__name__}, and nothing says what identifies a row",
        scope.place,
        'Say it: @graphql.paged(key="…"), the name of a column, or several.',
    )


def _order(registry: Registry, scope: Scope, paged: Paged, rows: Any) -> list[dict[str, Any]]:
    """Gives the order where a client asks for none, of a Rowset or of a plan's class."""
    try:
        if isinstance(rows, Rowset):
            return rows.order(paged.order_by)
        return plain_order(rows_of(registry, rows, rows), paged.order_by) if paged.order_by else []
    except Exception as error:
        raise SchemaProblem(
            f"{scope.where} can't have its order: {error}",
            scope.place,
            'Name columns: order_by="-created". Or order the model, or its manager, by columns.',
        ) from error
