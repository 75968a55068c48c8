"""Columns of which Python can't hold every value, such as the date `infinity`: what is not read must not fail."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Unreadable:
    """Stands for a value that Python can't hold."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        """Keeps why it can't."""
        self.why = why


def load_each(load: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """Loads values one by one, with an `Unreadable` in the place of each that can't be.

    Example:
        >>> [type(value).__name__ for value in load_each(int, ["1", "x"])]
        ['int', 'Unreadable']
    """
    values: list[Any] = []
    for item in items:
        try:
            values.append(load(item))
        except (ValueError, ArithmeticError) as error:
            values.append(Unreadable(str(error)))
    return values


def class_for(cls: type, attributes: Mapping[str, Any]) -> type:
    """Gives the class whose instances can have these attributes: reading an unreadable one raises ValueError."""
    unreadable = [(name, value.why) for name, value in attributes.items() if type(value) is Unreadable]
    return _class_with(cls, tuple(unreadable)) if unreadable else cls


@lru_cache(maxsize=256)
def _class_with(cls: type, unreadable: tuple[tuple[str, str], ...]) -> type:
    members: dict[str, Any] = {name: _raising(name, why) for name, why in unreadable}
    return type(cls.__name__, (cls,), {"__slots__": (), "__module__": cls.__module__, **members})


def _raising(name: str, why: str) -> property:
    def read(_self: Any) -> Any:
        raise ValueError(f"{name}: {why}")

    return property(read)
