"""Resolvers are inherited from mixins, and overridden."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

class Timestamps:
    @classmethod
    def age(cls, ctx: Context, /) -> int: ...
    @classmethod
    def size(cls, ctx: Context, /) -> int: ...
@dataclass
class Post(Timestamps):
    id: int
    @classmethod
    def size(cls, ctx: Context, /) -> float: ...

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> Post: ...

@dataclass
class Schema:
    query: Query
