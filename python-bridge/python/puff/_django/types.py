"""GraphQL's object types from Django's models."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from dataclasses import field as field_of
from typing import TYPE_CHECKING, Annotated, Any, Optional, TypeAlias, TypeVar, dataclass_transform

from puff._django.fields import annotation_of
from puff._django.relations import relation_resolver
from puff._errors import SchemaProblem
from puff._types.annotations import annotations_of
from puff._types.decorators import say_constraints
from puff._types.markers import FieldOptions
from puff._types.paged import Paged
from puff._types.source import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ClassT = TypeVar("ClassT", bound=type)


@dataclass(frozen=True)
class ModelType:
    """What a type says of the model that it shows."""

    model: Any
    filters: type | str | None
    ordering: type | str | None
    visible: Callable[[Any], Any] | None = None


def model_type_of(cls: Any) -> ModelType | None:
    """Gives what `django_type` was told for a class; None for any other class."""
    return vars(cls).get("__puff_model__") if isinstance(cls, type) else None


class _Auto:
    """Stands where the model says the type."""


auto: TypeAlias = Annotated[Any, _Auto]  # noqa: PYI042  # as users write it
"""An attribute's type in a class decorated with `django_type`: that of the model's field."""


@dataclass_transform()
def django_type(
    model: Any,
    fields: Sequence[str] = (),
    *,
    filters: type | str | None = None,
    ordering: type | str | None = None,
    visible: Callable[[Any], Any] | None = None,
) -> Callable[[ClassT], ClassT]:
    """Makes a class an object type whose fields come from a Django model. The class becomes a dataclass.

    An attribute annotated with `auto` has the type of the model's field: `null=True` makes it optional, its choices are
    an enum, its help text is its description, a key (a primary or a foreign one) is an `ID`. An attribute of another
    type keeps it, with the help text. An attribute with the name of a relation and another object type, such as
    `author: User` or `choices: list[Choice]`, gets a resolver: a QuerySet of the related model, correlated.

    Args:
        model: The model.
        fields: Names of further fields, as `auto`, which the class takes by keyword. There is no "all": what is exposed
            stands in the code.
        filters: How clients filter collections of this type, where these don't say otherwise: a class decorated with
            `filter_type`, or its name.
        ordering: How they order them: a class decorated with `order_type`, or its name.
        visible: Which rows a caller may see, wherever objects of this type are had: a function of what `Schema.auth`
            returned, which gives a `Q`, a QuerySet of the model, `sql("row.tenant = $1", …)`, or a bool. None: all.

    Returns:
        A decorator.

    Raises:
        SchemaProblem: The model has no such field, or one whose type is not known.

    Example:
        >>> @django_type(models.Question)  # doctest: +SKIP
        ... class Question:
        ...     id: auto
        ...     text: auto
        ...     choices: list[Choice]
    """
    further = tuple(fields)  # it may be an iterator, and decorate several classes

    def decorate(cls: ClassT) -> ClassT:
        known = attributes_of(model)
        own = annotations_of(cls)
        for name in further:
            if name not in own:
                setattr(cls, name, field_of(kw_only=True))  # they may follow one with a default
        annotations = {**own, **dict.fromkeys(further, auto)}
        wanted: dict[str, Any] = {}
        for name, annotation in annotations.items():
            field = known.get(name)
            if is_auto(annotation, cls):
                wanted[name] = _auto_annotation(cls, model, name, field, annotation)
            elif field is None or isinstance(vars(cls).get(name), Paged):
                wanted[name] = annotation
            elif is_relation(field, name):
                setattr(cls, name, relation_resolver(cls, field, name, annotation))
            else:
                wanted[name] = _described(annotation, field)
        cls.__annotations__ = wanted
        say_constraints(cls, _messages_of(model))
        setattr(cls, "__puff_model__", ModelType(model, filters, ordering, visible))  # noqa: B010  # pyright knows no such attribute
        return dataclass(cls)

    return decorate


def attributes_of(model: Any) -> dict[str, Any]:
    """Gives the model's fields by the names that its instances have for them: `author_id`, `author`, `choices`."""
    found: dict[str, Any] = {}
    for field in model._meta.get_fields():  # noqa: SLF001  # Django's documented name
        if field.is_relation:
            found[field.get_accessor_name() if field.auto_created and not field.concrete else field.name] = field
        if has_column(field):
            found[field.attname] = field
    return found


def _messages_of(model: Any) -> dict[str, str]:
    """Gives what the model says of its constraints in words of its own, by their names in Postgres."""
    meta = model._meta  # noqa: SLF001  # Django's documented name
    messages: dict[str, str] = {}
    for constraint in meta.constraints:
        if constraint.violation_error_message != constraint.default_violation_error_message:
            messages[constraint.name] = str(constraint.get_violation_error_message())
    for field in meta.concrete_fields:
        own: Any = getattr(field, "_error_messages", None) or {}
        if field.unique and "unique" in own:
            # As Django makes it with the table: unnamed, so that Postgres names it.
            kind = "pkey" if field.primary_key else f"{field.column}_key"
            labels = {"model_name": meta.verbose_name, "field_label": field.verbose_name}
            messages[f"{meta.db_table}_{kind}"] = str(own["unique"]) % labels
    return messages


def key_of(model: Any) -> list[str]:
    """Gives the columns of a model's primary key."""
    primary = model._meta.pk  # noqa: SLF001  # Django's documented name
    return [part.attname for part in getattr(primary, "fields", None) or (primary,)]


def has_column(field: Any) -> bool:
    """Tells whether a field is a column of its own table."""
    return field.concrete and not field.many_to_many


def is_relation(field: Any, name: str) -> bool:
    """Tells whether a name stands for the related objects, and not for the key that the column holds."""
    return field.is_relation and not (has_column(field) and name == field.attname)


def is_auto(annotation: Any, cls: type) -> bool:
    """Tells whether an annotation of a class is `auto`."""
    return annotation is auto or _Auto in _metadata_of(annotation, cls)


def _metadata_of(annotation: Any, cls: type) -> tuple[Any, ...]:
    """Gives what stands beside a type: `Annotated[auto, …]` says more of the field."""
    is_text = isinstance(annotation, str)
    if is_text and ("Annotated" in annotation or annotation.rpartition(".")[2] == "auto"):
        try:
            annotation = eval(annotation, dict(vars(sys.modules[cls.__module__])))  # noqa: S307  # the user's own code
        except (NameError, AttributeError):
            return ()
    return getattr(annotation, "__metadata__", ())


def _auto_annotation(cls: type, model: Any, name: str, field: Any, given: Any) -> Any:
    where = f"{cls.__name__}.{name}"
    if field is None:
        known = ", ".join(sorted(attributes_of(model)))
        raise SchemaProblem(
            f"{where} is auto, and the model {model.__name__} has no field {name}",
            place_of(cls, name),
            f"It has {known}.",
        )
    if is_relation(field, name):
        key = f"{field.attname}: auto, or its " if has_column(field) else "its "
        example = f"{name}: {field.related_model.__name__}"
        raise SchemaProblem(
            f"{where} is auto, and {name} is a relation", place_of(cls, name), f"Write {key}type: {example}."
        )
    annotation = annotation_of(field)
    if annotation is None:
        raise SchemaProblem(
            f"{where} is auto, and GraphQL doesn't know the type of a {type(field).__name__}",
            place_of(cls, name),
            f"Write its type: {name}: str, or another.",
        )
    described = _described(Optional[annotation] if field.null else annotation, field)  # noqa: UP045  # of values
    said = [item for item in _metadata_of(given, cls) if item is not _Auto]
    return Annotated[described, *said] if said else described


def _described(annotation: Any, field: Any) -> Any:
    text = str(getattr(field, "help_text", ""))
    return Annotated[annotation, FieldOptions(description=text)] if text else annotation
