"""Plans that decorate a resolver: part of the schema's description, so that Python is never called for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._errors import PlanError, SchemaProblem
from puff._resolving import sql_result
from puff._trace import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from puff._describe import RuntimeSchema
    from puff._members import Resolver
    from puff._refs import TypeRef
    from puff._types import Registry

_KINDS: Mapping[str, str] = {
    **KINDS, "Boolean": "bool", "DateTime": "datetime", "Date": "date", "Time": "time", "Duration": "duration",
    "Bytes": "bytes", "JSON": "json",
}  # fmt: skip
"""From a scalar to the kind of its values as parameters."""


def describe_statics(registry: Registry, runtime: RuntimeSchema) -> None:
    """Puts the plans that decorate resolvers into their fields' descriptions.

    Raises:
        SchemaProblem: A plan has parameters that the gateway can't bind without Python.
    """
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            resolver = runtime.resolvers.get(f"{named.name}.{field['name']}")
            if resolver is not None and resolver.plan is not None:
                field["source"]["plan"] = _static_plan(registry, runtime, resolver)


def _static_plan(registry: Registry, runtime: RuntimeSchema, resolver: Resolver) -> dict[str, Any]:
    plan = resolver.plan
    if plan is None or resolver.is_method:
        raise SchemaProblem(
            f"@graphql.sql decorates the instance method {resolver.name}, and has no use for an instance",
            resolver.place,
            "Decorate a classmethod.",
        )
    arguments = {argument.python: argument for argument in resolver.arguments}
    params: list[Any] = list(plan.params)
    for python in plan.args:
        argument = arguments.get(python)
        if argument is None:
            raise SchemaProblem(
                f"args of @graphql.sql names {python!r}, which is no argument of {resolver.name}",
                resolver.place,
                f"Its arguments are {', '.join(arguments) or 'none'}.",
            )
        kind = _kind_of(registry, argument.type)
        if kind is None:
            raise SchemaProblem(
                f"argument {python} of {resolver.name} can't be a parameter of @graphql.sql without Python's help",
                resolver.place,
                "Return sql(…) from the resolver instead: args are scalars without parse=, enums, or lists of them.",
            )
        params.append({"argument": argument.name, "as": kind})
    try:
        return {**sql_result(runtime, plan), "params": params}
    except PlanError as error:
        raise SchemaProblem(f"{resolver.name}: {error}", resolver.place, "Name dataclasses of the schema.") from error


def _kind_of(registry: Registry, ref: TypeRef) -> str | None:
    """Gives the kind of an argument's parameter; None where its value is made by Python, or has no form in Postgres."""
    if ref.item is not None:
        item = None if ref.item.item is not None else _kind_of(registry, ref.item)
        return None if item is None else f"{item}[]"
    named = registry.types.get(ref.name)
    if named is None:
        return _KINDS.get(ref.name)
    if named.kind == "enum":
        return "str"
    return _KINDS.get(named.python.based_on) if named.kind == "scalar" and named.python.parse is None else None
