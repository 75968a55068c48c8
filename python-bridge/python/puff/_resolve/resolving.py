"""Calls resolvers and says what they returned."""

from __future__ import annotations

import enum
import inspect
from collections.abc import AsyncIterator, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from puff._collections.plans import without_order
from puff._collections.select_order import select_without_order
from puff._errors import NeedsArgument, NeedsParents, PlanError
from puff._orm.queries import compile_query
from puff._plans.context import Context
from puff._plans.plan import Plan, as_keys, check_keys
from puff._plans.streams import Stream
from puff._plans.trace import WatchedContext, trace
from puff._resolve.allowed import is_allowed, silence
from puff._resolve.declared import Declared
from puff._resolve.guarded import guarded_result, plan_of_query
from puff._resolve.handled import call_handled
from puff._resolve.objects import Selection, as_instance, call_method, run_awaitable, write_value
from puff._resolve.unreadable import Unreadable, class_for
from puff._runtime.greenlets import GreenletExit
from puff._schema.arguments import to_keywords
from puff._schema.guards import rows_of
from puff._symbols.parents import Parents
from puff._types.refs import checked_list
from puff._wire.given import begin_call
from puff._wire.values import wire_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from puff._schema.guard import Guard
    from puff._schema.runtime import Resolver, RuntimeSchema, RuntimeType
    from puff._types.refs import TypeRef

_NO_PARENTS = "a field of a root type has no parents"
_NO_COLUMN = "The statement that gives these rows has no column {name}: add it to its SELECT."
_NO_KEY = "The object that this {type} is read from has no {name}."
_SELF = "an instance method has no parents: its object is self"


def resolve_call(schema: RuntimeSchema, call: Mapping[str, Any], auth: Any, token: str | None) -> dict[str, Any]:
    """Calls one resolver.

    Args:
        schema: The schema.
        call: A ResolverCall.
        auth: What `Schema.auth` returned.
        token: The caller's token.

    Returns:
        A ResolveResult. Nothing that the resolver raises gets through, but KeyboardInterrupt and GreenletExit.
    """
    resolver = schema.resolvers.get(call["field"])
    if resolver is None:
        return failure_of(PlanError(f"{call['field']} has no resolver"), None)
    if resolver.is_method:
        return _call_each(schema, resolver, call, auth, token)
    given = call["parents"]
    if given == "root":
        parents = Parents(None, _NO_PARENTS)
    elif given == "symbols":
        parents = Parents(None)
    else:
        known = schema.types.get(resolver.name.split(".")[0])
        parents = Parents(
            {name: partial(_declared(known, schema, name).column, column) for name, column in given["columns"].items()}
        )
    if not call.get("trace"):
        return _call(schema, resolver, call, call["args"], Context(parents, auth, token, *_place_of(call)))
    context = WatchedContext(parents, auth, token, *_place_of(call))

    def run(values: Mapping[str, Any]) -> dict[str, Any]:
        parents.needed.clear()
        return _call(schema, resolver, call, values, context)

    return trace(resolver.arguments, call["args"], context, run)


def _call(
    schema: RuntimeSchema, resolver: Resolver, call: Mapping[str, Any], values: Mapping[str, Any], context: Context
) -> dict[str, Any]:
    parents = context.parents
    try:
        if not is_allowed(resolver.options, context):
            return {"kind": "value", "value": silence(resolver), "parentKeys": (), "childKeys": ()}
        if resolver.handles is None:
            value = call_resolver(resolver, values, context)
        else:
            value = call_handled(resolver.handles, lambda: call_resolver(resolver, values, context))
        if resolver.is_subscription and isinstance(value, Iterator | AsyncIterator):
            return {"kind": "generator"}
        result = result_of(schema, resolver, value, call["selection"], context)
    except NeedsParents:
        return _needs(parents)
    except (KeyboardInterrupt, GreenletExit, NeedsArgument):
        raise
    except BaseException as error:  # SystemExit too must not end the interpreter
        return _needs(parents) if parents.needed else failure_of(error, resolver)
    return _needs(parents) if parents.needed else result


def call_resolver(resolver: Resolver, values: Mapping[str, Any], context: Context) -> Any:
    """Gives what a resolver returns for the values of its arguments."""
    begin_call()
    arguments = to_keywords(resolver.arguments, values)
    if resolver.context == 1:
        value = resolver.function(context, **arguments)
    else:  # Puff's readme: (parents, context)
        value = resolver.function(context.parents, context, **arguments)
    return run_awaitable(value) if type(value) is not Plan and inspect.isawaitable(value) else value


def root_context(call: Mapping[str, Any], auth: Any, token: str | None) -> Context:
    """Gives the context of a root field's resolver."""
    return Context(Parents(None, _NO_PARENTS), auth, token, *_place_of(call))


def _place_of(call: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Gives a field's name and path."""
    path = call.get("path")
    return call["field"].rpartition(".")[2], tuple(path.split(".")) if path else ()


def _needs(parents: Parents) -> dict[str, Any]:
    return {"kind": "needs", "columns": list(parents.needed)}


def failure_of(error: BaseException, resolver: Resolver | None) -> dict[str, Any]:
    """Gives the ResolveResult of what a resolver raised."""
    function = None if resolver is None else inspect.unwrap(getattr(resolver.function, "__func__", resolver.function))
    return {"kind": "failure", "error": wire_error(error, resolver=function)}


def _declared(known: RuntimeType | None, schema: RuntimeSchema, column: str) -> Declared:
    field = None if known is None else known.columns.get(column)
    return Declared(None if field is None else field.type, schema)


def result_of(
    schema: RuntimeSchema, resolver: Resolver, value: Any, selection: Selection | None, context: Context
) -> dict[str, Any]:
    """Gives the ResolveResult of what a resolver returned, or yielded."""
    guard = schema.guards.get(rows_of(resolver).name)
    denied = None if guard is None else guard.denied(context)
    result = _result_of(schema, resolver, value, selection, context, guard)
    if not denied:
        return result
    if result["kind"] == "stream":
        return result if result["plan"] is None else {**result, "plan": {**result["plan"], "denied": denied}}
    return {**result, "denied": denied}


def _result_of(
    schema: RuntimeSchema,
    resolver: Resolver,
    value: Any,
    selection: Selection | None,
    context: Context,
    guard: Guard | None,
) -> dict[str, Any]:
    auth = None if guard is None else context.auth
    if type(value) is Plan:
        return guarded_result(schema, guard, value, auth)
    order: list[dict[str, Any]] | None = None
    if resolver.is_collection:
        value, order = without_order(value)
        if order is None:
            value, order = select_without_order(value)
    plan = plan_of_query(schema, guard, value, auth)
    if plan is not None:
        return plan if order is None else {**plan, "order": order}
    if type(value) is Stream:
        return _stream_result(schema, resolver, value, guard, auth)
    parent_keys: Sequence[str] = ()
    child_keys: Sequence[str] = ()
    if type(value) is tuple and value and value[0] is ...:
        plan = _puff_form(value)
        if type(plan) is Plan:
            return guarded_result(schema, guard, plan, auth)
        value, parent_keys, child_keys = plan
    ref = resolver.type
    if child_keys and selection is not None and ref.item is None:
        # All parents' objects at once, though each parent has only one.
        written = [write_value(item, ref, selection, schema, context) for item in checked_list(value)]
    else:
        written = write_value(value, ref, selection, schema, context)
    result = {"kind": "value", "value": written, "parentKeys": parent_keys, "childKeys": child_keys}
    return {**result, "visible": guard.said} if guard is not None and resolver.writes else result


def _stream_result(
    schema: RuntimeSchema, resolver: Resolver, stream: Stream[Any], guard: Guard | None, auth: Any
) -> dict[str, Any]:
    if not resolver.is_subscription:
        raise PlanError(f"{resolver.name} returned a stream, which only a field of the subscription can")
    plan = stream.plan
    if type(plan) is tuple and plan and plan[0] is ...:
        plan = _puff_form(plan)
    if plan is not None:
        if type(plan) is not Plan:
            raise PlanError(f"a stream answers with a plan, such as sql(…), not with a {type(plan).__name__}")
        if plan.parent_keys:
            raise PlanError("the plan of a stream has no parents, so it has no .on(…)")
    return {
        "kind": "stream",
        "source": stream.source,
        "channel": stream.channel,
        "plan": None if plan is None else guarded_result(schema, guard, plan, auth, may_use_event=not stream.live),
        "live": stream.live,
        "latest": stream.latest,
    }


def _puff_form(value: tuple[Any, ...]) -> Any:
    """Takes Puff's tuples: (..., sql, params) and (..., objects), either with the parent's keys and the child's."""
    _, *rest = value
    if len(rest) in (2, 4) and isinstance(rest[0], str):
        if not isinstance(rest[1], list | tuple):
            raise PlanError(f"the parameters of (..., sql, params) are a list, not {rest[1]!r}")
        plan: Plan[Any] = Plan(rest[0], rest[1])
        if len(rest) == 4:
            plan.parent_keys, plan.child_keys = as_keys(rest[2]), as_keys(rest[3])
            check_keys(plan.parent_keys, plan.child_keys)
        return plan
    query = compile_query(rest[0]) if rest else None
    if query is not None and len(rest) == 3:
        plan = Plan(query, ())
        plan.parent_keys, plan.child_keys = as_keys(rest[1]), as_keys(rest[2])
        check_keys(plan.parent_keys, plan.child_keys)
        return plan
    if len(rest) in (1, 3):
        parent_keys, child_keys = (as_keys(rest[1]), as_keys(rest[2])) if len(rest) == 3 else ((), ())
        check_keys(parent_keys, child_keys)
        return rest[0], parent_keys, child_keys
    raise PlanError(
        f"a tuple of {len(value)} that begins with ... is not a plan: "
        "return (..., sql, params), (..., objects), either with two lists of keys more, or sql(…)"
    )


def _call_each(
    schema: RuntimeSchema, resolver: Resolver, call: Mapping[str, Any], auth: Any, token: str | None
) -> dict[str, Any]:
    given = call["parents"]
    if isinstance(given, str):
        return {"kind": "needs", "columns": list(schema.types[resolver.name.split(".")[0]].columns)}
    context = Context(Parents(None, _SELF), auth, token, *_place_of(call))
    columns: dict[str, list[Any]] = {}
    has_unreadable = False
    known = schema.types.get(schema.names.get(resolver.cls, ""))
    for name, item in given["columns"].items():
        declared = _declared(known, schema, name)
        try:
            values = declared.column(item)
        except (ValueError, ArithmeticError):  # a value that Python's type can't hold
            values = declared.each(item)
            has_unreadable = True
        columns[name] = _converted(known, name, values)
    missing = _NO_COLUMN if any("texts" in item for item in given["columns"].values()) else _NO_KEY
    names = list(columns)
    rows = zip(*columns.values(), strict=True) if names else ((),) * given["count"]
    return {
        "kind": "each",
        "values": [
            call_method(
                resolver, _instance(dict(zip(names, row, strict=True)), resolver.cls, has_unreadable),
                call["args"], call["selection"], schema, context, missing,
            )
            for row in rows
        ],
    }  # fmt: skip


def _instance(attributes: dict[str, Any], cls: type, has_unreadable: bool) -> Any:
    return as_instance(attributes, class_for(cls, attributes) if has_unreadable else cls)


def _converted(known: RuntimeType | None, column: str, values: list[Any]) -> list[Any]:
    """Turns values into members where the annotation is an Enum."""
    field = None if known is None else known.columns.get(column)
    if field is None:
        return values
    convert = _enum_converter(field.type)
    if convert is None:
        return values
    return [value if value is None or type(value) is Unreadable else convert(value) for value in values]


@cache
def _enum_converter(ref: TypeRef) -> Callable[[Any], Any] | None:
    if ref.item is not None:
        item = _enum_converter(ref.item)
        return None if item is None else lambda values: [None if value is None else item(value) for value in values]
    cls = ref.cls
    if not (isinstance(cls, type) and issubclass(cls, enum.Enum)):
        return None
    by_text = {**cls.__members__, **{str(member.value): member for member in cls}}
    return lambda value: by_text.get(str(value), value)
