"""Members of a dataclass: which are fields, where each field's value comes from."""

from __future__ import annotations

import collections.abc
import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from puff._annotations import (
    Scope,
    annotations_of,
    arguments_of,
    class_scope,
    evaluate,
    function_scope,
    meaning_of,
    signature_of,
)
from puff._arguments import ABSENT, Argument, describe_argument, graphql_name
from puff._errors import SchemaProblem
from puff._markers import FieldOptions, function_of, merge_options, options_of
from puff._plan import Plan
from puff._source import member_doc, place_of, show_place
from puff._types import NamedType, Registry, TypeRef, Use, check_name


@dataclass(slots=True)
class Column:
    """A field that is a column or an attribute."""

    name: str
    python: str
    type: TypeRef


@dataclass(slots=True)
class Resolver:
    """A field that is called for."""

    name: str
    """`Type.field`, GraphQL's."""
    function: Callable[..., Any]
    """Bound to its class; an instance method is not bound."""
    is_method: bool
    context: int
    """How many positional-only parameters it takes: the context, or Puff's (parents, context)."""
    arguments: tuple[Argument, ...]
    type: TypeRef
    cls: type
    is_stream: bool = False


@dataclass
class Members:
    """A type's fields, described and ready to be called."""

    fields: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    columns: dict[str, Column] = field(default_factory=dict[str, Column])
    resolvers: dict[str, Resolver] = field(default_factory=dict[str, Resolver])


_STREAMS = (
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)
_DESCRIPTORS = (classmethod, staticmethod, property, functools.cached_property)
_SKIPPED_BASES = (object, typing.Generic, typing.Protocol)


def describe_members(registry: Registry, named: NamedType, camel_case: bool) -> Members:
    """Describes the fields of an object or interface, columns first, each in the order they are written in.

    Raises:
        SchemaProblem: A member is no field that could be described.
    """
    cls: type = named.python
    owners = [owner for owner in reversed(cls.__mro__) if owner not in _SKIPPED_BASES and owner.__module__ != "abc"]
    members = Members()
    annotated: dict[str, type] = {}
    found: dict[str, tuple[Any, type]] = {}
    for owner in owners:
        annotated |= dict.fromkeys(annotations_of(owner), owner)
        for name, member in vars(owner).items():
            if name not in annotations_of(owner) and (name not in annotated or _is_called(member)):
                found[name] = (member, owner)  # not a new default for a base's attribute
    names = {item.name for item in dataclasses.fields(cls)}  # pyright: ignore[reportArgumentType]  # a dataclass
    describe = functools.partial(_describe_member, registry, named, camel_case, members)
    for name, owner in annotated.items():
        if not name.startswith("_") and name in names and name not in found:
            _describe_attribute(registry, named, camel_case, members, name, annotations_of(owner)[name], owner)
        elif not name.startswith("_") and name not in found:
            _check_decorated(named, name, owner)
    for name, (member, owner) in found.items():
        if not name.startswith("_"):
            describe(name, member, owner)
    return members


def _is_called(member: Any) -> bool:
    return inspect.isfunction(member) or isinstance(member, _DESCRIPTORS)


def _check_decorated(named: NamedType, name: str, owner: type) -> None:
    annotation = annotations_of(owner)[name]
    text = annotation if isinstance(annotation, str) else str(annotation)
    if "ClassVar" in text or "InitVar" in text or annotation is ClassVar:
        return
    raise SchemaProblem(
        f"{owner.__name__}.{name} is annotated, and class {owner.__name__} is no dataclass",
        place_of(owner, name),
        f"Decorate {owner.__name__} with @dataclass.",
    )


def _describe_attribute(
    registry: Registry, named: NamedType, camel_case: bool, members: Members, name: str, annotation: Any, owner: type
) -> None:
    place = place_of(named.python, name)
    where = f"field {named.name}.{name}"
    if named.use is None:
        raise SchemaProblem(
            f"{where} is an attribute, and a root type has no object to read it from",
            place,
            f"Write a resolver: `@classmethod` and `def {name}(cls, ctx: Context, /) -> …:`.",
        )
    scope = class_scope(owner, where, place)
    _add_column(registry, named, camel_case, members, name, annotation, Use("output", scope, _pascal(owner, name)), owner)


def _add_column(
    registry: Registry,
    named: NamedType,
    camel_case: bool,
    members: Members,
    name: str,
    annotation: Any,
    use: Use,
    owner: type,
    options: FieldOptions | None = None,
    doc: str | None = None,
) -> None:
    meaning = meaning_of(annotation, use.scope)
    ref = registry.type_of(annotation, use)
    merged = merge_options((meaning.options, options or FieldOptions()))
    description = merged.description or doc or member_doc(owner, name)
    graphql = graphql_name(name, merged, camel_case)
    _add_field(members, graphql, ref, description, merged.deprecation, [], {"kind": "column", "column": name}, use.scope)
    members.columns[name] = Column(graphql, name, ref)


def _add_field(
    members: Members,
    name: str,
    ref: TypeRef,
    description: str | None,
    deprecation: str | None,
    args: list[dict[str, Any]],
    source: dict[str, Any],
    scope: Scope,
) -> None:
    check_name(name, scope.where, scope.place)
    for other in members.fields:
        if other["name"] == name:
            raise SchemaProblem(f"{scope.where} has the name of another field, {name}", scope.place, "Rename one.")
    members.fields.append(
        {
            "name": name,
            "type": str(ref),
            "description": description,
            "deprecation": deprecation,
            "args": args,
            "source": source,
            "place": scope.place,
        }
    )


def _describe_member(
    registry: Registry, named: NamedType, camel_case: bool, members: Members, name: str, member: Any, owner: type
) -> None:
    place = place_of(owner, name)
    where = f"field {named.name}.{name}"
    if isinstance(member, property | functools.cached_property):
        function = function_of(member)
        annotation = annotations_of(function).get("return", ABSENT)
        if annotation is ABSENT:
            raise _no_return(where, place, name)
        if named.use is None:
            _describe_attribute(registry, named, camel_case, members, name, annotation, owner)
        use = Use("output", function_scope(function, owner, where, place), _pascal(owner, name))
        doc = inspect.getdoc(function)
        _add_column(registry, named, camel_case, members, name, annotation, use, owner, options_of(member), doc)
    elif isinstance(member, classmethod | staticmethod) or inspect.isfunction(member):
        _describe_resolver(registry, named, camel_case, members, name, member, owner)
    elif isinstance(member, type) and member.__qualname__.startswith(f"{owner.__qualname__}."):
        pass  # a nested class
    elif not name.isupper() and not hasattr(type(member), "__get__"):
        raise SchemaProblem(
            f"{where} has no annotation",
            place,
            f"Write its type, `{name}: str`; what is no field has a name that begins with _, or is a ClassVar.",
        )


def _describe_resolver(
    registry: Registry, named: NamedType, camel_case: bool, members: Members, name: str, member: Any, owner: type
) -> None:
    function = function_of(member)
    is_method = inspect.isfunction(member)
    place = place_of(owner, name) or show_place(function.__code__.co_filename, function.__code__.co_firstlineno)
    where = f"field {named.name}.{name}"
    if is_method and named.use is None:
        raise SchemaProblem(
            f"{where} is an instance method, and a root type has no instances",
            place,
            f"Decorate it with @classmethod: `def {name}(cls, ctx: Context, /) -> …:`.",
        )
    options = options_of(member)
    graphql = graphql_name(name, options, camel_case)
    annotations = annotations_of(inspect.unwrap(function))
    context, parameters = _parameters(function, member, name, where, place, is_method)
    args: list[dict[str, Any]] = []
    arguments: list[Argument] = []
    for parameter in parameters:
        described, argument = _describe_parameter(
            registry, parameter, annotations, function, owner, f"{named.name}.{name}", place, camel_case
        )
        if any(other["name"] == described["name"] for other in args):
            raise SchemaProblem(f"{where} has two arguments {described['name']}", place, "Rename one.")
        args.append(described)
        arguments.append(argument)
    if "return" not in annotations:
        raise _no_return(where, place, name)
    scope = function_scope(function, owner, where, place)
    annotation, is_stream = _returned(annotations["return"], scope, named.name == "Subscription" and named.use is None)
    meaning = meaning_of(annotation, scope)
    ref = registry.type_of(annotation, Use("output", scope, _pascal(owner, name)))
    merged = merge_options((meaning.options, options))
    pure = bool(vars(function).get("__puff_pure__", False))
    source = {"kind": "method"} if is_method else {"kind": "resolver", "pure": pure}
    description = merged.description or (inspect.cleandoc(function.__doc__) if function.__doc__ else None)
    _add_field(members, graphql, ref, description, merged.deprecation, args, source, scope)
    cls: type = named.python
    call = function if is_method else getattr(cls, name)
    members.resolvers[graphql] = Resolver(
        f"{named.name}.{graphql}", call, is_method, context, tuple(arguments), ref, cls, is_stream
    )


def _parameters(
    function: Any, member: Any, name: str, where: str, place: str | None, is_method: bool
) -> tuple[int, list[inspect.Parameter]]:
    """Gives how many positional-only parameters come before the arguments, and the arguments."""
    parameters = list(signature_of(function).parameters.values())
    if not isinstance(member, staticmethod):
        parameters = parameters[1:]
    positional = [item for item in parameters if item.kind is item.POSITIONAL_ONLY]
    arguments = [item for item in parameters if item.kind in (item.POSITIONAL_OR_KEYWORD, item.KEYWORD_ONLY)]
    others = [item for item in parameters if item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD)]
    if others:
        raise SchemaProblem(f"{where} takes {others[0]}", place, "GraphQL's arguments are known by name: write them out.")
    if len(positional) > (1 if is_method else 2) or (not positional and not is_method):
        first = "" if isinstance(member, staticmethod) else "cls, " if isinstance(member, classmethod) else "self, "
        raise SchemaProblem(
            f"{where} doesn't take the context as its one positional-only parameter",
            place,
            f"Write `def {name}({first}ctx: Context, /, …)`; what is no field has a name that begins with _.",
        )
    return len(positional), arguments


def _describe_parameter(
    registry: Registry,
    parameter: inspect.Parameter,
    annotations: dict[str, Any],
    function: Any,
    owner: type,
    field_name: str,
    place: str | None,
    camel_case: bool,
) -> tuple[dict[str, Any], Argument]:
    where = f"argument {parameter.name} of {field_name}"
    if parameter.name not in annotations:
        raise SchemaProblem(f"{where} has no annotation", place, f"Write its type, `{parameter.name}: int`.")
    scope = function_scope(function, owner, where, place)
    default = ABSENT if parameter.default is parameter.empty else parameter.default
    literal_name = _pascal(owner, function.__name__) + _pascal(None, parameter.name)
    use = Use("input", scope, literal_name)
    return describe_argument(registry, parameter.name, annotations[parameter.name], default, use, camel_case)


def _returned(annotation: Any, scope: Scope, is_subscription: bool) -> tuple[Any, bool]:
    """Gives the field's type inside `Plan[T]`, Puff's tuples and, of a subscription, what it iterates over."""
    value = evaluate(annotation, scope)
    origin, inner = typing.get_origin(value), arguments_of(value)
    if is_subscription:
        if origin not in _STREAMS:
            raise SchemaProblem(
                f"{scope.where} returns {value!r}, and a subscription returns what is iterated over",
                scope.place,
                "Write `-> Iterable[T]` or `-> AsyncIterable[T]`, and yield its events.",
            )
        return _returned(inner[0], scope, False)[0], True
    if value is Plan or value is tuple:
        raise SchemaProblem(f"{scope.where} returns a {value.__name__} of nothing said", scope.place, "Write `Plan[list[Post]]`.")
    if origin is Plan:
        return _returned(inner[0], scope, False)
    if origin is tuple and inner[1:] != (...,):
        if not 2 <= len(inner) <= 5 or (len(inner) in (3, 5) and inner[1] is not str):  # noqa: PLR2004  # Puff's forms
            raise SchemaProblem(
                f"{scope.where} returns a tuple of {len(inner)} that is none of the plan's forms",
                scope.place,
                "Write tuple[T, str, list[Any]] for (..., sql, params), with two lists of keys more where it is "
                "correlated; tuple[T, list[Any]] for (..., objects); or Plan[T].",
            )
        return inner[0], False
    return value, False


def _no_return(where: str, place: str | None, name: str) -> SchemaProblem:
    return SchemaProblem(
        f"{where} has no return annotation",
        place,
        f"Write `def {name}(…) -> Plan[list[Post]]:` or another type; what is no field has a name that begins with _.",
    )


def _pascal(owner: type | None, name: str) -> str:
    pascal = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return pascal if owner is None else owner.__name__ + pascal
