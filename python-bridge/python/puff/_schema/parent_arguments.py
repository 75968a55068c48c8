"""Parameters of resolvers that have the values of arguments of the field above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._schema.arguments import describe_argument
from puff._types.absent import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from puff._schema.runtime import RuntimeSchema
    from puff._types.argument import Argument
    from puff._types.refs import Use
    from puff._types.types import Registry


def parent_argument(
    registry: Registry, python: str, annotation: Any, default: Any, use: Use, camel_case: bool
) -> Argument:
    """Gives what converts the value of the argument of the field above."""
    _, argument = describe_argument(registry, python, annotation, default, use, camel_case)
    if default is ABSENT:
        argument.when_absent = "none" if argument.type.nullable else "refused"
    return argument


def check_parent_arguments(registry: Registry, runtime: RuntimeSchema) -> None:
    """Checks that the fields above have the arguments that those below ask for.

    Raises:
        SchemaProblem: One has none, or one of another type.
    """
    for named in registry.types.values():
        for field in named.description.get("fields", ()):
            for name in field.get("parentArguments", ()):
                resolver = runtime.resolvers[f"{named.name}.{field['name']}"]
                argument = next(item for item in resolver.arguments if item.name == name)
                _check(registry, named.name, argument, resolver.name, resolver.place)


def _check(registry: Registry, type_name: str, argument: Argument, where: str, place: str | None) -> None:
    wanted = str(argument.type).removesuffix("!")
    above = list(_fields_of_type(registry, type_name, set()))
    if not above:
        raise SchemaProblem(
            f"argument {argument.python} of {where} is that of the field above, and there is no field above",
            place,
            "Take graphql.parent_argument off: then it is an argument of the field itself.",
        )
    for field, name in above:
        described = next((item for item in field.get("args", ()) if item["name"] == argument.name), None)
        if described is None and argument.when_absent == "refused":
            raise SchemaProblem(
                f"argument {argument.python} of {where} is that of the field above, and {name} has no such argument",
                place,
                f"Give it a default, or let it be None: `{argument.python}: Annotated[… | None, …]`.",
            )
        if described is not None and described["type"].removesuffix("!") != wanted:
            raise SchemaProblem(
                f"argument {argument.python} of {where} has the type {wanted}, "
                f"and in {name} it has the type {described['type']}",
                place,
                "Give both the same type.",
            )


def _fields_of_type(registry: Registry, type_name: str, seen: set[str]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Gives the fields whose objects may be of a type, and their names; for what is a part of a page, the page's."""
    if type_name in seen:
        return
    seen.add(type_name)
    names = {type_name, *registry.types[type_name].description.get("interfaces", ())}
    names |= {named.name for named in registry.types.values() if type_name in named.description.get("members", ())}
    for named in registry.types.values():
        for field in named.description.get("fields", ()) if named.kind in ("object", "interface") else ():
            if field["type"].strip("[]!") not in names:
                continue
            if field["source"]["kind"] == "page":
                yield from _fields_of_type(registry, named.name, seen)
            else:
                yield field, f"{named.name}.{field['name']}"
