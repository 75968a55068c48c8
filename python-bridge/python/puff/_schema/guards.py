"""Which types have rows that not every caller may see, and which resolvers give such rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.limits import limit_related
from puff._django.types import model_type_of
from puff._django.visible import visible_of
from puff._errors import SchemaProblem
from puff._parameters.parameters import to_parameters
from puff._plans.plan import Plan
from puff._schema.guard import Guard
from puff._schema.runtime import Resolver
from puff._types.annotations import annotations_of
from puff._types.refs import TypeRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from puff._plans.context import Context
    from puff._schema.runtime import RuntimeSchema
    from puff._types.refs import NamedType
    from puff._types.types import Registry

VISIBLE = "__visible"
"""The name of the resolver of all rows of a type that a caller may see. No field has it."""


def describe_guards(registry: Registry, runtime: RuntimeSchema) -> None:
    """Finds the types with `visible`, once all types are known, and says so in their descriptions."""
    for named in registry.types.values():
        objects = _objects_of(named, registry)
        limited = {one.name: one.python for one in objects if visible_of(one.python)}
        allowed = {
            f"{one.name}.{column.name}": column.options
            for one in objects
            for column in runtime.types[one.name].columns.values()
            if column.options is not None
        }
        if not limited and not allowed:
            continue
        names = {one.python: one.name for one in objects}
        limiting = {name.partition(".")[0] for name in allowed}
        places = {one.name: _place_of(one) for one in objects if one.name in limited or one.name in limiting}
        runtime.guards[named.name] = Guard(limited, names, allowed, places)
        if named.kind == "object":
            named.description["visible"] = places[named.name]
        if named.kind == "object" and limited:
            item = TypeRef(named.name, cls=named.python, is_leaf=False)
            model = visible_of(named.python)[0].model
            resolver = Resolver(
                f"{named.name}.{VISIBLE}",
                lambda _ctx, model=model: model._base_manager.all(),  # noqa: SLF001  # Django's documented name
                False,
                1,
                (),
                TypeRef(named.name, item=item, is_leaf=False),
                named.python,
                False,
            )
            runtime.resolvers[resolver.name] = resolver
    _without_statics(registry, runtime)
    limit_related(registry)
    _check_allowed(registry, runtime)


def _check_allowed(registry: Registry, runtime: RuntimeSchema) -> None:
    """Refuses what asks of columns that not every caller may have: filters, orders, groups, aggregates."""
    kept: dict[Any, set[str]] = {}
    for known in runtime.types.values():
        model = model_type_of(known.cls)
        names = {column.python for column in known.columns.values() if column.options is not None}
        if model is not None:  # a foreign key's column tells as much as the relation
            names |= {field.name for field in model.model._meta.concrete_fields if field.attname in names}  # noqa: SLF001
        kept.setdefault(known.cls if model is None else model.model, set()).update(names)
    for cls, named in registry.by_class.items():
        spec = getattr(cls, "__puff_filter__", None) or getattr(cls, "__puff_order__", None)
        if spec is None:
            continue
        # Rows may be asked about by what is for a class that theirs inherits from.
        of_rows = [names for rows, names in kept.items() if issubclass(rows, spec.target)]
        for name in sorted(set[str]().union(*of_rows) & set(annotations_of(cls))):
            raise SchemaProblem(
                f"{named.name} asks for {name}, which not every caller may have", named.place, f"Take {name} off."
            )
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            resolver = runtime.resolvers.get(f"{named.name}.{field['name']}")
            item = None if resolver is None or resolver.item is None else runtime.types.get(resolver.item.name)
            columns = set() if resolver is None else set(resolver.told)
            allowed = {} if item is None else item.columns
            for name in sorted(columns & {one.python for one in allowed.values() if one.options is not None}):
                raise SchemaProblem(
                    f"field {named.name}.{field['name']} tells of {name}, which not every caller may have",
                    field["place"],
                    f"Take {name} off.",
                )


def _place_of(named: NamedType) -> str:
    """Says where a type limits its rows, or its columns."""
    return ", ".join(visible.place for visible in visible_of(named.python)) or f"{named.name} ({named.place})"


def _objects_of(named: NamedType, registry: Registry) -> Iterable[NamedType]:
    """Gives the object types that objects of a type may have."""
    if named.kind == "union":
        return [registry.types[name] for name in named.description["members"]]
    if named.kind == "interface":
        return [other for other in registry.types.values() if named.name in other.description.get("interfaces", ())]
    return [named] if named.kind == "object" and named.use is not None else []


def _without_statics(registry: Registry, runtime: RuntimeSchema) -> None:
    """Has Python give the plans that the schema would hold, where they, or the field itself, depend on who asks."""
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            resolver = runtime.resolvers.get(f"{named.name}.{field['name']}")
            if resolver is None or (rows_of(resolver).name not in runtime.guards and resolver.options is None):
                continue
            if resolver.plan is not None:
                resolver.function, resolver.context, resolver.plan = _giver(resolver.plan), 1, None
                field["source"]["pure"] = True
            if field["source"].get("plan") is not None:
                field["source"]["plan"] = None


def _giver(plan: Plan[Any]) -> Any:
    def give(_ctx: Context, /, **arguments: Any) -> Plan[Any]:
        given: Plan[Any] = Plan(plan.text, ())
        given.params = [*plan.params, *to_parameters([arguments[name] for name in plan.args])]
        given.parent_keys, given.child_keys = plan.parent_keys, plan.child_keys
        given.type_column, given.type_names, given.absent = plan.type_column, plan.type_names, plan.absent
        return given

    return give


def rows_of(resolver: Resolver) -> TypeRef:
    """Gives the type of a resolver's rows."""
    return resolver.type if resolver.item is None else resolver.item
