"""Dataclasses and models used as arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._schema.arguments import describe_argument, to_keywords
from puff._types.annotations import annotations_of, class_scope
from puff._types.decorators import is_one_of
from puff._types.models import input_fields, maker_of
from puff._types.names import pascal
from puff._types.refs import NamedType, Use
from puff._types.source import member_doc, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from puff._types.argument import Argument, ArgumentGroup
    from puff._types.types import Registry


def describe_input(registry: Registry, named: NamedType, camel_case: bool) -> None:
    """Describes an input's fields and registers what makes an instance of JSON."""
    cls: Any = named.python
    members = describe_members(registry, cls, named.name, camel_case)
    if not members:
        raise SchemaProblem(f"input {named.name} has no fields", named.place, "Give it an attribute with a type.")
    arguments = tuple(argument for _, argument in members)
    named.description["fields"] = [description for description, _ in members]
    if is_one_of(cls):
        named.description["oneOf"] = True
        for description, argument in members:
            _check_alternative(description, f"field {named.name}.{argument.python}", place_of(cls, argument.python))
    registry.inputs[named.name] = arguments
    registry.readers[named.name] = _reader(cls, arguments)


def describe_members(
    registry: Registry, cls: Any, name: str, camel_case: bool, group: ArgumentGroup | None = None
) -> list[tuple[dict[str, Any], Argument]]:
    """Describes the fields of a dataclass of arguments.

    Args:
        registry: The types met so far.
        cls: The dataclass.
        name: What it is called in messages.
        camel_case: Whether names are renamed.
        group: The parameter that it is, where its fields are arguments of a field.

    Returns:
        An ArgumentDescription of each, and what converts it.

    Raises:
        SchemaProblem: A field has no form in GraphQL, or the name of another.
    """
    owners = {name: owner for owner in reversed(cls.__mro__) if owner is not object for name in annotations_of(owner)}
    members: list[tuple[dict[str, Any], Argument]] = []
    for item in input_fields(cls):
        if item.name.startswith("_"):
            continue
        owner = owners.get(item.name, cls)
        where = f"field {name}.{item.name}"
        place = place_of(cls, item.name)
        use = Use("input", class_scope(owner, where, place), owner.__name__ + pascal(item.name))
        annotation = annotations_of(owner).get(item.name, item.type)
        description, argument = describe_argument(
            registry, item.name, annotation, item.default, use, camel_case, made=item.made
        )
        description["description"] = description["description"] or item.description or member_doc(owner, item.name)
        if any(other["name"] == description["name"] for other, _ in members):
            raise SchemaProblem(f"{where} has the name of another field", place, "Rename one.")
        argument.group = group
        members.append((description, argument))
    return members


def _check_alternative(description: Mapping[str, Any], where: str, place: str | None) -> None:
    if description["type"].endswith("!") or "defaultValue" in description:
        raise SchemaProblem(
            f"{where} is always there, and clients give one field alone of an input with @graphql.one_of",
            place,
            "Let it be None if it is not given: `… | None = None`.",
        )


def _reader(cls: type, arguments: tuple[Argument, ...]) -> Callable[[Mapping[str, Any]], Any]:
    make = maker_of(cls)
    if not is_one_of(cls):
        return lambda values: make(to_keywords(arguments, values))
    absent = {argument.python: None for argument in arguments}
    return lambda values: make({**absent, **to_keywords(arguments, values)})
