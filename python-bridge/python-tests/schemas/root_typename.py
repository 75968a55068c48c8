"""A root has its operation's name or its own __typename__, and a type Query need not be one."""

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
class Query:
    text: str

@dataclass
class Root:
    __typename__: ClassVar[str] = "Start"
    @classmethod
    def queries(cls, ctx: Context, /) -> Plan[list[Query]]: ...

@dataclass
class Stream:
    __typename__: ClassVar[str] = "Events"
    @classmethod
    def ticks(cls, ctx: Context, /) -> Iterator[int]: ...

@dataclass
class Schema:
    query: Root
    subscription: Stream
