"""Python objects as they cross the bridge: what an operation selects of them, read without touching the rest."""

from __future__ import annotations

import asyncio
import enum
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from puff._errors import PlanError, ValueProblem
from puff._plans.plan import Plan
from puff._resolve.allowed import is_allowed, silence
from puff._schema.arguments import to_keywords
from puff._types.refs import TypeRef, checked_list
from puff._wire.values import SCALARS, WRITERS, leaf, wire_error

if TYPE_CHECKING:
    from puff._plans.context import Context
    from puff._schema.runtime import Resolver, RuntimeSchema, RuntimeType

Selection = Mapping[str, Mapping[str, Any]]


def write_value(value: Any, ref: TypeRef, selection: Selection | None, schema: RuntimeSchema, context: Context) -> Any:
    """Gives the wire value of what a field holds.

    Args:
        value: The Python value.
        ref: The field's type.
        selection: What is read of its objects; None for a leaf.
        schema: The schema, which knows the classes.
        context: For the instance methods that are called.

    Returns:
        A wire value. What fails inside an object is an error there.

    Raises:
        ValueProblem: The value has no form in a response.
    """
    if value is None:
        return None
    if selection is None:
        return ref.write(value)
    if ref.item is not None:
        item = ref.item
        return [write_value(inner, item, selection, schema, context) for inner in checked_list(value)]
    return _write_object(value, ref, selection, schema, context)


_SCALARS = tuple(SCALARS)
_MADE_OF_SCALARS = (enum.Enum, *_SCALARS)
"""Bases of what may be a key of children, too: an enum's member stands for its value."""


def run_awaitable(awaitable: Any) -> Any:
    """Waits for a coroutine in an event loop of its own."""
    return asyncio.run(_await(awaitable))


async def _await(awaitable: Any) -> Any:
    return await awaitable


def _write_object(value: Any, ref: TypeRef, selection: Selection, schema: RuntimeSchema, context: Context) -> Any:
    if isinstance(value, Plan):
        raise PlanError("a plan answers a field, and stands here for one object of a list")
    if isinstance(value, list | tuple | set | frozenset):
        raise ValueProblem(f"the field is one {ref.name}, but got a {type(value).__name__}")
    name = _type_name(value, selection, schema)
    known = schema.types.get(name or ref.name)
    chosen = selection.get(name or ref.name)
    if chosen is None and len(selection) == 1 and name is None:
        (only,) = selection
        known, chosen = schema.types.get(only), selection[only]
    if isinstance(value, dict):
        attributes: Mapping[str, Any] = value
        read: Callable[[Any, str, RuntimeType | None], Any] = _read_key
    else:
        if type(value) in SCALARS:
            raise ValueProblem(
                f"the field is an object of type {ref.name}, but got the {type(value).__name__} {value!r}"
            )
        attributes = getattr(value, "__dict__", None) or _slots(value, known)
        read = _read_attribute
    out: dict[str, Any] = {}
    for attribute, inner in attributes.items():
        if type(attribute) is not str:
            continue
        if type(inner) in SCALARS:
            out[attribute] = WRITERS[type(inner)](inner)
        elif isinstance(inner, _MADE_OF_SCALARS):
            plain = inner.value if isinstance(inner, enum.Enum) else inner
            if isinstance(plain, _SCALARS):
                out[attribute] = leaf(plain)
    if chosen is not None:
        _write_selected(out, value, chosen, known, read, schema, context)
    return {"o": out, "type": name}


def _write_selected(
    out: dict[str, Any],
    value: Any,
    chosen: Mapping[str, Any],
    known: RuntimeType | None,
    read: Callable[[Any, str, RuntimeType | None], Any],
    schema: RuntimeSchema,
    context: Context,
) -> None:
    columns = {} if known is None else known.columns
    for attribute in chosen["columns"]:
        column = columns.get(attribute)
        write = leaf if column is None else column.type.write
        if attribute not in out or write is not leaf:
            try:
                out[attribute] = write(_settled(read(value, attribute, known), attribute))
            except Exception as error:
                out[attribute] = {"e": wire_error(error)}
    for attribute, inner_selection in chosen["objects"].items():
        ref = columns[attribute].type
        try:
            inner = _settled(read(value, attribute, known), attribute)
            out[attribute] = write_value(inner, ref, inner_selection, schema, context)
        except Exception as error:
            out[attribute] = {"e": wire_error(error)}
    for call in chosen["methods"]:
        resolver = None if known is None else known.resolvers.get(call["field"])
        if resolver is not None:
            is_dict = isinstance(value, dict)
            self = as_instance(value, resolver.cls) if is_dict else value
            missing = _NO_KEY if is_dict else _NOT_SET
            path = tuple(call.get("path", "").split("."))
            its_context = context.at(call["field"], path) if resolver.context else context
            out[call["key"]] = call_method(
                resolver, self, call["args"], call["selection"], schema, its_context, missing
            )


def call_method(
    resolver: Resolver,
    self: Any,
    args: Mapping[str, Any],
    selection: Selection | None,
    schema: RuntimeSchema,
    context: Context,
    missing: str,
) -> Any:
    """Calls an instance method and gives the wire value of its result, or of its error.

    `missing` says why an object may lack the attribute `{name}` that its `{type}` declares.
    """
    try:
        if not is_allowed(resolver.options, context):
            return silence(resolver)
        keywords = to_keywords(resolver.arguments, args)
        function = resolver.function
        value = function(self, context, **keywords) if resolver.context else function(self, **keywords)
        if inspect.isawaitable(value):
            value = run_awaitable(value)
        if type(value) is tuple and len(value) == 2 and value[0] is ...:  # Puff's (..., objects)
            value = value[1]
        return write_value(_settled(value, resolver.name), resolver.type, selection, schema, context)
    except Exception as error:
        return {
            "e": wire_error(error, hint=_missing_attribute(error, self, resolver, missing), resolver=resolver.function)
        }


def as_instance(attributes: Mapping[str, Any], cls: type) -> Any:
    """Makes an instance of a dataclass without calling `__init__`, for methods on rows and dicts."""
    instance = object.__new__(cls)
    for name, value in attributes.items():
        try:
            object.__setattr__(instance, name, value)
        except AttributeError:  # a property, or not one of its slots
            continue
    return instance


def _settled(value: Any, name: str) -> Any:
    """Refuses a plan where each object's own value is asked for: it would be a statement for each object."""
    if isinstance(value, Plan) or (type(value) is tuple and value and value[0] is ...):
        raise PlanError(
            f"{name} returns a plan, but is called on each object separately. Make it a @classmethod: "
            "it is called once for all objects, with their columns in ctx.parents"
        )
    return value


def _type_name(value: Any, selection: Selection, schema: RuntimeSchema) -> str | None:
    if isinstance(value, dict):
        name: Any = value.get("__typename")
        return name if isinstance(name, str) else None
    names = schema.names
    name = names.get(type(value))
    if name is not None and name in selection:
        return name
    known = [names[base] for base in type(value).__mro__ if base in names]
    return next((item for item in known if item in selection), known[0] if known else None)


def _read_attribute(value: Any, attribute: str, _known: RuntimeType | None) -> Any:
    return getattr(value, attribute)


def _read_key(value: Mapping[str, Any], key: str, known: RuntimeType | None) -> Any:
    if key in value:
        return value[key]
    column = None if known is None else known.columns.get(key)
    if known is not None:
        member = getattr(known.cls, key, None)
        if column is not None and hasattr(type(member), "__get__"):  # a property
            return getattr(as_instance(value, known.cls), key)
        if member is not None:
            return member  # the dataclass's default
    if column is None or column.type.nullable:
        return None
    raise ValueProblem(f"the dict for type {'' if known is None else known.name} has no key {key!r}")


def _slots(value: Any, known: RuntimeType | None) -> Mapping[str, Any]:
    names = () if known is None else known.columns
    slots = {name for base in type(value).__mro__ for name in _as_names(vars(base).get("__slots__", ()))}
    return {name: getattr(value, name) for name in {*names, *slots} if name in slots and hasattr(value, name)}


def _as_names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


_NO_KEY = "The dict that a resolver returned for this {type} has no key {name}."
_NOT_SET = "The {type} that a resolver returned has no attribute {name}: set it where the object is made."


def _missing_attribute(error: Exception, self: Any, resolver: Resolver, missing: str) -> str | None:
    if isinstance(error, AttributeError) and error.obj is self and error.name in _annotated(resolver.cls):
        return missing.format(name=error.name, type=resolver.cls.__name__)
    return None


def _annotated(cls: type) -> Mapping[str, Any]:
    return getattr(cls, "__dataclass_fields__", {})
