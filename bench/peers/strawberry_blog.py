"""Strawberry with asyncpg and a DataLoader for each request, served by uvicorn: `uvicorn strawberry_blog:app`."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import strawberry
from starlette.applications import Starlette
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

pool: asyncpg.Pool


async def authors_by_id(ids: list[int]) -> list[Author]:
    rows = await pool.fetch("SELECT id, name FROM author WHERE id = ANY($1)", ids)
    by_id = {row["id"]: Author(id=row["id"], name=row["name"]) for row in rows}
    return [by_id[key] for key in ids]


async def posts_by_author(ids: list[int]) -> list[list[Post]]:
    rows = await pool.fetch("SELECT id, title, author_id FROM post WHERE author_id = ANY($1) ORDER BY id", ids)
    groups: defaultdict[int, list[Post]] = defaultdict(list)
    for row in rows:
        groups[row["author_id"]].append(Post(id=row["id"], title=row["title"], author_id=row["author_id"]))
    return [groups[key] for key in ids]


async def comments_by_post(ids: list[int]) -> list[list[Comment]]:
    rows = await pool.fetch("SELECT id, body, post_id, author_id FROM comment WHERE post_id = ANY($1) ORDER BY id", ids)
    groups: defaultdict[int, list[Comment]] = defaultdict(list)
    for row in rows:
        groups[row["post_id"]].append(Comment(id=row["id"], body=row["body"], author_id=row["author_id"]))
    return [groups[key] for key in ids]


@strawberry.type
class Author:
    id: int
    name: str

    @strawberry.field
    async def posts(self, info: strawberry.Info) -> list[Post]:
        return await info.context["posts_by_author"].load(self.id)


@strawberry.type
class Comment:
    id: int
    body: str
    author_id: strawberry.Private[int]

    @strawberry.field
    async def author(self, info: strawberry.Info) -> Author:
        return await info.context["authors_by_id"].load(self.author_id)


@strawberry.type
class Post:
    id: int
    title: str
    author_id: int

    @strawberry.field
    async def author(self, info: strawberry.Info) -> Author:
        return await info.context["authors_by_id"].load(self.author_id)

    @strawberry.field
    async def comments(self, info: strawberry.Info) -> list[Comment]:
        return await info.context["comments_by_post"].load(self.id)


@strawberry.type
class Note:
    id: int
    body: str


@strawberry.type
class Query:
    @strawberry.field
    async def authors(self, limit: int) -> list[Author]:
        rows = await pool.fetch("SELECT id, name FROM author ORDER BY id LIMIT $1", limit)
        return [Author(id=row["id"], name=row["name"]) for row in rows]

    @strawberry.field
    async def posts(self, limit: int) -> list[Post]:
        rows = await pool.fetch("SELECT id, title, author_id FROM post ORDER BY id LIMIT $1", limit)
        return [Post(id=row["id"], title=row["title"], author_id=row["author_id"]) for row in rows]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add_note(self, body: str) -> Note:
        row = await pool.fetchrow("INSERT INTO note (body) VALUES ($1) RETURNING id, body", body)
        return Note(id=row["id"], body=row["body"])


class Blog(GraphQL):
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {
            "authors_by_id": DataLoader(load_fn=authors_by_id),
            "posts_by_author": DataLoader(load_fn=posts_by_author),
            "comments_by_post": DataLoader(load_fn=comments_by_post),
        }


@asynccontextmanager
async def lifespan(_: Starlette):  # noqa: ANN201 - a generator that only Starlette calls
    global pool  # noqa: PLW0603 - made once the event loop runs
    connections = int(os.environ["BENCH_CONNECTIONS"])
    pool = await asyncpg.create_pool(os.environ["BENCH_DATABASE"], min_size=connections, max_size=connections)
    yield
    await pool.close()


caches = [ParserCache(maxsize=100), ValidationCache(maxsize=100)]
schema = strawberry.Schema(query=Query, mutation=Mutation, extensions=caches)
app = Starlette(lifespan=lifespan)
app.add_route("/graphql", Blog(schema, graphql_ide=None))
