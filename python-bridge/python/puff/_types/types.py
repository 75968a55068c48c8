"""From Python types to GraphQL's: a reference for each use, a description for each named type."""

from __future__ import annotations

import collections.abc
import enum
import math
import types
import typing
from collections import deque
from dataclasses import is_dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from puff._errors import SchemaProblem
from puff._types.annotations import UNION_TYPES, Meaning, annotations_of, arguments_of, meaning_of, plain_alias
from puff._types.choices import is_choices
from puff._types.decorators import is_interface
from puff._types.markers import NameMarker
from puff._types.models import is_input_class, is_model
from puff._types.paged import Connection, OffsetPaginated
from puff._types.refs import Converter, NamedType, TypeRef, Use, built_in, check_name, custom, is_name, list_of
from puff._types.source import class_doc, member_doc, place_of
from puff._wire.scalars import BUILT_IN, scalar_of_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from puff._types.argument import Argument
    from puff._types.markers import ScalarMarker

_LISTS: dict[Any, Callable[[Iterable[Any]], Any] | None] = {
    list: None,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: None,
    collections.abc.Collection: None,
    collections.abc.Iterable: None,
    collections.abc.Set: set,
}
_KNOWN = (
    "Use int, float, str, bool, datetime, date, time, timedelta, Decimal, UUID, bytes, dict, an Enum, a Literal, "
    "a class decorated with @dataclass, a list or union of these, or give it a scalar: Annotated[X, graphql.scalar(…)]."
)


class Registry:
    """The named types met so far. What takes objects and inputs from `waiting` describes them."""

    def __init__(self) -> None:
        self.types: dict[str, NamedType] = {}
        self.by_class: dict[Any, NamedType] = {}
        self.waiting: deque[NamedType] = deque()
        self.readers: dict[str, Converter] = {}
        """Of inputs, by name: set when an input is described, which may be after its first use."""
        self.inputs: dict[str, tuple[Argument, ...]] = {}
        """Their fields, likewise."""
        self.filters: dict[str, dict[str, Any]] = {}
        """Of collections: what each field of a filter means, by the input's name."""
        self.orderings: dict[str, dict[str, Any]] = {}
        """Likewise of orders."""
        self.rows: dict[Any, Any] = {}
        """What filters and orders read, by model or class."""

    def type_of(self, annotation: Any, use: Use) -> TypeRef:
        """Gives the reference for an annotation.

        Raises:
            SchemaProblem: It is not a type that GraphQL could have, or one used as input and output both.
        """
        meaning = meaning_of(annotation, use.scope)
        ref = self._inner(meaning, use)
        return replace(ref, nullable=ref.nullable or meaning.nullable)

    def add_root(self, cls: type, operation: str) -> NamedType:
        """Adds the class that a schema declares for an operation, under the operation's name or its `__typename__`."""
        name = type_name(cls) if "__typename__" in vars(cls) else operation.capitalize()
        named = self._new(cls, None, name)
        named.operation = operation
        return named

    def add_class(self, cls: type, use: Use) -> NamedType:
        """Adds a dataclass. What takes it from `waiting` describes its fields."""
        return self._new(cls, use, type_name(cls))

    def _new(self, cls: type, use: Use | None, name: str) -> NamedType:
        kind = "input" if use is not None and use.kind == "input" else "interface" if is_interface(cls) else "object"
        named = NamedType(name, kind, cls, place_of(cls), use, {"description": class_doc(cls)})
        self.add(named)
        self.waiting.append(named)
        return named

    def _inner(self, meaning: Meaning, use: Use) -> TypeRef:
        base = meaning.base
        if meaning.scalar is not None:
            return self._scalar(meaning.scalar, use)
        origin = typing.get_origin(base)
        if origin in _LISTS or (origin is tuple and arguments_of(base)[1:] == (...,)):
            return list_of(self.type_of(arguments_of(base)[0], use), tuple if origin is tuple else _LISTS[origin])
        if origin is Literal:
            return self._literal(base, meaning.named, use)
        if origin in UNION_TYPES:
            return self._union(base, meaning.named, use)
        name = scalar_of_class(origin or base)
        if name is not None:
            return built_in(name)
        if isinstance(base, type) and issubclass(base, enum.Enum):
            return self._enum(base, use)
        if isinstance(base, type) and (is_dataclass(base) or (use.kind == "input" and is_model(base))):
            return self._dataclass(base, use)
        raise _unknown(base, origin, use)

    def _scalar(self, marker: ScalarMarker, use: Use) -> TypeRef:
        if marker.built_in:
            return built_in(marker.name)
        known = self.types.get(marker.name)
        if known is None or known.python != marker:
            parts = {"basedOn": marker.based_on, "specifiedBy": marker.specified_by, "description": marker.description}
            self.add(NamedType(marker.name, "scalar", marker, None, use, parts))
        return custom(marker)

    def _enum(self, cls: type[enum.Enum], use: Use) -> TypeRef:
        if cls not in self.by_class:
            values = [_enum_value(cls, member) for member in cls if not member.name.startswith("_")]
            place = place_of(cls)
            if not values:
                raise SchemaProblem(f"enum {cls.__name__} has no members", place, "Add one.")
            _check_enum(cls)
            self.add(
                NamedType(type_name(cls), "enum", cls, place, use, {"description": class_doc(cls), "values": values})
            )
        members = dict(cls.__members__)
        kind = "int" if issubclass(cls, int) else "str"
        return TypeRef(self.by_class[cls].name, cls=cls, read=members.__getitem__, kind=kind)

    def _literal(self, base: Any, named: NameMarker | None, use: Use) -> TypeRef:
        names = tuple(name for name in arguments_of(base) if name is not None)
        for name in names:
            if not is_name(name):
                raise _problem(
                    f"{use.scope.where} is a Literal with {name!r}, which is not a name in GraphQL",
                    use,
                    "Write an Enum: its members have names, and any values.",
                )
        marker = named or plain_alias(base, use.scope) or NameMarker(use.literal_name)
        known = self.types.get(marker.name)
        if known is None or known.kind != "enum" or known.python != names:
            values = [{"name": name, "value": name, "description": None, "deprecation": None} for name in names]
            parts = {"description": marker.description, "values": values}
            self.add(NamedType(marker.name, "enum", names, use.scope.place, use, parts))
        return TypeRef(marker.name, nullable=len(names) < len(arguments_of(base)), kind="str")

    def _union(self, base: Any, named: NameMarker | None, use: Use) -> TypeRef:
        members: list[str] = []
        for argument in arguments_of(base):
            member = meaning_of(argument, use.scope).base
            if use.kind == "input" or not isinstance(member, type) or not is_dataclass(member) or is_interface(member):
                raise _problem(
                    f"{use.scope.where} is the union {_show_union(base)}"
                    + (", and arguments can't be unions" if use.kind == "input" else ", of other things than objects"),
                    use,
                    "A union's members are dataclasses, in results alone. Choose one type, or dict for any JSON.",
                )
            members.append(self._dataclass(member, use).name)
        named = named or plain_alias(base, use.scope)
        marker = named or NameMarker("Or".join(members))
        key = frozenset(members)
        known = next((item for item in self.types.values() if item.kind == "union" and item.python == key), None)
        if known is None or (named is not None and known.name != marker.name):
            parts = {"description": marker.description, "members": members}
            known = self.add(NamedType(marker.name, "union", key, use.scope.place, use, parts))
        return TypeRef(known.name, is_leaf=False)

    def _dataclass(self, cls: type, use: Use) -> TypeRef:
        known = self.by_class.get(cls) or self.add_class(cls, use)
        is_input = known.kind == "input"
        if is_input != (use.kind == "input"):
            raise _used_as_both(known, use)
        read = self._input_reader(known.name) if is_input else None
        return TypeRef(known.name, cls=cls, is_leaf=is_input, read=read)

    def _input_reader(self, name: str) -> Converter:
        return lambda value: self.readers[name](value)  # noqa: PLW0108  # there once the input is described

    def add(self, named: NamedType) -> NamedType:
        """Adds a named type that is described already.

        Raises:
            SchemaProblem: Its name is another's.
        """
        check_name(named.name, f"{named.kind} {named.name}", named.place)
        other = self.types.get(named.name)
        if other is not None or named.name in BUILT_IN:
            one = "one is built in" if other is None else f"one is {other.shown()}"
            raise SchemaProblem(
                f"two types have the name {named.name}: {one}, another is {named.shown()}",
                named.place or (named.use.scope.place if named.use is not None else None),
                'Rename one, or give its class `__typename__: ClassVar[str] = "…"`.'
                if isinstance(named.python, type)
                else "Give one of them an alias of another name.",
            )
        self.types[named.name] = named
        if isinstance(named.python, type):
            self.by_class[named.python] = named
        return named


def type_name(cls: type) -> str:
    """Gives a class's GraphQL name: its own, unless it has a `__typename__`; with its model's where it is Django's."""
    own = vars(cls).get("__typename__")
    if isinstance(own, str):
        return own
    if is_choices(cls):  # each of several models may have its Status
        return cls.__qualname__.rpartition("<locals>.")[2].replace(".", "")
    return cls.__name__


def _enum_value(cls: type[enum.Enum], member: enum.Enum) -> dict[str, Any]:
    where = f"enum member {cls.__name__}.{member.name}"
    place = place_of(cls, member.name)
    check_name(member.name, where, place)
    if not isinstance(member.value, str | int | float) or not _is_finite(member.value):
        raise SchemaProblem(
            f"{where} has the value {member.value!r}",
            place,
            "Values of enums are str, int, bool or a finite float: what the database holds for them.",
        )
    doc = member_doc(cls, member.name) or (str(label) if (label := getattr(member, "label", None)) else None)
    # JavaScript rounds larger integers; only the text counts.
    value = str(member.value) if isinstance(member.value, int) and abs(member.value) >= 2**53 else member.value
    return {"name": member.name, "value": value, "description": doc, "deprecation": None}


def _check_enum(cls: type[enum.Enum]) -> None:
    """Refuses members that can't be told apart in a database, which holds names or values as texts.

    Of an enum that is a str or a number it holds the values.
    """
    known: dict[str, enum.Enum] = {} if issubclass(cls, str | int | float) else dict(cls.__members__)
    for member in cls:
        text = _database_text(member.value)
        other = known.setdefault(text, member)
        if other is not member:
            what = "name" if text in cls.__members__ else "value"
            raise SchemaProblem(
                f"enum member {cls.__name__}.{member.name} has the value {member.value!r}, "
                f"which is the {what} of {cls.__name__}.{other.name}",
                place_of(cls, member.name),
                "A database holds names or values, and these can't be told apart: rename a member, give it another "
                "value, or make the enum a StrEnum, of which a database holds the values.",
            )


def _database_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_finite(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _unknown(base: Any, origin: Any, use: Use) -> SchemaProblem:
    where = use.scope.where
    shown = base.__name__ if isinstance(base, type) and origin is None else str(base)
    if base is types.NoneType or base is None:
        return _problem(f"{where} is None alone", use, "Every field has a value: give it a type, such as bool.")
    if origin in (OffsetPaginated, Connection):
        return _problem(
            f"{where} is a page of a collection, and nothing says that it is one",
            use,
            "Write `= graphql.paged()` after an attribute, or @graphql.paged() above a resolver.",
        )
    if base in (list, set, frozenset, tuple):
        return _problem(f"{where} is a {shown} of nothing said", use, f"Write what is in it, as in {shown}[int].")
    if isinstance(origin, type) and is_dataclass(origin):
        return _problem(
            f"{where} has the type {shown}, a generic dataclass", use, "Write a dataclass for each of its types."
        )
    if is_input_class(base):
        return _problem(
            f"{where} has the type {shown}, a model, and models are arguments alone",
            use,
            "Write a dataclass with its fields: a resolver may return models for it.",
        )
    if isinstance(base, type) and base.__module__ not in ("builtins", "typing") and annotations_of(base):
        return _problem(
            f"{where} has the type {shown}, which is not a dataclass", use, f"Decorate {shown} with @dataclass."
        )
    return _problem(f"{where} has the type {shown}, which GraphQL doesn't know", use, _KNOWN)


def _used_as_both(known: NamedType, use: Use) -> SchemaProblem:
    first = known.use.scope if known.use is not None else None
    elsewhere = "" if first is None else f" by {first.where}" + (f" ({first.place})" if first.place else "")
    other = "input" if use.kind == "output" else "output"
    return _problem(
        f"{known.name} is used as an {use.kind} type by {use.scope.where}, and as an {other} type{elsewhere}",
        use,
        f"GraphQL keeps the two apart: write a dataclass of its own for arguments, such as {known.name}Input.",
    )


def _problem(message: str, use: Use, remedy: str) -> SchemaProblem:
    return SchemaProblem(message, use.scope.place, remedy)


def _show_union(base: Any) -> str:
    return " | ".join(item.__name__ if isinstance(item, type) else str(item) for item in arguments_of(base))
