"""Dataclasses that inherit from an interface implement it, and are part of the schema."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

@graphql.interface
@dataclass
class Node:
    """Has an id."""
    id: ID

@graphql.interface
@dataclass(slots=True)
class Named(Node):
    name: str
    @classmethod
    def friends(cls, ctx: Context, /) -> Plan[list["Named"]]: ...

@dataclass(slots=True)
class User(Named):
    age: int

@dataclass
class Robot(Named):
    name: str = "R2"

@dataclass
class Post(Node):
    title: str

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> Node | None: ...

@dataclass
class Schema:
    query: Query
