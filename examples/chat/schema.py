"""A chat in one room: messages, who is here and who is typing, over subscriptions.

Python is called when a page subscribes, and not at the events: what a resolver returns says which statement answers
them. All pages subscribe with the same parameters, so an event costs one statement however many are open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from puff import graphql, pubsub
from puff.graphql import Context, Plan, Stream, sql


@dataclass
class Message:
    """What someone said."""

    id: int
    author: str
    body: str
    sent_at: datetime


@dataclass
class Query:
    """What can be asked for without a subscription."""

    @classmethod
    @graphql.pure
    def messages(cls, ctx: Context, /) -> Plan[list[Message]]:
        """The newest messages, in their order."""
        return newest_messages()


def newest_messages() -> Plan[list[Message]]:
    return sql(
        """
        SELECT id, author, body, sent_at
        FROM (SELECT id, author, body, sent_at FROM message ORDER BY id DESC LIMIT 50) AS newest
        ORDER BY id
        """
    )


@dataclass
class Mutation:
    """What a page does. Each field is a transaction."""

    @classmethod
    def here(cls, ctx: Context, /, name: str, visitor: UUID | None = None) -> Plan[UUID]:
        """Enters the room, or stays in it: a page says so every 30 s. After 2 silent minutes, a guest has left."""
        return sql(
            """
            WITH gone AS (
              DELETE FROM visitor WHERE seen_at < now() - interval '2 minutes' AND id IS DISTINCT FROM $1
            )
            INSERT INTO visitor (id, name) VALUES (coalesce($1, gen_random_uuid()), $2)
            ON CONFLICT (id) DO UPDATE SET seen_at = now()
            RETURNING id
            """,
            visitor,
            check(name, "name", 40),
        )

    @classmethod
    def leave(cls, ctx: Context, /, visitor: UUID) -> Plan[UUID | None]:
        """Leaves the room: a page that is closed says so."""
        return sql("DELETE FROM visitor WHERE id = $1 RETURNING id", visitor)

    @classmethod
    def say(cls, ctx: Context, /, visitor: UUID, body: str) -> Plan[Message | None]:
        """Says something to all; null for a visitor who has left."""
        return sql(
            """
            INSERT INTO message (author, body) SELECT name, $2 FROM visitor WHERE id = $1
            RETURNING id, author, body, sent_at
            """,
            visitor,
            check(body, "message", 2_000),
        )

    @classmethod
    def type(cls, ctx: Context, /, visitor: UUID) -> bool:
        """Says that a visitor is typing. Nothing of it is kept, so it is published, and not written anywhere.

        With several processes or nodes, `--redis-url` brings it to all of them.
        """
        return pubsub.publish_json("typing", {"visitor": str(visitor)})


def check(text: str, what: str, limit: int) -> str:
    """The text without the spaces around it, or an error that the page shows."""
    text = text.strip()
    if not 1 <= len(text) <= limit:
        raise graphql.Error(f"A {what} has 1 to {limit} characters.")
    return text


@dataclass
class Subscription:
    """What a page is told of."""

    @classmethod
    def messages(cls, ctx: Context, /) -> Stream[list[Message]]:
        """The newest messages, at once and whenever there is another: who was cut off misses none."""
        return graphql.live(newest_messages(), on_notify="message")

    @classmethod
    def people(cls, ctx: Context, /) -> Stream[list[str]]:
        """The names of those who are here, at once and whenever one comes or goes."""
        return graphql.live(sql("SELECT DISTINCT name FROM visitor ORDER BY name"), on_notify="visitor")

    @classmethod
    def typing(cls, ctx: Context, /) -> Stream[str]:
        """The name of who is typing. For an id that is not a visitor's there is no row, and nothing is sent."""
        return graphql.on("typing", sql("SELECT name FROM visitor WHERE id = $1", ctx.event["visitor"]), latest=True)


@dataclass
class Schema:
    """What the gateway serves."""

    query: Query
    mutation: Mutation
    subscription: Subscription
