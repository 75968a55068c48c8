"""Objects with global ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from puff._types.attributes import DescribedField
from puff._types.decorators import interface
from puff._types.markers import ID  # noqa: TC001  # describing the field evaluates its annotation


@interface
@dataclass
class Node:
    """An object with a Globally Unique ID."""

    id: ID
    """The Globally Unique ID of this object."""


class NodeField(DescribedField):
    """A root field that finds objects by their global ids."""


def node() -> Any:
    """Makes an attribute of the query find objects by their global ids: one, or a list in the order of its ids.

    The objects are of the types that inherit from `Node` and are decorated with `django_type`. The gateway fetches them
    without Python.

    Returns:
        A default for the attribute.

    Example:
        >>> @dataclass
        ... class Query:
        ...     node: Node | None = node()
        ...     nodes: list[Node] = node()
    """
    return NodeField()
