"""Classes whose instances are arguments: dataclasses, and models of pydantic and structs of msgspec, which validate."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from dataclasses import MISSING, dataclass, is_dataclass
from typing import TYPE_CHECKING, Any

from puff._symbols.value import Symbol
from puff._types.absent import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COLLECTIONS = (list, dict, set, tuple, frozenset)


@dataclass
class InputField:
    """One field of such a class."""

    name: str
    type: Any
    default: Any
    """`ABSENT` where it has none that can be described."""
    made: bool
    """Whether Python makes its default anew each time."""
    description: str | None = None


def is_model(cls: type) -> bool:
    """Tells whether a class is a model of pydantic or a struct of msgspec."""
    return _is_pydantic(cls) or _is_struct(cls)


def _is_pydantic(cls: type) -> bool:
    pydantic: Any = sys.modules.get("pydantic")
    return pydantic is not None and issubclass(cls, pydantic.BaseModel)


def _is_struct(cls: type) -> bool:
    msgspec: Any = sys.modules.get("msgspec")
    return msgspec is not None and issubclass(cls, msgspec.Struct)


def input_fields(cls: Any) -> list[InputField]:
    """Gives the fields that a client can give."""
    if _is_pydantic(cls):
        return [_pydantic_field(name, item) for name, item in cls.model_fields.items() if item.init is not False]
    if _is_struct(cls):
        msgspec = importlib.import_module("msgspec")
        return [_struct_field(item, msgspec.NODEFAULT) for item in msgspec.structs.fields(cls)]
    return [
        InputField(item.name, item.type, *_default(item.default, item.default_factory, MISSING))
        for item in dataclasses.fields(cls)
        if item.init
    ]


def _pydantic_field(name: str, item: Any) -> InputField:
    if item.is_required():
        return InputField(name, item.annotation, ABSENT, made=False, description=item.description)
    if item.default_factory is not None:
        default, made = _default(MISSING, item.default_factory, MISSING)
    else:
        default, made = _default(item.default, MISSING, MISSING)
    return InputField(name, item.annotation, default, made, item.description)


def _struct_field(item: Any, no_default: Any) -> InputField:
    return InputField(item.name, item.type, *_default(item.default, item.default_factory, no_default))


def _default(default: Any, factory: Any, missing: Any) -> tuple[Any, bool]:
    if default is not missing:
        # An instance of a model has no form in GraphQL that could be written without its validators.
        return (ABSENT, True) if is_model(type(default)) else (default, False)
    if factory is missing:
        return ABSENT, False
    if factory in _COLLECTIONS:
        return list(factory()) if factory is not dict else {}, False
    return ABSENT, True


def maker_of(cls: Any) -> Callable[[Mapping[str, Any]], Any]:
    """Gives what makes an instance of the values of its fields.

    The function raises ValueError where the class's validation refuses them: a sentence of each field.
    """
    if _is_pydantic(cls):
        return _pydantic_maker(cls)
    if _is_struct(cls):
        return _struct_maker(cls)
    return lambda values: cls(**values)


def _pydantic_maker(cls: Any) -> Callable[[Mapping[str, Any]], Any]:
    keys = {name: item.validation_alias or item.alias or name for name, item in cls.model_fields.items()}
    by_name = {name: key if isinstance(key, str) else name for name, key in keys.items()}

    def make(values: Mapping[str, Any]) -> Any:
        _need_values(values)
        try:
            return cls.model_validate({by_name[name]: value for name, value in values.items()})
        except ValueError as error:
            raise ValueError("; ".join(map(_sentence, error.errors()))) from error  # type: ignore[attr-defined]  # pydantic's

    return make


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(map(str, error["loc"]))
    return f"{where}: {error['msg']}" if where else str(error["msg"])


def _struct_maker(cls: Any) -> Callable[[Mapping[str, Any]], Any]:
    msgspec = importlib.import_module("msgspec")
    keys = {item.name: item.encode_name for item in msgspec.structs.fields(cls)}

    def make(values: Mapping[str, Any]) -> Any:
        _need_values(values)
        try:
            return msgspec.convert({keys[name]: value for name, value in values.items()}, cls)
        except msgspec.ValidationError as error:
            message, _, where = str(error).partition(" - at `$.")
            raise ValueError(f"{where.rstrip('`')}: {message}" if where else message) from error

    return make


def _need_values(values: Mapping[str, Any]) -> None:
    """Has a pure resolver be traced for each value of these fields: only values can be validated."""
    for value in values.values():
        if type(value) is Symbol:
            value.need()


def is_input_class(value: object) -> bool:
    """Tells whether a value is a class whose instances can be arguments."""
    return isinstance(value, type) and (is_dataclass(value) or is_model(value))
