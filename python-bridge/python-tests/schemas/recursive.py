"""Recursive types and names defined later are found, with future annotations and without."""

from __future__ import annotations

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
class Tree:
    left: Tree | None
    children: list[Leaf]
    @classmethod
    def root(cls, ctx: Context, /, like: Pattern | None = None) -> Tree: ...
@dataclass
class Leaf:
    tree: Tree
@dataclass
class Pattern:
    text: str
    date: datetime.date | None = None

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> Tree: ...

@dataclass
class Schema:
    query: Query
