"""Puff's own example."""

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
class DbObject:
    count: int
    parent_id: int
@dataclass
class SomeInputObject:
    some_count: int
    some_string: str
@dataclass
class SomeObject:
    field1: int
    def example_self(self, ctx, /) -> str: ...
    @classmethod
    def hello_world2(cls, ctx, /, my_input: Optional[int] = None) -> "SomeObject": ...
    @staticmethod
    def hello_world_query(ctx, /, my_input: Optional[int] = None) -> tuple[list[DbObject], str, list[Any], list[str], list[str]]: ...
@dataclass
class Query:
    @classmethod
    def hello_world(cls, parents, context, /, my_input: List[SomeInputObject]) -> Tuple[List[SomeObject], List[SomeObject]]: ...
@dataclass
class Subscription:
    @classmethod
    def read_some_objects(cls, context, /, num: Optional[int] = None) -> Iterable[SomeObject]: ...
@dataclass
class Schema:
    query: Query
    mutation: EmptyObject
    subscription: Subscription
