"""Types named Subscription and Mutation are not roots unless the schema declares them."""

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
class Subscription:
    plan: str

@dataclass
class Mutation:
    gene: str
    @classmethod
    def mutate(cls, ctx: Context, /) -> Plan[str]: ...

@dataclass
class Query:
    @classmethod
    def paid(cls, ctx: Context, /) -> Plan[list[Subscription]]: ...
    @classmethod
    def genes(cls, ctx: Context, /) -> Plan[list[Mutation]]: ...

@dataclass
class Schema:
    query: Query
    mutation: EmptyObject
