"""From annotations as they are written to what they mean."""

from __future__ import annotations

import enum
import functools
import inspect
import sys
import types
import typing
from dataclasses import dataclass, field, is_dataclass, replace
from typing import Annotated, Any, ForwardRef, Union

from puff._errors import SchemaProblem
from puff._runtime.modules import user_modules
from puff._types.markers import FieldOptions, NameMarker, ParameterMarker, ScalarMarker, merge_options

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Scope:
    """Where an annotation stands."""

    globals: Mapping[str, Any]
    locals: Mapping[str, Any]
    where: str
    """For messages: `field Post.title`."""
    place: str | None


@dataclass(frozen=True)
class Meaning:
    """An annotation taken apart: the type inside, and what is said around it."""

    base: Any
    nullable: bool = False
    options: FieldOptions = field(default_factory=FieldOptions)
    scalar: ScalarMarker | None = None
    named: NameMarker | None = None
    parameter: ParameterMarker | None = None


UNION_TYPES = (Union, types.UnionType)


def class_scope(cls: type, where: str, place: str | None) -> Scope:
    """Gives the scope of annotations in a class's body."""
    module = sys.modules.get(cls.__module__)
    nested = {name: value for name, value in vars(cls).items() if isinstance(value, type)}
    return Scope({} if module is None else vars(module), {cls.__name__: cls, **nested}, where, place)


def function_scope(function: Callable[..., Any], cls: type, where: str, place: str | None) -> Scope:
    """Gives the scope of a resolver's annotations, which may come from another module than the class."""
    unwrapped = inspect.unwrap(function)
    scope = class_scope(cls, where, place)
    return replace(scope, globals=getattr(unwrapped, "__globals__", scope.globals))


def annotations_of(target: Any) -> dict[str, Any]:
    """Gives the annotations of a class itself, or of a function; names not defined stay forward references."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(target, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(target)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Gives a function's parameters; their annotations come from `annotations_of`."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(function)


def meaning_of(annotation: Any, scope: Scope) -> Meaning:
    """Takes an annotation apart.

    Args:
        annotation: An annotation in any form, a string and a forward reference among them.
        scope: Where it stands.

    Returns:
        The type inside without `None`, `Annotated`, aliases and `NewType`, and what these said.

    Raises:
        SchemaProblem: A name in it is not defined.
    """
    value = evaluate(annotation, scope)
    origin = typing.get_origin(value)
    if origin is Annotated:
        base, *metadata = typing.get_args(value)
        return _annotated(meaning_of(base, scope), metadata)
    if origin is typing.Final:
        return meaning_of(typing.get_args(value)[0], scope)
    if isinstance(value, ScalarMarker):
        return Meaning(value, scalar=value)
    if isinstance(value, typing.NewType):
        return meaning_of(value.__supertype__, scope)
    if type(value).__name__ == "TypeAliasType":
        try:
            aliased = value.__value__
        except NameError as error:
            raise _undefined(error, scope) from None
        meaning = meaning_of(aliased, scope)
        return replace(meaning, named=meaning.named or NameMarker(value.__name__))
    if origin in UNION_TYPES:
        return _union_meaning(value, scope)
    return Meaning(value)


def evaluate(annotation: Any, scope: Scope) -> Any:
    """Gives the object that an annotation names.

    A name that is not defined where it stands (imported for type checkers alone, since two modules need each other)
    is looked for among the classes of the user's modules.

    Raises:
        SchemaProblem: A name is not defined, or the text is not an expression.
    """
    value = annotation
    found: dict[str, Any] = {}
    while isinstance(value, str | ForwardRef):
        try:
            value = _evaluate_once(value, scope, found)
        except NameError as error:
            name = error.name or ""
            match = None if name in found else _find_class(name)
            if match is None:
                raise _undefined(error, scope) from None
            found[name] = match
        except SchemaProblem:
            raise
        except Exception as error:
            raise SchemaProblem(
                f"the annotation {annotation!r} of {scope.where} can't be evaluated: {error}",
                scope.place,
                "Write a type, such as list[Post] or int | None.",
            ) from None
    return value


def _evaluate_once(value: str | ForwardRef, scope: Scope, found: Mapping[str, Any]) -> Any:
    known = {**scope.globals, **found}
    if isinstance(value, str):
        return eval(value, known, {**scope.locals})  # noqa: S307  # annotations are the user's own code
    if sys.version_info >= (3, 14):
        return value.evaluate(globals=known, locals={**scope.locals})
    return value.__forward_arg__


def _undefined(error: NameError, scope: Scope) -> SchemaProblem:
    return SchemaProblem(
        f"the annotation of {scope.where} names {error.name}, which is not defined",
        scope.place,
        f"Define {error.name}, or import it where the module runs, and not for type checkers alone.",
    )


def _find_class(name: str) -> type | None:
    found = {
        value
        for module in user_modules()
        if isinstance(value := vars(module).get(name), type)
        and value.__module__ == module.__name__
        and (is_dataclass(value) or issubclass(value, enum.Enum) or not _INPUTS.isdisjoint(vars(value)))
    }
    return found.pop() if len(found) == 1 else None


_INPUTS = frozenset(("__puff_filter__", "__puff_order__"))
"""Attributes of the classes that a collection's filters and orders are written as."""


def _annotated(meaning: Meaning, metadata: list[Any]) -> Meaning:
    for item in metadata:
        if isinstance(item, str):
            options = merge_options((meaning.options, FieldOptions(description=item)))
            meaning = replace(meaning, options=options)
        elif isinstance(item, FieldOptions):
            meaning = replace(meaning, options=merge_options((meaning.options, item)))
        elif isinstance(item, ScalarMarker):
            meaning = replace(meaning, scalar=item)
        elif isinstance(item, NameMarker):
            meaning = replace(meaning, named=item)
        elif isinstance(item, ParameterMarker):
            meaning = replace(meaning, parameter=item)
    return meaning


def _union_meaning(value: Any, scope: Scope) -> Meaning:
    members = [evaluate(member, scope) for member in typing.get_args(value)]
    rest = [member for member in members if member not in (None, types.NoneType)]
    nullable = len(rest) < len(members)
    if len(rest) == 1:
        return replace(meaning_of(rest[0], scope), nullable=True)
    base = functools.reduce(lambda left, right: Union[left, right], rest)  # noqa: UP007  # of values
    return Meaning(base, nullable)


def plain_alias(base: Any, scope: Scope) -> NameMarker | None:
    """Finds the name of a plain alias in the module that uses it: `Feed = Post | Comment`, `Order = Literal["asc"]`."""
    forms = (base, Union[base, None])  # noqa: UP007  # of values
    for name, value in scope.globals.items():
        if type(value) in {type(form) for form in forms} and value in forms and not name.startswith("_"):
            return NameMarker(name)
    return None


def arguments_of(annotation: Any) -> tuple[Any, ...]:
    """Gives the arguments of a generic: of `list[int]`, `(int,)`."""
    return typing.get_args(annotation)
