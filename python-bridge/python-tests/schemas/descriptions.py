"""Docstrings, texts in Annotated and texts below attributes describe; a dataclass's signature does not."""

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
class Post:
    """Something written.

    Of any length.
    """
    id: Annotated[int, "Unique."]
    title: str
    """As it is shown."""

    def words(self) -> int:
        """How many words it has."""
        return 0

    @property
    def shout(self) -> str:
        """In capitals."""
        return self.title.upper()

@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> Post: ...

@dataclass
class Schema:
    query: Query
