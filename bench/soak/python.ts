/** What the gateway of the soak serves. */

export const tables = `
DROP TABLE IF EXISTS soak_comment, soak_post, soak_thing;
CREATE TABLE soak_post AS SELECT id, 'post ' || id AS title FROM generate_series(1, 1000) AS id;
CREATE TABLE soak_comment AS SELECT id, id % 1000 AS post_id, 'comment ' || id AS body FROM generate_series(1, 5000) AS id;
CREATE TABLE soak_thing (id serial PRIMARY KEY);
CREATE INDEX ON soak_comment (post_id);
`;

export const schema = `
import json
from dataclasses import dataclass
from puff import graphql
from puff.graphql import Context, Plan, Stream, sql

@dataclass
class Comment:
    id: int
    body: str

@dataclass
class Post:
    id: int
    title: str

    @classmethod
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT id, body, post_id FROM soak_comment WHERE post_id = ANY($1)", ctx.parents["id"]).on(id="post_id")

@dataclass
class Item:
    id: int
    name: str

@dataclass
class Thing:
    id: int

@dataclass
class Query:
    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, limit: int) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM soak_post ORDER BY id LIMIT $1", limit)

    @classmethod
    def items(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql("SELECT i AS id, repeat('x', 100) AS name FROM generate_series(1, 100000) AS i")

    @classmethod
    def slow(cls, ctx: Context, /) -> Plan[list[Thing]]:
        return sql("SELECT 1 AS id FROM pg_sleep(2)")

    @classmethod
    def backend(cls, ctx: Context, /) -> Plan[list[Thing]]:
        return sql("SELECT pg_backend_pid() AS id FROM pg_sleep(0.2)")

    @classmethod
    def computed(cls, ctx: Context, /) -> int:
        return len(json.dumps(list(range(1000)))) // len(json.dumps(list(range(1000))))

    @classmethod
    def fails(cls, ctx: Context, /) -> int:
        raise ValueError("no")

@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /) -> Plan[Thing]:
        return sql("INSERT INTO soak_thing DEFAULT VALUES RETURNING id, pg_notify('soak', '') AS told")

@dataclass
class Subscription:
    @classmethod
    def added(cls, ctx: Context, /) -> Stream[Thing]:
        return graphql.live(sql("SELECT max(id) AS id FROM soak_thing"), on_notify="soak")

@dataclass
class Schema:
    query: Query
    mutation: Mutation
    subscription: Subscription
`;

export const application = `
import time
import psycopg2

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/slow":
        time.sleep(5)
    if path == "/die":
        while True:
            try:
                sum(range(10**10))
            except BaseException:
                pass
    size = 0
    while data := environ["wsgi.input"].read(65536):
        size += len(data)
    with psycopg2.connect("") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM soak_post")
        size += cursor.fetchone()[0]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(size).encode()]
`;
