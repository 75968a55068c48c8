"""Plans that decorate a resolver: part of the schema's description, so that Python is never called for them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from puff._errors import PlanError, SchemaProblem
from puff._parameters.parameters import to_parameter
from puff._plans.sql_result import sql_result

if TYPE_CHECKING:
    from puff._schema.runtime import Resolver, RuntimeSchema
    from puff._types.argument import Argument
    from puff._types.types import Registry


def describe_statics(registry: Registry, runtime: RuntimeSchema) -> None:
    """Puts the plans that decorate resolvers into their fields' descriptions.

    Raises:
        SchemaProblem: A plan has parameters that the gateway can't bind without Python.
    """
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            resolver = runtime.resolvers.get(f"{named.name}.{field['name']}")
            if resolver is not None and resolver.plan is not None:
                field["source"]["plan"] = _static_plan(runtime, resolver)


def _static_plan(runtime: RuntimeSchema, resolver: Resolver) -> dict[str, Any]:
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
                f"args of @graphql.sql names {python!r}, which is not an argument of {resolver.name}",
                resolver.place,
                f"Its arguments are {', '.join(arguments) or 'none'}.",
            )
        param = _parameter_of(argument)
        if param is None:
            raise SchemaProblem(
                f"argument {python} of {resolver.name} can't be a parameter of @graphql.sql without Python's help",
                resolver.place,
                "Return sql(…) from the resolver instead: args are scalars without parse=, enums, or lists of them.",
            )
        params.append(param)
    try:
        return {**sql_result(runtime.names, plan), "params": params}
    except PlanError as error:
        raise SchemaProblem(f"{resolver.name}: {error}", resolver.place, "Name dataclasses of the schema.") from error


def _parameter_of(argument: Argument) -> dict[str, Any] | None:
    """Gives an argument's parameter; None if its value is made by Python, or has no form in Postgres."""
    ref, dimensions = argument.type, 0
    while ref.item is not None:
        ref, dimensions = ref.item, dimensions + 1
    if ref.kind is None or dimensions > _MAX_DIMENSIONS:
        return None
    param: dict[str, Any] = {"argument": argument.name, "as": ref.kind + "[]" * dimensions}
    if isinstance(ref.cls, type) and issubclass(ref.cls, enum.Enum):
        param["members"] = {name: to_parameter(member) for name, member in ref.cls.__members__.items()}
    return param


_MAX_DIMENSIONS = 3
