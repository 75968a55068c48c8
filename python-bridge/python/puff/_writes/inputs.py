"""Input types from Django's models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, TypeVar, dataclass_transform

from puff._django.fields import annotation_of
from puff._django.types import attributes_of, auto, has_column, is_auto, is_relation
from puff._errors import SchemaProblem
from puff._types.absent import ABSENT
from puff._types.annotations import annotations_of
from puff._types.source import place_of
from puff._types.written import ManyToManyInput, ManyToOneInput, OneToManyInput, OneToOneInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ClassT = TypeVar("ClassT", bound=type)


@dataclass_transform(kw_only_default=True)
def input_type(model: Any, fields: Sequence[str] = ()) -> Callable[[ClassT], ClassT]:
    """Makes a class the input type by which clients create objects of a Django model. It becomes a dataclass.

    An attribute annotated with `auto` has the type of the model's field. It is required unless the field may be null or
    blank, or has a default. A relation is an input that names objects, such as `{set: "1"}` for a foreign key; its
    column, such as `author_id`, is an `ID`. An attribute with a relation's name and another input's type creates the
    related object, or a list of them, with this one. An attribute that a client does not send is `ABSENT`.

    Args:
        model: The model.
        fields: Names of further fields, as `auto`.

    Returns:
        A decorator.

    Raises:
        SchemaProblem: The model has no such field, or one whose type is not known.

    Example:
        >>> @input_type(models.Question)  # doctest: +SKIP
        ... class QuestionInput:
        ...     text: auto
        ...     author: auto
        ...     choices: list[ChoiceInput] | None
    """
    return _decorator(model, tuple(fields), is_partial=False)


@dataclass_transform(kw_only_default=True)
def partial_type(model: Any, fields: Sequence[str] = ()) -> Callable[[ClassT], ClassT]:
    """Makes a class the input type by which clients change objects: see `input_type`. Nothing in it is required.

    Args:
        model: The model.
        fields: Names of further fields, as `auto`.

    Returns:
        A decorator.

    Raises:
        SchemaProblem: The model has no such field, or one whose type is not known.

    Example:
        >>> @partial_type(models.Question)  # doctest: +SKIP
        ... class QuestionPartial:
        ...     id: graphql.ID
        ...     text: auto
    """
    return _decorator(model, tuple(fields), is_partial=True)


def input_model_of(cls: Any) -> Any:
    """Gives the model that an input type was made from; None for any other class."""
    return getattr(cls, "__puff_input_model__", None)


def _decorator(model: Any, further: tuple[str, ...], *, is_partial: bool) -> Callable[[ClassT], ClassT]:
    def decorate(cls: ClassT) -> ClassT:
        known = attributes_of(model)
        annotations = {**dict.fromkeys(further, auto), **annotations_of(cls)}
        for name, annotation in annotations.items():
            field = known.get(name)
            if field is None:
                raise _no_field(cls, model, name, known)
            if is_auto(annotation, cls):
                annotations[name] = _annotation(cls, name, field, is_partial=is_partial)
            if name not in vars(cls):
                setattr(cls, name, ABSENT)
        cls.__annotations__ = annotations
        setattr(cls, "__puff_input_model__", model)  # noqa: B010  # pyright knows no such attribute
        return dataclass(kw_only=True)(cls)

    return decorate


def _annotation(cls: type, name: str, field: Any, *, is_partial: bool) -> Any:
    if getattr(field, "generated", False):
        raise SchemaProblem(
            f"{cls.__name__}.{name} is computed by the database", place_of(cls, name), "Leave it out of the input."
        )
    annotation = _link(field) if is_relation(field, name) else annotation_of(field)
    if annotation is None:
        raise SchemaProblem(
            f"{cls.__name__}.{name} is auto, and GraphQL doesn't know the type of a {type(field).__name__}",
            place_of(cls, name),
            f"Write its type: {name}: str, or another.",
        )
    return annotation if not is_partial and _is_required(field) else Optional[annotation]  # noqa: UP045  # of values


def _link(field: Any) -> type:
    if field.many_to_many:
        return ManyToManyInput
    if field.one_to_many:
        return ManyToOneInput
    return OneToOneInput if field.one_to_one else OneToManyInput


def _is_required(field: Any) -> bool:
    if not has_column(field) or field.primary_key:
        return False
    made = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) or field.has_default()
    return not (made or field.null or field.blank or getattr(field, "has_db_default", bool)())


def _no_field(cls: type, model: Any, name: str, known: dict[str, Any]) -> SchemaProblem:
    return SchemaProblem(
        f"{cls.__name__}.{name} is not a field of the model {model.__name__}",
        place_of(cls, name),
        f"It has {', '.join(sorted(known))}. Write a mutation of your own where an input holds more than the model.",
    )
