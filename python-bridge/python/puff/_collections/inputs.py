"""Input types of lookups, which all filters of a schema share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from puff._collections.lookups import Lookup, Part, label_of, part_lookups
from puff._errors import SchemaProblem
from puff._types.refs import NamedType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from puff._types.types import Registry


def argument(name: str, type_: str, description: str | None = None, **more: Any) -> dict[str, Any]:
    """Gives an ArgumentDescription."""
    return {"name": name, "type": type_, "description": description, "deprecation": None, **more}


def made_type(
    registry: Registry, kind: Any, name: str, description: str | None, place: str | None = None, **parts: Any
) -> str:
    """Adds a type that Python made up, unless it is there.

    Args:
        registry: The types met so far.
        kind: The kind of type.
        name: Its name.
        description: For the schema's readers.
        place: The collection that has it, for messages.
        **parts: The parts of its TypeDescription.

    Returns:
        Its name.

    Raises:
        SchemaProblem: Another type has the name.
    """
    key = ("made", name, repr(parts))
    known = registry.types.get(name)
    if known is not None and known.python != key and isinstance(known.python, tuple) and known.python[0] == "made":
        raise SchemaProblem(
            f"two collections have a type {name}, and not with the same fields",
            place,
            'Begin the names of one with another word: graphql.paged(name="…").',
        )
    if known is None or known.python != key:
        registry.add(NamedType(name, kind, key, None, None, {"description": description, **parts}))
    return name


def lookup_input(registry: Registry, name: str, scalar: str, value: str, lookups: Sequence[Lookup | Part]) -> str:
    """Adds the input type of some lookups.

    Args:
        registry: The types met so far.
        name: Its name.
        scalar: Name of the column's type, or of its items'.
        value: The type of the column's values, without `!`.
        lookups: The lookups.

    Returns:
        Its name.
    """
    fields: list[dict[str, Any]] = []
    for item in lookups:
        if isinstance(item, Part):
            part, its_lookups = part_lookups(item.scalar)
            fields.append(argument(item.name, lookup_input(registry, part, item.scalar, item.scalar, its_lookups)))
        elif item.form in ("range", "span"):
            fields.append(argument(item.name, _range_input(registry, scalar, value), item.description))
        else:
            types = {"list": f"[{value}!]", "flag": "Boolean", "key": "String", "keys": "[String!]"}
            fields.append(argument(item.name, types.get(item.form, value), item.description))
    return made_type(registry, "input", name, None, fields=fields)


def _range_input(registry: Registry, scalar: str, value: str) -> str:
    name = f"{label_of(scalar)}RangeLookup"
    return made_type(registry, "input", name, None, fields=[argument("start", value), argument("end", value)])
