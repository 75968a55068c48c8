"""A schema for `client_cases.py`."""

from __future__ import annotations

from collections.abc import Iterator  # noqa: TC003  # the schema reads it
from contextvars import ContextVar
from dataclasses import dataclass

from puff.graphql import Context, Plan, sql

mood: ContextVar[str] = ContextVar("mood", default="none")


@dataclass
class Tag:
    name: str


@dataclass
class Item:
    id: int
    name: str

    @classmethod
    def tags(cls, ctx: Context, /) -> Plan[list[Tag]]:
        return sql("SELECT name, item_id FROM tag WHERE item_id = ANY($1)", ctx.parents["id"]).on(id="item_id")

    @classmethod
    def shouted(cls, ctx: Context, /) -> list[str]:
        rows = [(id_, name.upper()) for id_, name in ctx.parent_values(["id", "name"])]
        return ..., [name for _, name in rows], ["id"], ["id"]

    def length(self) -> int:
        return len(self.name)


@dataclass
class Query:
    @classmethod
    def items(cls, ctx: Context, /, after: int = 0) -> Plan[list[Item]]:
        return sql("SELECT id, name FROM item WHERE id > $1 ORDER BY id", after)

    @classmethod
    def broken(cls, ctx: Context, /) -> Plan[int | None]:
        return sql("SELECT 1 / 0 AS broken")

    @classmethod
    def mood(cls, ctx: Context, /) -> str:
        return f"{mood.get()} {ctx.auth} {ctx.auth_token}"


@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /, name: str) -> Plan[Item]:
        return sql("INSERT INTO item (name) VALUES ($1) RETURNING id, name", name)

    @classmethod
    def add_broken(cls, ctx: Context, /) -> Plan[Item | None]:
        return sql("INSERT INTO item (name) VALUES (NULL) RETURNING id, name")


@dataclass
class Subscription:
    @classmethod
    def seconds(cls, ctx: Context, /) -> Iterator[int]:
        yield 1


@dataclass
class Schema:
    query: Query
    mutation: Mutation
    subscription: Subscription

    @staticmethod
    def auth(headers: dict[str, str]) -> str:
        return headers.get("x-user", "nobody")
