"""The blog that is measured, as a user of the gateway would write it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - read when the schema loads

from puff import graphql
from puff.graphql import Connection, Context, OffsetPaginated, Plan, auto, sql


@dataclass
class Author:
    id: int
    name: str

    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /) -> Plan[list[Post]]:
        return sql(
            "SELECT id, title, author_id FROM post WHERE author_id = ANY($1) ORDER BY id",
            ctx.parents["id"],
        ).on(id="author_id")


@dataclass
class Comment:
    id: int
    body: str

    @classmethod
    @graphql.pure
    def author(cls, ctx: Context, /) -> Plan[Author]:
        return sql("SELECT id, name FROM author WHERE id = ANY($1)", ctx.parents["author_id"]).on(author_id="id")


@dataclass
class Post:
    id: int
    title: str
    author_id: int

    @classmethod
    @graphql.pure
    def author(cls, ctx: Context, /) -> Plan[Author]:
        return sql("SELECT id, name FROM author WHERE id = ANY($1)", ctx.parents["author_id"]).on(author_id="id")

    @classmethod
    @graphql.pure
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql(
            "SELECT id, body, post_id, author_id FROM comment WHERE post_id = ANY($1) ORDER BY id",
            ctx.parents["id"],
        ).on(id="post_id")

    @classmethod
    @graphql.paged(ordering="CommentOrder")
    @graphql.pure
    def comment_page(cls, ctx: Context, /) -> Plan[OffsetPaginated[ListedComment]]:
        return sql(
            "SELECT id, body, likes, created_at, post_id FROM comment WHERE post_id = ANY($1)",
            ctx.parents["id"],
        ).on(id="post_id")


@dataclass
class ListedComment(Comment):
    likes: int
    created_at: datetime


@graphql.filter_type(ListedComment, lookups=True)
class CommentFilter:
    body: auto
    author_name: str


@graphql.order_type(ListedComment)
class CommentOrder:
    likes: auto
    created_at: auto


@dataclass
class Note:
    id: int
    body: str


@dataclass
class Query:
    @classmethod
    @graphql.pure
    def authors(cls, ctx: Context, /, limit: int) -> Plan[list[Author]]:
        return sql("SELECT id, name FROM author ORDER BY id LIMIT $1", limit)

    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, limit: int) -> Plan[list[Post]]:
        return sql("SELECT id, title, author_id FROM post ORDER BY id LIMIT $1", limit)

    @classmethod
    @graphql.paged(filters=CommentFilter, ordering=CommentOrder)
    @graphql.pure
    def comments(cls, ctx: Context, /) -> Plan[Connection[ListedComment]]:
        return sql(
            "SELECT comment.id, body, likes, created_at, author_id, name AS author_name "
            "FROM comment JOIN author ON author.id = author_id"
        )


@dataclass
class Mutation:
    @classmethod
    @graphql.pure
    def add_note(cls, ctx: Context, /, body: str) -> Plan[Note]:
        return sql("INSERT INTO note (body) VALUES ($1) RETURNING id, body", body)


@dataclass
class Schema:
    query: Query
    mutation: Mutation
