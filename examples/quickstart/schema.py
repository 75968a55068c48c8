"""A blog in one file: Python says which SQL answers each field, the gateway runs it.

Start it with `npm start`, open http://127.0.0.1:7777/graphql and ask

    { posts(limit: 3) { title status author { name } comments { body author { name } } } }

A resolver is called once for all objects of its level, never once for each: `ctx.parents["id"]` stands for the ids of
all posts at once. So the query above costs one call into Python and one statement, however many posts it returns;
`npx puff-gateway explain '{ posts { title } }'` shows it. `@graphql.pure` says that a plan depends on its arguments
alone: it is kept, and the next query enters Python no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from puff import graphql
from puff.graphql import Context, Plan, Stream, sql


class Status(Enum):
    """Whether readers see a post."""

    DRAFT = "draft"
    PUBLISHED = "published"


@dataclass
class Author:
    """Someone who writes posts and comments."""

    id: int
    name: str
    joined_at: datetime

    @classmethod
    @graphql.paged(order_by="-id")
    @graphql.pure
    def posts(cls, ctx: Context, /) -> Plan[list[Post]]:
        """What the author has written, the newest first; the newest three of each with `pagination: { limit: 3 }`."""
        return sql(
            "SELECT id, title, body, status, published_at, author_id FROM post WHERE author_id = ANY($1)",
            ctx.parents["id"],
        ).on(id="author_id")


@dataclass
class Comment:
    """What a reader says of a post."""

    id: int
    body: str
    written_at: datetime

    @classmethod
    @graphql.pure
    def author(cls, ctx: Context, /) -> Plan[Author]:
        """Who wrote it."""
        return author_of(ctx)


@dataclass
class Post:
    """One article of the blog."""

    id: int
    title: str
    body: str
    status: Status
    published_at: datetime | None

    @classmethod
    @graphql.pure
    def author(cls, ctx: Context, /) -> Plan[Author]:
        """Who wrote it."""
        return author_of(ctx)

    @classmethod
    @graphql.pure
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        """What readers say, the oldest first."""
        return sql(
            "SELECT id, body, written_at, author_id, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id",
            ctx.parents["id"],
        ).on(id="post_id")


def author_of(ctx: Context) -> Plan[Author]:
    """The author of posts or of comments: both have the column `author_id`."""
    return sql(
        "SELECT id, name, joined_at FROM author WHERE id = ANY($1)",
        ctx.parents["author_id"],
    ).on(author_id="id")


@dataclass
class Query:
    """Everything that can be asked for."""

    @classmethod
    @graphql.pure
    def posts(
        cls,
        ctx: Context,
        /,
        status: Status | None = None,
        search: str | None = None,
        after: int = 0,
        limit: int = 20,
    ) -> Plan[list[Post]]:
        """Posts in the order of their ids: give the last id as `after` for the next page."""
        return sql(
            """
            SELECT id, title, body, status, published_at, author_id
            FROM post
            WHERE id > $1
              AND ($2::text IS NULL OR status = $2)
              AND ($3::text IS NULL OR title ILIKE '%' || $3 || '%')
            ORDER BY id LIMIT $4
            """,
            after,
            None if status is None else status.value,
            search,
            limit,
        )

    @classmethod
    @graphql.pure
    def post(cls, ctx: Context, /, id: int) -> Plan[Post | None]:
        """One post, or null."""
        return sql("SELECT id, title, body, status, published_at, author_id FROM post WHERE id = $1", id)

    @classmethod
    @graphql.pure
    def authors(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Author]]:
        """Authors in the order of their names."""
        return sql("SELECT id, name, joined_at FROM author ORDER BY name, id LIMIT $1", limit)

    @classmethod
    def hello(cls, ctx: Context, /, name: str = "world") -> str:
        """A resolver may return a plain value as well."""
        return f"Hello, {name}!"


@dataclass
class Mutation:
    """Everything that can be changed. Each field is a transaction."""

    @classmethod
    def add_comment(cls, ctx: Context, /, post_id: int, author_id: int, body: str) -> Plan[Comment]:
        """Adds a comment to a post."""
        return sql(
            """
            INSERT INTO comment (post_id, author_id, body) VALUES ($1, $2, $3)
            RETURNING id, body, written_at, author_id
            """,
            post_id,
            author_id,
            body,
        )

    @classmethod
    def publish_post(cls, ctx: Context, /, id: int) -> Plan[Post | None]:
        """Shows a draft to readers."""
        return sql(
            """
            UPDATE post SET status = 'published', published_at = coalesce(published_at, now())
            WHERE id = $1 RETURNING id, title, body, status, published_at, author_id
            """,
            id,
        )


@dataclass
class Subscription:
    """What clients are told of. Python is called when they subscribe, and not at the events."""

    @classmethod
    def comment_added(cls, ctx: Context, /, post_id: int | None = None) -> Stream[Comment]:
        """Each new comment, of one post or of all. An event for which there is no row is not sent."""
        plan = sql(
            """
            SELECT id, body, written_at, author_id FROM comment
            WHERE id = $1 AND ($2::int IS NULL OR post_id = $2)
            """,
            ctx.event,
            post_id,
        )
        return graphql.on_notify("comment", plan)


@dataclass
class Schema:
    """What the gateway serves: `puff-gateway --schema schema.py` looks for this name."""

    query: Query
    mutation: Mutation
    subscription: Subscription
