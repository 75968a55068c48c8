"""From a schema class to its description for the gateway, and to what calls its resolvers."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from typing import Any

from puff._collections.nodes import describe_nodes
from puff._django.tables import tables_of_models
from puff._errors import SchemaProblem
from puff._schema.guards import describe_guards
from puff._schema.inputs import describe_input
from puff._schema.members import Members
from puff._schema.parent_arguments import check_parent_arguments
from puff._schema.runtime import RuntimeSchema, RuntimeType
from puff._schema.static import describe_statics
from puff._types.annotations import annotations_of, class_scope, evaluate
from puff._types.decorators import cache_of, constraints_of, is_interface, is_one_of
from puff._types.markers import EmptyObject
from puff._types.refs import NamedType, Use
from puff._types.source import forget_sources, place_of
from puff._types.types import Registry

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def describe_schema(cls: Any, camel_case: bool, modules: Mapping[str, int]) -> tuple[dict[str, Any], RuntimeSchema]:
    """Describes a schema class.

    Args:
        cls: A class with the annotations `query` and perhaps `mutation` and `subscription`.
        camel_case: Whether fields and arguments are renamed to camelCase.
        modules: Those that its module imports, directly or not, and their order: interfaces are implemented by classes
            of these, and not by what another schema has imported.

    Returns:
        The description (a SchemaDescription, ready for JSON), and the schema for resolving.

    Raises:
        SchemaProblem: The first mistake found.
    """
    registry = Registry()
    roots = _roots(cls)
    root_types = {
        operation: registry.add_root(root, operation) for operation, root in roots.items() if root is not None
    }
    if roots["query"] is None:
        raise SchemaProblem(f"class {cls.__name__} has no query", place_of(cls), "Write `query: Query`, a dataclass.")
    runtime = RuntimeSchema({}, {}, {}, _auth(cls), {})
    while registry.waiting:
        named = registry.waiting.popleft()
        if named.kind == "input":
            describe_input(registry, named, camel_case)
        else:
            _describe_object(registry, named, camel_case, runtime, modules)
    for named in registry.types.values():
        if named.kind in ("object", "interface"):
            _check_interfaces(named, registry)
    describe_guards(registry, runtime)
    describe_statics(registry, runtime)
    check_parent_arguments(registry, runtime)
    describe_nodes(registry)
    forget_sources()
    description: dict[str, Any] = {
        "version": 1,
        **{operation: root_types[operation].name if operation in root_types else None for operation in roots},
        "types": [
            {"kind": named.kind, "name": named.name, "place": named.place, **named.description}
            for named in registry.types.values()
        ],
        "hasAuth": runtime.auth is not None,
        "constraints": _constraints([cls, *(known for known in registry.by_class if isinstance(known, type))]),
        "raisedMessages": getattr(cls, "raised_messages", False) is True,
    }
    cache = cache_of(cls)
    if cache is not None:
        if cache["scope"] == "public" and runtime.auth is not None:
            raise SchemaProblem(
                f"class {cls.__name__} has auth, and all of its responses are public",
                place_of(cls),
                'Decorate the public resolvers with @graphql.cache(…, scope="public") one by one.',
            )
        description["cache"] = cache
    if registry.filters or registry.orderings:
        description["collections"] = {"filters": registry.filters, "orderings": registry.orderings}
    if any("collection" in field for named in description["types"] for field in named.get("fields", ())):
        description["tables"] = tables_of_models()
    return description, runtime


def _constraints(classes: Iterable[type]) -> dict[str, str]:
    messages: dict[str, str] = {}
    for cls in classes:
        for name, message in constraints_of(cls).items():
            if messages.setdefault(name, message) != message:
                raise SchemaProblem(
                    f"the constraint {name} has two messages: {messages[name]!r} and {message!r}",
                    place_of(cls),
                    "Give it one: it holds for the whole schema.",
                )
    return messages


def _roots(cls: Any) -> dict[str, type | None]:
    roots: dict[str, type | None] = {}
    annotations: dict[str, tuple[Any, type]] = {}
    for owner in reversed(cls.__mro__ if isinstance(cls, type) else ()):
        if owner is not object:
            annotations |= {name: (value, owner) for name, value in annotations_of(owner).items()}
    for operation in ("query", "mutation", "subscription"):
        if operation not in annotations:
            roots[operation] = None
            continue
        annotation, owner = annotations[operation]
        place = place_of(cls, operation)
        root = evaluate(annotation, class_scope(owner, f"{operation} of class {cls.__name__}", place))
        members = typing.get_args(root) if not isinstance(root, type) else (root,)
        chosen = [member for member in members if member not in (None, types.NoneType, EmptyObject)]
        if len(chosen) > 1 or not all(isinstance(item, type) and dataclasses.is_dataclass(item) for item in chosen):
            raise SchemaProblem(
                f"{operation} of class {cls.__name__} is {root!r}, which is not a dataclass",
                place,
                f"Write `{operation}: {operation.capitalize()}`, a class decorated with @dataclass.",
            )
        roots[operation] = chosen[0] if chosen else None
    return roots


def _auth(cls: Any) -> Callable[[Any], Any] | None:
    auth = getattr(cls, "auth", None)
    if auth is None:
        return None
    try:
        count = len([item for item in inspect.signature(auth).parameters.values() if item.default is item.empty])
    except (TypeError, ValueError):
        count = -1
    if count != 1:
        raise SchemaProblem(
            f"auth of class {cls.__name__} takes the request's headers alone",
            place_of(cls, "auth"),
            "Write `@staticmethod` and `def auth(headers: Mapping[str, str]) -> User:`.",
        )
    return auth


def _describe_object(
    registry: Registry, named: NamedType, camel_case: bool, runtime: RuntimeSchema, modules: Mapping[str, int]
) -> None:
    cls: type = named.python
    interfaces = [base for base in cls.__mro__[1:] if is_interface(base)]
    use = named.use or Use("output", class_scope(cls, f"type {named.name}", named.place), cls.__name__)
    for base in interfaces:
        if base not in registry.by_class:
            registry.add_class(base, use)
    if is_interface(cls):
        subclasses = [subclass for subclass in _subclasses(cls) if subclass.__module__ in modules]
        for subclass in sorted(subclasses, key=lambda subclass: modules[subclass.__module__]):
            if subclass not in registry.by_class:
                registry.add_class(subclass, use)
    members = Members(registry, named, camel_case)
    members.describe()
    named.description |= {
        "interfaces": [registry.by_class[base].name for base in interfaces],
        "fields": members.fields,
    }
    if is_one_of(cls):
        raise SchemaProblem(
            f"{named.name} is decorated with @graphql.one_of, and is the type of a field",
            named.place,
            "Use it as an argument alone: write a dataclass of its own for results.",
        )
    if not members.fields:
        raise SchemaProblem(
            f"{named.kind} {named.name} has no fields", named.place, "Give it an attribute with a type, or a resolver."
        )
    runtime.types[named.name] = RuntimeType(named.name, cls, members.columns, members.resolvers)
    if named.kind == "object":
        runtime.names[cls] = named.name
    runtime.resolvers |= {f"{named.name}.{name}": item for name, item in members.resolvers.items()}


def _subclasses(cls: type) -> list[type]:
    """Gives the classes decorated with @dataclass that inherit from an interface; `slots=True` replaces the first."""
    found: dict[tuple[str, str], type] = {}
    for subclass in cls.__subclasses__():
        for item in (subclass, *_subclasses(subclass)):
            if "__dataclass_fields__" in vars(item):
                found[item.__module__, item.__qualname__] = item
    return list(found.values())


def _check_interfaces(named: NamedType, registry: Registry) -> None:
    """An interface met after a type that implements it (as its own subclass's base) is known by then."""
    for name in named.description["interfaces"]:
        if registry.types[name].kind != "interface":
            raise SchemaProblem(
                f"{named.name} inherits from the interface {name}, which is used as an input type",
                named.place,
                "Write a dataclass of its own for arguments.",
            )
