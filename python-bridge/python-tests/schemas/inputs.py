"""Dataclasses used as arguments are inputs, with defaults and nested."""

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
    RED = "r"

@dataclass
class Range:
    low: int = 0
    high: int | None = None

@dataclass
class Filter:
    """Which ones."""
    text: str
    colors: list[Color] = field(default_factory=list)
    color: Color = Color.RED
    range: Range = field(default_factory=Range)
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    sub: "Filter | None" = None
    _secret: int = 3


@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /, filter: Filter, filters: list[Filter] | None = None, range: Range = Range(1, 2)) -> int: ...

@dataclass
class Schema:
    query: Query
