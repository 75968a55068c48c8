"""Which types have rows that not every caller may see, and which resolvers give such rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.limits import limit_related
from puff._django.visible import visible_of
from puff._parameters.parameters import to_parameters
from puff._plans.plan import Plan
from puff._schema.guard import Guard
from puff._schema.runtime import Resolver
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
        limited = {one.name: one.python for one in _objects_of(named, registry) if visible_of(one.python)}
        if not limited:
            continue
        names = {one.python: one.name for one in _objects_of(named, registry)}
        runtime.guards[named.name] = Guard(limited, names)
        if named.kind == "object":
            named.description["visible"] = runtime.guards[named.name].said[named.name]
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


def _objects_of(named: NamedType, registry: Registry) -> Iterable[NamedType]:
    """Gives the object types that objects of a type may have."""
    if named.kind == "union":
        return [registry.types[name] for name in named.description["members"]]
    if named.kind == "interface":
        return [other for other in registry.types.values() if named.name in other.description.get("interfaces", ())]
    return [named] if named.kind == "object" and named.use is not None else []


def _without_statics(registry: Registry, runtime: RuntimeSchema) -> None:
    """Has Python give the plans that decorate resolvers of such types: they depend on who asks."""
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            resolver = runtime.resolvers.get(f"{named.name}.{field['name']}")
            if resolver is not None and resolver.plan is not None and rows_of(resolver).name in runtime.guards:
                resolver.function, resolver.context, resolver.plan = _giver(resolver.plan), 1, None
                field["source"]["pure"] = True


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
