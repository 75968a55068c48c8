"""Which Python type a field of a Django model has, its choices included."""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from functools import cache
from importlib import import_module
from typing import Any

from puff._types.choices import is_choices
from puff._types.markers import ID, JSON, BigInt
from puff._types.refs import is_name

_TYPES: dict[str, Any] = {
    **dict.fromkeys(["IntegerField", "SmallIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField"], int),
    **dict.fromkeys(["BigIntegerField", "PositiveBigIntegerField"], BigInt),
    **dict.fromkeys(["CharField", "TextField", "FileField", "FilePathField", "GenericIPAddressField"], str),
    "BooleanField": bool,
    "FloatField": float,
    "DecimalField": decimal.Decimal,
    "DateTimeField": datetime.datetime,
    "DateField": datetime.date,
    "TimeField": datetime.time,
    "DurationField": datetime.timedelta,
    "UUIDField": uuid.UUID,
    "BinaryField": bytes,
    "JSONField": JSON,
}
"""By the name of the class in Django, which the user's class may inherit from."""


def annotation_of(field: Any) -> Any:
    """Gives the annotation for a field, without regard to null; None if its type is not known."""
    if field.primary_key or field.is_relation:
        return ID
    base_field = getattr(field, "base_field", None)
    if base_field is not None and not hasattr(field, "range_type"):  # an array
        item = annotation_of(base_field)
        return None if item is None else list[item]
    output_field = getattr(field, "output_field", None)
    if output_field is not None and getattr(field, "generated", False):
        return annotation_of(output_field)
    choices = _choices_of(field)
    if choices is not None:
        return choices
    names = [cls.__name__ for cls in type(field).__mro__ if cls.__module__.startswith("django.db.models.")]
    return next((_TYPES[name] for name in names if name in _TYPES), None)


def _choices_of(field: Any) -> type[enum.Enum] | None:
    """Gives an enum of a field's choices; None if there are none, or if what is stored for "none" is not a choice."""
    choices = _labelled(field.flatchoices)
    values = {value for value, _ in choices}
    if not choices or (field.blank and "" not in values and field.empty_strings_allowed):
        return None
    return _enum_class(field.model, set(choices)) or _make_enum(field, choices)


def _labelled(choices: Any) -> list[tuple[Any, str]]:
    return [(value, str(label)) for value, label in choices if value is not None]


def _enum_class(model: Any, choices: set[tuple[Any, str]]) -> type[enum.Enum] | None:
    """Finds the class that the choices were written as, in the model or its module."""
    module = import_module(model.__module__)
    candidates = [value for owner in (*model.__mro__, module) for value in vars(owner).values()]
    for candidate in candidates:
        if is_choices(candidate) and set(_labelled(candidate.choices)) == choices:
            return candidate
    return None


def _make_enum(field: Any, choices: list[tuple[Any, str]]) -> type[enum.Enum] | None:
    names = [_name_of(value, label) for value, label in choices]
    if any(name is None for name in names) or len(set(names)) < len(names):
        return None
    if not all(isinstance(value, str | int | float) for value, _ in choices):
        return None
    class_name = field.model.__name__ + "".join(part.capitalize() for part in field.name.split("_"))
    return _new_enum(class_name, field.model.__module__, tuple(zip(names, *zip(*choices, strict=True), strict=True)))


@cache
def _new_enum(name: str, module: str, members: tuple[tuple[str, Any, str], ...]) -> type[enum.Enum]:
    """Cached, so that two types of one model share it."""
    made: Any = enum.Enum(name, [(member, value) for member, value, _ in members], module=module)
    for member, _, label in members:
        made[member].label = label
    return made


def _name_of(value: Any, label: str) -> str | None:
    for text in (str(value), label):
        name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").upper()
        if is_name(name) and name not in ("TRUE", "FALSE", "NULL"):
            return name
    return None
