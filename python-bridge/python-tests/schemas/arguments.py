"""Arguments that fields share, inputs of one field, and arguments of the field above, which clients don't see."""

from dataclasses import dataclass
from typing import Annotated

from puff import graphql
from puff.graphql import Connection, Context, Plan, sql

@graphql.one_of
@dataclass
class PostBy:
    """One way to a post."""
    id: int | None
    slug: Annotated[str | None, "Its place"] = None

@dataclass
class Window:
    limit: int = 20
    after: int | None = None

@dataclass
class Post:
    id: int

    @classmethod
    def rank(cls, ctx: Context, /, since: Annotated[int, graphql.parent_argument], by: str = "id") -> Plan[int]: ...

@dataclass
class Query:
    @classmethod
    def post(cls, ctx: Context, /, by: PostBy, since: int) -> Plan[Post]: ...

    @classmethod
    def posts(cls, ctx: Context, /, window: Annotated[Window, graphql.arguments], since: int) -> Plan[list[Post]]: ...

    @classmethod
    def ids(cls, ctx: Context, /, tag: str, window: Annotated[Window, graphql.arguments]) -> list[int]: ...

@dataclass
class Schema:
    query: Query
