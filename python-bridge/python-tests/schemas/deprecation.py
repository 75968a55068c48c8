# python: 3.13
"""Fields are deprecated by a decorator, by Annotated and by Python's own mark."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

import warnings
@dataclass
class Query:
    @classmethod
    @graphql.deprecated("use b")
    def a(cls, ctx: Context, /) -> int: ...
    @graphql.field(name="bee", description="The second.", deprecation="use c")
    @staticmethod
    def b(ctx: Context, /) -> int: ...
    @classmethod
    @warnings.deprecated("use d")
    def c(cls, ctx: Context, /) -> int: ...
@dataclass
class Schema:
    query: Query
