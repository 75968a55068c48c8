"""References to types, and the named types they refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from puff._errors import SchemaProblem, ValueProblem
from puff._wire.given import Items, list_argument
from puff._wire.scalars import KINDS, PARSERS
from puff._wire.values import json_leaf, leaf

if TYPE_CHECKING:
    from puff._types.annotations import Scope
    from puff._types.markers import ScalarMarker

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type where it is used."""

    name: str
    """Of the named type, GraphQL's."""
    cls: Any = None
    """The Python class of an object, input or enum."""
    item: TypeRef | None = None
    """Of a list."""
    nullable: bool = False
    is_leaf: bool = True
    read: Converter | None = None
    """From an argument's JSON, which is not null, to Python; None if they are the same."""
    write: Converter = leaf
    """From a leaf's Python value to its wire value."""
    kind: str | None = None
    """Of a scalar or enum whose arguments are typed by it: a ScalarKind; None if Python makes the values."""
    holds: str | None = None
    """Of a scalar, what it travels as: a ScalarKind."""

    def __str__(self) -> str:
        """Prints the type in GraphQL's notation."""
        return (self.name if self.item is None else f"[{self.item}]") + ("" if self.nullable else "!")


@dataclass(frozen=True)
class Use:
    """Where a type is used, and as what."""

    kind: Literal["input", "output"]
    scope: Scope
    literal_name: str
    """Names an enum made of a Literal that no alias names."""


@dataclass
class NamedType:
    """A named type that is part of the schema."""

    name: str
    kind: Literal["object", "interface", "input", "enum", "union", "scalar"]
    python: Any
    """The class; of a union or Literal, its members; of a scalar, its marker."""
    place: str | None
    use: Use | None
    """Where it was met first; None for a root type."""
    description: dict[str, Any]
    """The parts of its TypeDescription beyond kind, name and place."""
    operation: str | None = None
    """Of a root type: `query`, `mutation` or `subscription`."""

    def shown(self) -> str:
        """Names it in messages: `the enum at schema.py:3`."""
        where = self.place or (self.use.scope.place if self.use is not None else None)
        return f"the {self.kind} at {where}" if where else f"a {self.kind}"


_is_name = re.compile(r"[_A-Za-z][_0-9A-Za-z]*").fullmatch


def is_name(name: object) -> bool:
    """Tells whether GraphQL takes a name."""
    return isinstance(name, str) and _is_name(name) is not None


def check_name(name: str, what: str, place: str | None) -> None:
    """Raises SchemaProblem for a name that GraphQL doesn't take."""
    if not is_name(name) or name.startswith("__") or name in ("true", "false", "null"):
        raise SchemaProblem(
            f"{what} has a name that GraphQL doesn't allow",
            place,
            "Names consist of ASCII letters, digits and underscores, and must not begin with two underscores.",
        )


def built_in(name: str) -> TypeRef:
    """Gives the reference to a built-in scalar."""
    write = json_leaf if name == "JSON" else leaf
    kind = KINDS.get(name)
    return TypeRef(name, read=PARSERS.get(name), write=write, kind=kind, holds=kind)


def list_of(item: TypeRef, container: Callable[[Iterable[Any]], Any] | None) -> TypeRef:
    """Gives the reference to a list; arguments of it become the container, where it is not list."""
    return TypeRef(
        item.name, item=item, is_leaf=item.is_leaf, read=_list_reader(item, container), write=_list_writer(item)
    )


def custom(marker: ScalarMarker) -> TypeRef:
    """Gives the reference to a user's scalar."""
    base = built_in(marker.based_on)
    parse, serialize, read, write = marker.parse, marker.serialize, base.read, base.write
    return TypeRef(
        marker.name,
        read=(lambda value: parse(read(value))) if parse is not None and read is not None else parse or read,
        write=write if serialize is None else lambda value: None if value is None else write(serialize(value)),
        kind=base.kind if parse is None else None,
        holds=base.kind,
    )


def _list_reader(item: TypeRef, container: Callable[[Iterable[Any]], Any] | None) -> Converter | None:
    read, of = item.read, _items_of(item)
    if read is None and of is None:
        return container
    make = container or list

    def read_list(values: Any) -> Any:
        items = values if read is None else (None if value is None else read(value) for value in values)
        made = make(items)
        return made if of is None else list_argument(made, of)

    return read_list


def _items_of(item: TypeRef) -> Items | None:
    """Says what a list's items are, unless it is for Postgres to infer, or Python makes them."""
    dimensions = 1
    while item.item is not None:
        item, dimensions = item.item, dimensions + 1
    return None if item.kind in (None, "str") else Items(item.kind, dimensions)


def _list_writer(item: TypeRef) -> Converter:
    write = item.write
    return lambda values: None if values is None else [write(value) for value in checked_list(values)]


def checked_list(values: Any) -> Iterable[Any]:
    """Gives the items of what a field of a list type holds.

    Raises:
        ValueProblem: It is not a list.
    """
    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        shown = repr(values)
        kind = type(values).__name__
        raise ValueProblem(f"the field is a list, but got the {kind} {shown if len(shown) <= 60 else shown[:60] + '…'}")
    return values
