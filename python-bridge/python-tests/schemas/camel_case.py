"""Camel_case renames fields, arguments and inputs' fields, and not types or enums."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

class Some_Color(enum.Enum):
    DARK_RED = 1
@dataclass
class User_Input:
    first_name: str
    favorite_color: Some_Color = Some_Color.DARK_RED
@dataclass
class User:
    created_at: datetime.datetime
    field_1: int
    def full_name(self, with_title: bool = False) -> str: ...
@dataclass
class Query:
    @classmethod
    def find_users(cls, ctx: Context, /, like_this: User_Input) -> list[User]: ...
@dataclass
class Schema:
    query: Query
