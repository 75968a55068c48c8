"""What is not a field stays out: private names, constants, class variables, nested classes."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

@dataclass
class Post:
    LIMIT = 20
    registry: ClassVar[dict] = {}
    id: int
    _secret: int = 0
    class Meta:
        ordering = 1
    def _helper(self): ...
    @classmethod
    def _make(cls, row): ...
    def __str__(self): return "post"

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> Post: ...

@dataclass
class Schema:
    query: Query
