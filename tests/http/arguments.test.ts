/** What a resolver is given: one of several fields, arguments that fields share, those of the field above, its place. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const schema = `
from dataclasses import dataclass, field
from typing import Annotated
from puff import graphql
from puff.graphql import Connection, Context, Plan, sql

called: list[str] = []

@graphql.one_of
@dataclass
class PostBy:
    id: int | None
    title: str | None = None

@dataclass
class Window:
    limit: int = 2
    after_id: Annotated[int | None, "Of the last one seen"] = None
    words: list[str] = field(default_factory=list)

@dataclass
class Post:
    id: int
    title: str

    @classmethod
    def place(cls, ctx: Context, /) -> list[str]:
        return [ctx.field_name, *ctx.path]

    def own_place(self, ctx: Context, /, status: Annotated[str | None, graphql.parent_argument]) -> str:
        return f"{self.id} {status} {ctx.field_name} {'.'.join(ctx.path)}"

@dataclass
class PostPage:
    @classmethod
    @graphql.pure
    def total(cls, ctx: Context, /, status: Annotated[str | None, graphql.parent_argument]) -> Plan[int]:
        called.append("total")
        where = "WHERE status = $1" if status is not None else "WHERE $1::text IS NULL"
        return sql(f"SELECT count(*)::int AS total FROM post {where}", status)

    @classmethod
    def posts(
        cls, ctx: Context, /, limit: int, wanted: Annotated[str, graphql.parent_argument, graphql.field(name="status")] = "none"
    ) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post WHERE status = $1 ORDER BY id LIMIT $2", wanted, limit)

@dataclass
class Query:
    @classmethod
    @graphql.pure
    def post(cls, ctx: Context, /, by: PostBy) -> Plan[Post | None]:
        if by.id is not None:
            return sql("SELECT id, title FROM post WHERE id = $1", by.id)
        return sql("SELECT id, title FROM post WHERE title = $1", by.title)

    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, window: Annotated[Window, graphql.arguments], status: str | None = None) -> Plan[list[Post]]:
        return sql(
            "SELECT id, title FROM post WHERE id > $1 AND (title = ANY($2) OR $3) AND ($4::text IS NULL OR status = $4) "
            "ORDER BY id LIMIT $5",
            window.after_id if window.after_id is not None else 0, window.words, not window.words, status, window.limit,
        )

    @classmethod
    def titles(cls, ctx: Context, /, window: Annotated[Window, graphql.arguments]) -> list[str]:
        return [repr(window)]

    @classmethod
    def page(cls, ctx: Context, /, status: str | None = None) -> PostPage:
        return PostPage()

    @classmethod
    @graphql.pure
    def bare_page(cls, ctx: Context, /) -> Plan[PostPage]:
        return sql("SELECT 1 AS one")

    @classmethod
    @graphql.paged(key="id")
    @graphql.pure
    def feed(cls, ctx: Context, /, status: str) -> Plan[Connection[Post]]:
        return sql("SELECT id, title FROM post WHERE status = $1", status)

    @classmethod
    def written(cls, ctx: Context, /, status: str) -> list[Post]:
        return [Post(7, "written")]

    @classmethod
    @graphql.pure
    def traced_place(cls, ctx: Context, /) -> Plan[str]:
        return sql("SELECT $1::text AS place", ".".join(ctx.path))

    @classmethod
    def calls(cls, ctx: Context, /) -> list[str]:
        return called

@dataclass
class Schema:
    query: Query
`;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-arguments-")));
writeFileSync(join(folder, "schema.py"), schema);
const database = await createTestDatabase();
const rows = await openTestDatabase(database.url);
await rows.run(`CREATE TABLE post (id int PRIMARY KEY, title text, status text);
  INSERT INTO post SELECT n, 'title ' || n, CASE WHEN n % 3 = 0 THEN 'old' ELSE 'new' END FROM generate_series(1, 6) n;`);
await rows.close();
const server = await startServer({
  schemas: [{ spec: join(folder, "schema.py") }],
  databases: [{ name: "default", url: database.url }],
  cacheFolder: sharedCache,
  environment: {},
  port: 0,
});
afterAll(async () => {
  await server.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

async function answer(query: string, variables?: { readonly [name: string]: unknown }): Promise<unknown> {
  const { body } = await ask(server, { body: { query, variables } });
  return JSON.parse(body);
}

const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));

describe("an input of one field", () => {
  test.each([
    [{ id: 3 }, { id: 3 }],
    [{ title: "title 2" }, { id: 2 }],
    [{ title: "none" }, null],
  ])("%j", async (by, post) => {
    const query = "query ($by: PostBy!) { post(by: $by) { id } }";
    expect(await answer(query, { by })).toEqual({ data: { post } });
    expect(await answer(query, { by })).toEqual({ data: { post } });
  });

  test.each([{}, { id: 1, title: "title 1" }, { id: null }])("not %j", async (by) => {
    const { errors } = (await answer("query ($by: PostBy!) { post(by: $by) { id } }", { by })) as { errors: unknown };
    expect(errors).toMatchObject([{ message: expect.stringContaining("PostBy") }]);
  });
});

describe("arguments that several fields share", () => {
  test.each([
    ["", ids(1, 2)],
    ["(limit: 3, after_id: 2)", ids(3, 4, 5)],
    ['(words: ["title 4"], status: "new")', ids(4)],
    ['(status: "old", limit: 1)', ids(3)],
  ])("%s", async (args, posts) => {
    expect(await answer(`{ posts${args} { id } }`)).toEqual({ data: { posts } });
  });

  test("make an instance of their dataclass", async () => {
    expect(await answer("{ titles a: titles(limit: 9, after_id: null) }")).toEqual({
      data: {
        titles: ["Window(limit=2, after_id=None, words=[])"],
        a: ["Window(limit=9, after_id=None, words=[])"],
      },
    });
  });
});

describe("arguments of the field above", () => {
  test("are given beside the field's own, by value and as symbols", async () => {
    const query = "query ($status: String) { page(status: $status) { total posts(limit: 2) { id own_place } } }";
    const expected = (total: number, ...its: number[]) => ({
      data: {
        page: { total, posts: its.map((id) => ({ id, own_place: `${id} None own_place page.posts.own_place` })) },
      },
    });
    expect(await answer(query, { status: "new" })).toEqual(expected(4, 1, 2));
    expect(await answer(query, { status: "old" })).toEqual(expected(2, 3, 6));
    expect(await answer("{ calls }")).toEqual({ data: { calls: ["total"] } });
  });

  test("are the defaults where the field above has none", async () => {
    expect(
      await answer("{ bare_page { total posts(limit: 1) { id } } page { total posts(limit: 1) { id } } }"),
    ).toEqual({
      data: { bare_page: { total: 6, posts: [] }, page: { total: 6, posts: [] } },
    });
  });

  test("are those of the page's field for what a page consists of", async () => {
    const query = `{ feed(status: "old", first: 1) { nodes { own_place } edges { node { own_place } } } }`;
    expect(await answer(query)).toEqual({
      data: {
        feed: {
          nodes: [{ own_place: "3 old own_place feed.nodes.own_place" }],
          edges: [{ node: { own_place: "3 old own_place feed.edges.node.own_place" } }],
        },
      },
    });
  });

  test("are given to methods of what a resolver returned", async () => {
    expect(await answer(`{ a: written(status: "x") { own_place } }`)).toEqual({
      data: { a: [{ own_place: "7 x own_place a.own_place" }] },
    });
  });
});

test("a resolver knows its field and where it stands", async () => {
  const query = "{ a: posts(limit: 1) { b: place } page { posts(limit: 1) { place } } }";
  expect(await answer(query)).toMatchObject({ data: { a: [{ b: ["place", "a", "b"] }] } });
  expect(await answer("{ a: traced_place b: traced_place }")).toEqual({ data: { a: "a", b: "b" } });
  expect(await answer("{ c: traced_place }")).toEqual({ data: { c: "c" } });
});
