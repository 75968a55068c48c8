"""What the parameters of a resolver are: arguments of its field, one by one or together, and of the field above."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from puff._errors import SchemaProblem
from puff._schema.arguments import describe_argument
from puff._schema.inputs import describe_members
from puff._schema.parent_arguments import parent_argument
from puff._schema.signatures import parameters_of
from puff._types.absent import ABSENT
from puff._types.annotations import annotations_of, function_scope, meaning_of
from puff._types.argument import Argument, ArgumentGroup
from puff._types.markers import function_of
from puff._types.names import pascal
from puff._types.refs import Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._types.types import Registry


@dataclass
class Parameters:
    """The parameters of a resolver, described."""

    context: int
    """How many positional-only parameters it takes."""
    args: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """ArgumentDescriptions of its field's own arguments."""
    arguments: list[Argument] = field(default_factory=list[Argument])
    inherited: list[str] = field(default_factory=list[str])
    """GraphQL names of those that are arguments of the field above."""


def describe_parameters(
    registry: Registry, type_name: str, name: str, member: Any, owner: type, place: str | None, camel_case: bool
) -> Parameters:
    """Describes the parameters of a resolver.

    Args:
        registry: The types met so far.
        type_name: GraphQL name of the type whose field it resolves.
        name: Its name.
        member: The resolver as the class has it.
        owner: The class that has it.
        place: Where it is written.
        camel_case: Whether names are renamed.

    Returns:
        What they are.

    Raises:
        SchemaProblem: One has no form in GraphQL, or the name of another.
    """
    function = function_of(member)
    annotations = annotations_of(inspect.unwrap(function))
    where = f"field {type_name}.{name}"
    context, parameters = parameters_of(function, member, name, where, place)
    described = Parameters(context)
    for parameter in parameters:
        its_where = f"argument {parameter.name} of {type_name}.{function.__name__}"
        if parameter.name not in annotations:
            raise SchemaProblem(f"{its_where} has no annotation", place, f"Write its type, `{parameter.name}: int`.")
        scope = function_scope(function, owner, its_where, place)
        use = Use("input", scope, owner.__name__ + pascal(function.__name__) + pascal(parameter.name))
        for description, argument in _describe(registry, parameter, annotations[parameter.name], use, camel_case):
            if any(other.name == argument.name for other in described.arguments):
                raise SchemaProblem(f"{where} has two arguments {argument.name}", place, "Rename one.")
            described.arguments.append(argument)
            if description is None:
                described.inherited.append(argument.name)
            else:
                described.args.append(description)
    return described


def _describe(
    registry: Registry, parameter: inspect.Parameter, annotation: Any, use: Use, camel_case: bool
) -> list[tuple[dict[str, Any] | None, Argument]]:
    """Gives what a parameter is, with the ArgumentDescription of each argument of the field itself."""
    name = parameter.name
    default = ABSENT if parameter.default is parameter.empty else parameter.default
    meaning = meaning_of(annotation, use.scope)
    if meaning.parameter is None:
        return [describe_argument(registry, name, annotation, default, use, camel_case)]
    if meaning.parameter.is_parents:
        return [(None, parent_argument(registry, name, annotation, default, use, camel_case))]
    if not dataclasses.is_dataclass(meaning.base) or meaning.nullable or default is not ABSENT:
        raise SchemaProblem(
            f"{use.scope.where} is marked with graphql.arguments, but is not a dataclass of arguments",
            use.scope.place,
            f"Write `{name}: Annotated[…, graphql.arguments]` with a dataclass whose fields have the defaults.",
        )
    group = ArgumentGroup(name, cast("Callable[..., Any]", meaning.base))
    return [*describe_members(registry, meaning.base, group.make.__name__, camel_case, group)]
