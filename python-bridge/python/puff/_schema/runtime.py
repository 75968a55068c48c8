"""A schema as resolving needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from puff._schema.members import Column, Resolver


@dataclass(slots=True)
class RuntimeType:
    """An object or interface as resolving needs it."""

    name: str
    cls: type
    columns: dict[str, Column]
    """By attribute."""
    resolvers: dict[str, Resolver]
    """By GraphQL name."""


@dataclass(slots=True)
class RuntimeSchema:
    """A schema as resolving needs it."""

    types: dict[str, RuntimeType]
    names: dict[type, str]
    """GraphQL names of objects' classes."""
    resolvers: dict[str, Resolver]
    """By `Type.field`."""
    auth: Callable[[Any], Any] | None
