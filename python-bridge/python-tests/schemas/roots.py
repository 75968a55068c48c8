"""The three root types have their names whatever their classes are called."""

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
class Event:
    id: int
@dataclass
class Q:
    @staticmethod
    def q(ctx, /) -> "Q | None": ...
@dataclass
class M:
    @classmethod
    def m(cls, ctx, /) -> bool: ...
@dataclass
class S:
    @classmethod
    def s(cls, ctx, /, num: Optional[int] = None) -> Iterable[Event]: ...
    @classmethod
    async def t(cls, ctx, /) -> AsyncIterable[list[int]]: ...
@dataclass
class Schema:
    query: Q
    mutation: M
    subscription: S
