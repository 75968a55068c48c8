# python: 3.12
"""Unions are named by their members or by an alias."""

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
    id: int
@dataclass
class Comment:
    id: int

Hit = Post | Comment
type Feed = Post | Comment | None
@dataclass
class Query:
    @classmethod
    def a(cls, ctx: Context, /) -> list[Feed]: ...
    @classmethod
    def b(cls, ctx: Context, /) -> list[Annotated[Comment | Post, graphql.union("Thing", description="Any.")]]: ...
    @classmethod
    def c(cls, ctx: Context, /) -> Hit | None: ...
@dataclass
class Schema:
    query: Query
