"""Dataclasses used as arguments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from puff._errors import SchemaProblem
from puff._schema.arguments import describe_argument, field_default, to_keywords
from puff._types.annotations import annotations_of, class_scope
from puff._types.refs import NamedType, Use
from puff._types.source import member_doc, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from puff._types.argument import Argument
    from puff._types.types import Registry


def describe_input(registry: Registry, named: NamedType, camel_case: bool) -> None:
    """Describes an input's fields and registers what makes an instance of JSON."""
    cls: Any = named.python
    owners = {name: owner for owner in reversed(cls.__mro__) if owner is not object for name in annotations_of(owner)}
    described: list[dict[str, Any]] = []
    arguments: list[Argument] = []
    for item in dataclasses.fields(cls):
        if not item.init or item.name.startswith("_"):
            continue
        owner = owners.get(item.name, cls)
        where = f"field {named.name}.{item.name}"
        place = place_of(cls, item.name)
        pascal = "".join(part[:1].upper() + part[1:] for part in item.name.split("_"))
        use = Use("input", class_scope(owner, where, place), owner.__name__ + pascal)
        default, made = field_default(item)
        annotation = annotations_of(owner).get(item.name, item.type)
        description, argument = describe_argument(registry, item.name, annotation, default, use, camel_case, made=made)
        description["description"] = description["description"] or member_doc(owner, item.name)
        if any(other["name"] == description["name"] for other in described):
            raise SchemaProblem(f"{where} has the name of another field", place, "Rename one.")
        described.append(description)
        arguments.append(argument)
    if not described:
        raise SchemaProblem(f"input {named.name} has no fields", named.place, "Give it an attribute with a type.")
    named.description["fields"] = described
    registry.inputs[named.name] = tuple(arguments)
    registry.readers[named.name] = _reader(cls, tuple(arguments))


def _reader(cls: Callable[..., Any], arguments: tuple[Argument, ...]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda values: cls(**to_keywords(arguments, values))
