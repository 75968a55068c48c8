"""Parameters of resolvers and fields of inputs: their descriptions, and the way from JSON to Python."""

from __future__ import annotations

import enum
import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from puff._errors import ArgumentProblem, SchemaProblem
from puff._symbols.value import SYMBOLIC, Symbol
from puff._types.absent import ABSENT
from puff._types.annotations import meaning_of
from puff._types.argument import Argument, ArgumentGroup
from puff._types.names import camel, graphql_name
from puff._types.refs import TypeRef, Use, check_name
from puff._wire.scalars import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from puff._types.types import Registry


def describe_argument(
    registry: Registry, python: str, annotation: Any, default: Any, use: Use, camel_case: bool, *, made: bool = False
) -> tuple[dict[str, Any], Argument]:
    """Describes a parameter or an input's field.

    Args:
        registry: The types met so far.
        python: Its name.
        annotation: Its annotation.
        default: Its default; `ABSENT` where it has none.
        use: Where it stands.
        camel_case: Whether names are renamed.
        made: Whether Python makes its default anew each time.

    Returns:
        Its ArgumentDescription, and what converts it.

    Raises:
        SchemaProblem: Its type or default has no form in GraphQL.
    """
    meaning = meaning_of(annotation, use.scope)
    ref = registry.type_of(annotation, use)
    name = graphql_name(python, meaning.options, camel_case)
    check_name(name, use.scope.where, use.scope.place)
    nullable = ref.nullable or made or default is None
    description: dict[str, Any] = {
        "name": name,
        "type": str(ref).removesuffix("!") if nullable else str(ref),
        "description": meaning.options.description,
        "deprecation": meaning.options.deprecation,
    }
    if default is not ABSENT and default is not None and not made:
        try:
            description["defaultValue"] = default_json(default, ref, registry, camel_case)
        except TypeError as error:
            if not nullable:
                raise SchemaProblem(
                    f"the default of {use.scope.where} can't be described: {error}",
                    use.scope.place,
                    f"Give a default of its type, or let the type be nullable: {python}: … | None.",
                ) from None
    symbol = ref.kind if ref.item is None and ref.name in SYMBOLIC else None
    inputs = registry.inputs
    inner = (lambda: None) if ref.item is not None else lambda: inputs.get(ref.name)
    return description, Argument(name, python, ref, _located(ref.read, python), made, symbol, inner)


def to_keywords(arguments: tuple[Argument, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a resolver's keyword arguments; what is absent is left to Python's defaults, also within groups."""
    keywords: dict[str, Any] = {}
    groups: dict[str, tuple[ArgumentGroup, dict[str, Any]]] = {}
    for argument in arguments:
        group = argument.group
        target = keywords if group is None else groups.setdefault(group.python, (group, {}))[1]
        if argument.name in values:
            value = values[argument.name]
            if value is not None:
                read = None if type(value) is Symbol else argument.read
                target[argument.python] = value if read is None else read(value)
            elif not argument.drop_null:
                target[argument.python] = None
        elif argument.when_absent == "none":
            target[argument.python] = None
    for python, (group, given) in groups.items():
        keywords[python] = group.make(**given)
    return keywords


def default_json(value: Any, ref: TypeRef, registry: Registry, camel_case: bool) -> Any:
    """Gives a default as JSON.

    Raises:
        TypeError: It has none.
    """
    if value is None:
        return None
    if isinstance(value, enum.Enum):
        return value.name
    if ref.item is not None and isinstance(value, list | tuple | set | frozenset):
        item = ref.item
        return [default_json(inner, item, registry, camel_case) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _default_input(value, registry, camel_case)
    writer = DEFAULTS.get(type(value))
    if writer is not None:
        return writer(value)
    if isinstance(value, str | int | float | bool) or (ref.name == "JSON" and isinstance(value, dict | list)):
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            raise TypeError(f"{value!r} is not finite, and JSON has no form for it") from None
        if ref.name == "JSON" and not _is_exact(value):
            raise TypeError(f"{value!r} has an integer beyond 2^53")
        return str(value) if ref.name in ("ID", "BigInt", "Decimal") else value
    raise TypeError(f"{value!r} is no {ref.name}")


def _is_exact(value: Any) -> bool:
    """Tells whether JavaScript reads the same from JSON."""
    if isinstance(value, dict | list):
        items: Any = value.values() if isinstance(value, dict) else value
        return all(map(_is_exact, items))
    return not isinstance(value, int) or abs(value) < 2**53


def _default_input(value: Any, registry: Registry, camel_case: bool) -> Any:
    scope_of = registry.by_class.get(type(value))
    if scope_of is None:
        raise TypeError(f"{value!r} is of another type")
    result: dict[str, Any] = {}
    for item in fields(value):
        inner = getattr(value, item.name)
        if item.init and inner is not None:
            # The field's own type is described later; its value says enough.
            result[camel(item.name) if camel_case else item.name] = default_json(
                inner,
                TypeRef("JSON", item=TypeRef("JSON") if isinstance(inner, list | tuple) else None),
                registry,
                camel_case,
            )
    return result


def _located(read: Callable[[Any], Any] | None, python: str) -> Callable[[Any], Any] | None:
    """Names the argument in what its conversion raises."""
    if read is None:
        return None

    def located(value: Any) -> Any:
        try:
            return read(value)
        except ArgumentProblem:
            raise
        except (ValueError, ArithmeticError) as error:
            raise ArgumentProblem(f"argument {python}: {error}") from error

    return located
