"""From Python types to GraphQL's: a reference for each use, a description for each named type."""

from __future__ import annotations

import collections.abc
import enum
import re
import types
import typing
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass, replace
from typing import Any, Literal

from puff._annotations import UNION_TYPES, Meaning, Scope, arguments_of, literal_alias, meaning_of
from puff._errors import ArgumentProblem, SchemaProblem
from puff._markers import NameMarker, ScalarMarker
from puff._scalars import PARSERS, scalar_of_class
from puff._source import class_doc, member_doc, place_of
from puff._values import json_leaf, leaf

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
    """From an argument's JSON, which is not null, to Python; None where they are the same."""
    write: Converter = leaf
    """From a leaf's Python value to its wire value."""
    literal: tuple[str, ...] | None = None
    """Names of a Literal's enum."""

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
    description: dict[str, Any]


_LISTS: dict[Any, Callable[[Iterable[Any]], Any] | None] = {
    list: None,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: None,
    collections.abc.Collection: None,
    collections.abc.Iterable: None,
    collections.abc.Set: set,
}
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*").fullmatch
_KNOWN = (
    "Use int, float, str, bool, datetime, date, time, timedelta, Decimal, UUID, bytes, dict, an Enum, a Literal, "
    "a class decorated with @dataclass, a list or union of these, or give it a scalar: Annotated[X, graphql.scalar(…)]."
)


class Registry:
    """The named types met so far. Objects and inputs are described by whoever takes them from `waiting`."""

    def __init__(self) -> None:
        self.types: dict[str, NamedType] = {}
        self.by_class: dict[Any, NamedType] = {}
        self.waiting: deque[NamedType] = deque()
        self.readers: dict[str, Converter] = {}
        """Of inputs, by name: set when an input is described, which may be after its first use."""

    def type_of(self, annotation: Any, use: Use) -> TypeRef:
        """Gives the reference for an annotation.

        Raises:
            SchemaProblem: It is no type that GraphQL could have, or one used as input and output both.
        """
        meaning = meaning_of(annotation, use.scope)
        return replace(self._inner(meaning, use), nullable=meaning.nullable)

    def _inner(self, meaning: Meaning, use: Use) -> TypeRef:
        base = meaning.base
        if meaning.scalar is not None:
            return self._scalar(meaning.scalar, use)
        origin = typing.get_origin(base)
        if base in (list, set, frozenset, tuple):
            raise _problem(f"{use.scope.where} is a {base.__name__} of nothing said", use, f"Write {base.__name__}[int].")
        if origin in _LISTS or (origin is tuple and arguments_of(base)[1:] == (...,)):
            return self._list(base, origin, use)
        if origin in (dict, collections.abc.Mapping, collections.abc.MutableMapping):
            base = dict
        if origin is Literal:
            return self._literal(base, meaning.named, use)
        if origin in UNION_TYPES:
            return self._union(base, meaning.named, use)
        name = scalar_of_class(base)
        if name is not None:
            return _built_in(name)
        if isinstance(base, type) and issubclass(base, enum.Enum):
            return self._enum(base, use)
        if isinstance(base, type) and is_dataclass(base):
            return self._dataclass(base, use)
        raise self._unknown(base, origin, use)

    def _unknown(self, base: Any, origin: Any, use: Use) -> SchemaProblem:
        shown = base.__name__ if isinstance(base, type) and origin is None else str(base)
        if base is types.NoneType or base is None:
            return _problem(f"{use.scope.where} is None alone", use, "Every field has a value: give it a type, such as bool.")
        if isinstance(origin, type) and is_dataclass(origin):
            return _problem(f"{use.scope.where} is {shown}, a generic dataclass", use, "Write a dataclass for each of its types.")
        if isinstance(base, type) and getattr(base, "__module__", "") not in ("builtins", "typing") and vars(base).get("__annotations__"):
            return _problem(f"{use.scope.where} has the type {shown}, which is no dataclass", use, f"Decorate {shown} with @dataclass.")
        return _problem(f"{use.scope.where} has the type {shown}, which GraphQL doesn't know", use, _KNOWN)

    def _list(self, base: Any, origin: Any, use: Use) -> TypeRef:
        item = self.type_of(arguments_of(base)[0], use)
        container = tuple if origin is tuple else _LISTS[origin]
        return TypeRef(item.name, item=item, is_leaf=item.is_leaf, read=_list_reader(item, container), write=_list_writer(item))

    def _scalar(self, marker: ScalarMarker, use: Use) -> TypeRef:
        if marker.built_in:
            return _built_in(marker.name)
        known = self.types.get(marker.name)
        if known is None or known.python != marker:
            self._add(
                NamedType(
                    marker.name, "scalar", marker, None, use,
                    {"basedOn": marker.based_on, "specifiedBy": marker.specified_by, "description": marker.description},
                )
            )  # fmt: skip
        base = _built_in(marker.based_on)
        return TypeRef(marker.name, read=_scalar_reader(marker, base.read), write=_scalar_writer(marker, base.write))

    def _enum(self, cls: type[enum.Enum], use: Use) -> TypeRef:
        if cls not in self.by_class:
            values = [
                {"name": member.name, "value": member.value, "description": member_doc(cls, member.name), "deprecation": None}
                for member in cls
                if not member.name.startswith("_")
            ]
            place = place_of(cls)
            for value in values:
                _check_name(value["name"], f"enum member {cls.__name__}.{value['name']}", place_of(cls, value["name"]))
                if not isinstance(value["value"], str | int | float):
                    raise SchemaProblem(
                        f"enum member {cls.__name__}.{value['name']} has the value {value['value']!r}",
                        place_of(cls, value["name"]),
                        "Values of enums are str, int, float or bool: what the database holds for them.",
                    )
            if not values:
                raise SchemaProblem(f"enum {cls.__name__} has no members", place, "Add one.")
            self._add(NamedType(type_name(cls), "enum", cls, place, use, {"description": class_doc(cls), "values": values}))
        members = dict(cls.__members__)
        return TypeRef(self.by_class[cls].name, cls=cls, read=members.__getitem__)

    def _literal(self, base: Any, named: NameMarker | None, use: Use) -> TypeRef:
        names = tuple(name for name in arguments_of(base) if name is not None)
        for name in names:
            if not isinstance(name, str) or _NAME(name) is None:
                raise _problem(
                    f"{use.scope.where} is a Literal with {name!r}, which is no name in GraphQL",
                    use,
                    "Write an Enum: its members have names, and any values.",
                )
        marker = named or literal_alias(base, use.scope) or NameMarker(use.literal_name)
        known = self.types.get(marker.name)
        if known is None or known.kind != "enum" or known.python != names:
            values = [{"name": name, "value": name, "description": None, "deprecation": None} for name in names]
            self._add(
                NamedType(marker.name, "enum", names, use.scope.place, use, {"description": marker.description, "values": values})
            )
        return TypeRef(marker.name, literal=names, nullable=len(names) < len(arguments_of(base)))

    def _union(self, base: Any, named: NameMarker | None, use: Use) -> TypeRef:
        members: list[TypeRef] = []
        for argument in arguments_of(base):
            meaning = meaning_of(argument, use.scope)
            if not (isinstance(meaning.base, type) and is_dataclass(meaning.base)) or use.kind == "input":
                raise _problem(
                    f"{use.scope.where} is a union, {_show_union(base)}"
                    + (", and arguments can't be unions" if use.kind == "input" else ", of other things than objects"),
                    use,
                    "A union's members are dataclasses, in results alone. Choose one type, or dict for any JSON.",
                )
            members.append(self._dataclass(meaning.base, use))
        names = tuple(member.name for member in members)
        marker = named or NameMarker("Or".join(names))
        key = frozenset(names)
        known = next((item for item in self.types.values() if item.kind == "union" and item.python == key), None)
        if known is None or (named is not None and known.name != marker.name):
            known = self._add(
                NamedType(
                    marker.name, "union", key, use.scope.place, use,
                    {"description": marker.description, "members": list(names)},
                )
            )  # fmt: skip
        return TypeRef(known.name, is_leaf=False)

    def _dataclass(self, cls: type, use: Use) -> TypeRef:
        known = self.by_class.get(cls) or self.add_class(cls, use)
        is_input = known.kind == "input"
        if is_input != (use.kind == "input"):
            raise self._used_as_both(known, use)
        read = (lambda value: self.readers[known.name](value)) if is_input else None
        return TypeRef(known.name, cls=cls, is_leaf=is_input, read=read)

    def _used_as_both(self, known: NamedType, use: Use) -> SchemaProblem:
        first = known.use.scope if known.use is not None else None
        elsewhere = "" if first is None else f" by {first.where}" + (f" ({first.place})" if first.place else "")
        other = "input" if use.kind == "output" else "output"
        return _problem(
            f"{known.name} is used as an {use.kind} type by {use.scope.where}, and as an {other} type{elsewhere}",
            use,
            f"GraphQL keeps the two apart: write a dataclass of its own for arguments, such as {known.name}Input.",
        )

    def add_class(self, cls: type, use: Use | None, name: str | None = None) -> NamedType:
        """Adds a dataclass; whoever takes it from `waiting` describes its fields."""
        from puff._markers import is_interface

        kind = "input" if use is not None and use.kind == "input" else "interface" if is_interface(cls) else "object"
        named = NamedType(name or type_name(cls), kind, cls, place_of(cls), use, {"description": class_doc(cls)})
        self._add(named)
        self.waiting.append(named)
        return named

    def _add(self, named: NamedType) -> NamedType:
        _check_name(named.name, f"{named.kind} {named.name}", named.place)
        other = self.types.get(named.name)
        built_in = named.name in _BUILT_IN
        if other is not None or built_in:
            where = "is built in" if other is None else f"is {_describe_place(other)}" 
            raise SchemaProblem(
                f"two types have the name {named.name}: one {where}, another {_describe_place(named)}".replace("one is", "one is"),
                named.place,
                "Rename one, or give it `__typename__: ClassVar[str] = \"…\"`."
                if isinstance(named.python, type)
                else "Give one an alias or a name of its own.",
            )
        self.types[named.name] = named
        if isinstance(named.python, type):
            self.by_class[named.python] = named
        return named


_BUILT_IN = {"Int", "Float", "String", "Boolean", "ID", "BigInt", "DateTime", "Date", "Time", "Duration", "Decimal", "UUID", "Bytes", "JSON"}


def type_name(cls: type) -> str:
    """Gives a class's GraphQL name: its own, unless it has a `__typename__`."""
    own = vars(cls).get("__typename__")
    return own if isinstance(own, str) else cls.__name__


def _built_in(name: str) -> TypeRef:
    return TypeRef(name, read=PARSERS.get(name), write=json_leaf if name == "JSON" else leaf)


def _list_reader(item: TypeRef, container: Callable[[Iterable[Any]], Any] | None) -> Converter | None:
    read = item.read
    if read is None:
        return container
    make = container or list
    return lambda values: make(None if value is None else read(value) for value in values)


def _list_writer(item: TypeRef) -> Converter:
    write = item.write
    return lambda values: None if values is None else [write(value) for value in checked_list(values)]


def checked_list(values: Any) -> Iterable[Any]:
    """Gives the items of what a field of a list type holds.

    Raises:
        ValueProblem: It is no list.
    """
    from puff._errors import ValueProblem

    if isinstance(values, str | bytes | dict) or not isinstance(values, Iterable):
        raise ValueProblem(f"the field is a list, and got {_show(values)}")
    return values  # pyright: ignore[reportUnknownVariableType]  # of anything


def _scalar_reader(marker: ScalarMarker, read: Converter | None) -> Converter | None:
    parse = marker.parse
    if parse is None or read is None:
        return parse or read
    return lambda value: parse(read(value))


def _scalar_writer(marker: ScalarMarker, write: Converter) -> Converter:
    serialize = marker.serialize
    if serialize is None:
        return write
    return lambda value: None if value is None else write(serialize(value))


def refused(error: Exception, argument: str) -> ArgumentProblem:
    """Says which argument a Python type refused."""
    return ArgumentProblem(f"argument {argument}: {error}")


def _problem(message: str, use: Use, remedy: str) -> SchemaProblem:
    return SchemaProblem(message, use.scope.place, remedy)


def _check_name(name: str, what: str, place: str | None) -> None:
    if _NAME(name) is None or name.startswith("__") or name in ("true", "false", "null"):
        raise SchemaProblem(
            f"{what} has a name that GraphQL doesn't take",
            place,
            "Names have letters of ASCII, digits and underscores; two underscores don't begin one.",
        )


def check_name(name: str, what: str, place: str | None) -> None:
    """Raises SchemaProblem for a name that GraphQL doesn't take."""
    _check_name(name, what, place)


def _describe_place(named: NamedType) -> str:
    where = named.place or (named.use.scope.place if named.use is not None else None)
    return f"the {named.kind} at {where}" if where else f"a {named.kind}"


def _show_union(base: Any) -> str:
    return " | ".join(item.__name__ if isinstance(item, type) else str(item) for item in arguments_of(base))


def _show(value: Any) -> str:
    shown = repr(value)
    return f"the {type(value).__name__} {shown if len(shown) <= 60 else shown[:60] + '…'}"
