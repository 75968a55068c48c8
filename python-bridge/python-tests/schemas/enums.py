"""Enums have their members' names, Literals their texts."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

class Color(enum.Enum):
    """Of the rainbow."""
    RED = "r"
    """Like fire."""
    BLUE = "b"

class Level(enum.IntEnum):
    LOW = 1

Order = Literal["asc", "desc"]
@dataclass
class Lamp:
    color: Color
    level: Level | None
    state: Literal["on", "off", None]
    order: Order
    orders: list[Order]
    shape: Annotated[Literal["round"], graphql.enum("Shape", description="Of the lamp.")]

    def dim(self, by: Literal["little", "much"] = "little", color: Color = Color.RED) -> bool: ...

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> list[Lamp]: ...

@dataclass
class Schema:
    query: Query
