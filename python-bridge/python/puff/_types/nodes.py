"""Objects with global ids."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import MISSING, dataclass
from typing import Any

from puff._types.decorators import interface
from puff._types.markers import ID  # noqa: TC001  # describing the field evaluates its annotation


@interface
@dataclass
class Node:
    """An object with a Globally Unique ID."""

    id: ID
    """The Globally Unique ID of this object."""


class NodeField(dataclasses.Field[Any]):
    """A root field that finds objects by their global ids: an attribute that instances are not given."""

    def __init__(self) -> None:
        doc: dict[str, Any] = {"doc": None} if sys.version_info >= (3, 14) else {}
        super().__init__(
            default=MISSING,
            default_factory=MISSING,  # type: ignore[arg-type]  # as dataclasses.field() gives it
            init=False,
            repr=False,
            hash=False,
            compare=False,
            metadata={},
            kw_only=False,
            **doc,
        )


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
