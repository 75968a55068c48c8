"""Scalars of one's own are named, and carry their specification."""

import datetime
import decimal
import enum
import uuid
from collections.abc import AsyncIterable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, List, Literal, Optional, Tuple

from puff import graphql
from puff.graphql import ID, Context, EmptyObject, Plan

Email = Annotated[str, graphql.scalar("Email", description="An address.", specified_by="https://example.com/email")]
Cents = graphql.scalar("Cents", based_on=int)
@dataclass
class User:
    email: Email
    other: Annotated[Email | None, "Second."]
    money: Cents
    debt: Optional[Cents]
    gifts: list[Cents] | None

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> User: ...

@dataclass
class Schema:
    query: Query
