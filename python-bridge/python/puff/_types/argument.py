"""A parameter of a resolver or a field of an input, as calling needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._types.refs import TypeRef


@dataclass(slots=True)
class Argument:
    """A parameter as calling needs it."""

    name: str
    python: str
    type: TypeRef
    read: Callable[[Any], Any] | None
    drop_null: bool = False
    """Whether null means the default that Python makes, as a default_factory does."""
    symbol: str | None = None
    """The kind of its symbol in traces; None if its value is always looked at."""
    inner: Callable[[], tuple[Argument, ...] | None] = lambda: None
    """The fields of an input object; None for all other types."""
    group: ArgumentGroup | None = None
    """The parameter that holds it together with others; None if it is a parameter itself."""
    when_absent: Literal["default", "none", "refused"] = "default"
    """What its value is where there is none: Python's default, or None; `refused`: there always is one."""


@dataclass(slots=True)
class ArgumentGroup:
    """A parameter that is made of several arguments."""

    python: str
    make: Callable[..., Any]
