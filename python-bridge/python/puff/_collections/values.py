"""What stands in a fragment for the value that a client gives."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from puff._parameters.parameters import to_parameter
from puff._symbols.value import Path, Symbol

if TYPE_CHECKING:
    from puff._types.refs import TypeRef


@dataclass(frozen=True)
class Kind:
    """How a value is typed as a parameter."""

    scalar: str
    """A ScalarKind."""
    members: dict[str, Any] | None = None
    """Of an enum: what the database holds for each of its names."""
    dimensions: int = 0

    def many(self) -> Kind:
        """Gives the kind of a list of such values."""
        return Kind(self.scalar, self.members, self.dimensions + 1)

    def symbol(self, path: str = "value", needed: dict[Path, None] | None = None) -> Symbol:
        """Gives what stands for the value in a query.

        Args:
            path: The value, or a part of it.
            needed: Where it notes that its value was asked for.
        """
        parameter: dict[str, Any] = {"argument": path, "as": self.scalar + "[]" * self.dimensions}
        if self.members is not None:
            parameter["members"] = self.members
        return Symbol(parameter, path, {} if needed is None else needed)


def kind_of(ref: TypeRef, *, of_model: bool) -> Kind | None:
    """Gives the kind of an input's values.

    Args:
        ref: Its type.
        of_model: Whether they are compared with what Django keeps: of an enum the values, else what a plan's arguments
            are.

    Returns:
        None if Python makes the values, or they have no form in Postgres.
    """
    dimensions = 0
    while ref.item is not None:
        ref, dimensions = ref.item, dimensions + 1
    if ref.kind is None or dimensions > _MAX_DIMENSIONS:
        return None
    members: dict[str, Any] | None = None
    if isinstance(ref.cls, type) and issubclass(ref.cls, enum.Enum):
        every = ref.cls.__members__.items()
        members = {name: to_parameter(member.value if of_model else member) for name, member in every}
    return Kind(ref.kind, members, dimensions)


_MAX_DIMENSIONS = 3
