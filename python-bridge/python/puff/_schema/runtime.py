"""A schema as resolving needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from puff._plans.plan import Plan
    from puff._schema.guard import Guard
    from puff._types.argument import Argument
    from puff._types.markers import FieldOptions
    from puff._types.refs import TypeRef


@dataclass(slots=True)
class Column:
    """A field that is a column or an attribute."""

    name: str
    python: str
    type: TypeRef
    options: FieldOptions | None = None


@dataclass(slots=True)
class Handles:
    """How a mutation of the author's own tells what Django refuses."""

    has_info: bool
    """Whether its type has `OperationInfo`."""
    shown: type | None
    """The other member of that union."""


@dataclass(slots=True)
class Resolver:
    """A field that is called for."""

    name: str
    """`Type.field`, GraphQL's."""
    function: Callable[..., Any]
    """Bound to its class; an instance method is not bound."""
    is_method: bool
    context: int
    """How many positional-only parameters it takes: the context, or Puff's (parents, context)."""
    arguments: tuple[Argument, ...]
    type: TypeRef
    cls: type
    is_subscription: bool
    plan: Plan[Any] | None = None
    """The plan that decorates it: then it is never called."""
    place: str | None = None
    is_collection: bool = False
    item: TypeRef | None = None
    """Of a collection: its items, which its plan's rows are."""
    options: FieldOptions | None = None
    """Who may have it."""
    told: Sequence[str] = ()
    """Of a collection: columns that its aggregates, its groups and the cursors of its order tell of."""
    handles: Handles | None = None
    """Of a mutation that has what Django refuses told."""
    writes: bool = False
    """Whether it writes objects of a model, and answers with what the caller may see."""


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
    guards: dict[str, Guard]
    """By the named types of which a caller sees some rows alone: what sees to that."""
