/** Responses that @graphql.cache keeps: on two gateways with one Postgres, none is ever older than a write that ended. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findTables, writeTriggers } from "../../gateway/cache/triggers.ts";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { type Answer, ask } from "../support/servers/ask.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const schema = `
from dataclasses import dataclass

from puff import graphql
from puff.graphql import Context, PermissionDenied, Plan, sql

@dataclass
class Comment:
    id: int
    body: str

@dataclass
class Post:
    id: int
    title: str

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id", ctx.parents["id"]).on(
            id="post_id"
        )

    @classmethod
    def likes(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT count(*)::int AS n, post_id FROM comment GROUP BY post_id").on(id="post_id")

def counted(text: str) -> Plan[int]:
    return sql(f"SELECT ({text})::int AS n")

@dataclass
class Query:
    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def posts(cls, ctx: Context, /, above: int = 0) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post WHERE id > $1 ORDER BY id", above)

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    @graphql.pure
    def count(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM post")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def comment_count(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM public.comment")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def viewed(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM view_of_view")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def by_function(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count_posts()")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def events(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM event")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def audited(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM audit")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def held(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM post, (SELECT pg_advisory_xact_lock_shared(7)) AS held")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def slow(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT count(*) FROM post, (SELECT pg_sleep(0.2)) AS slow")

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def broken(cls, ctx: Context, /) -> Plan[int | None]:
        return counted("SELECT 1 / (SELECT 0)")

    @classmethod
    @graphql.cache(seconds=600)
    def me(cls, ctx: Context, /) -> Plan[str]:
        return sql("SELECT $1 || clock_timestamp()::text AS name", ctx.auth["name"])

    @classmethod
    @graphql.cache(seconds=600)
    def token(cls, ctx: Context, /) -> str | None:
        return ctx.auth_token

    @classmethod
    @graphql.cache(seconds=600, scope="public")
    def anyone(cls, ctx: Context, /) -> str:
        return f"{ctx.auth} {ctx.auth_token}"

    @classmethod
    @graphql.cache(seconds=0)
    def never(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT (random() * 1000000)::int")

    @classmethod
    def unsaid(cls, ctx: Context, /) -> Plan[int]:
        return counted("SELECT (random() * 1000000)::int")

@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /, title: str = "new") -> Plan[Post]:
        return sql("INSERT INTO post (title) VALUES ($1) RETURNING id, title", title)

    @classmethod
    def fail(cls, ctx: Context, /) -> Plan[int]:
        return sql("WITH added AS (INSERT INTO post (title) VALUES ('x') RETURNING id) SELECT id / 0 AS n FROM added")

    @classmethod
    def remove(cls, ctx: Context, /) -> Plan[list[Post]]:
        return sql("DELETE FROM post WHERE id = (SELECT max(post_id) FROM comment) RETURNING id, title")

    @classmethod
    def by_function(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT add_post() AS n")

    @classmethod
    def happen(cls, ctx: Context, /) -> Plan[int]:
        return sql("INSERT INTO event_2 (at) VALUES (2) RETURNING at AS n")

@dataclass
class Schema:
    query: Query
    mutation: Mutation

    @staticmethod
    def auth(headers: dict[str, str]) -> dict[str, str]:
        if headers.get("x-user") == "stranger":
            raise PermissionDenied(401, "Log in first")
        return {"name": headers.get("x-user", "nobody")}
`;

const tables = `
  CREATE TABLE post (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL);
  CREATE TABLE comment (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL,
    post_id int NOT NULL REFERENCES post ON DELETE CASCADE
  );
  CREATE VIEW view_of_post AS SELECT id FROM post;
  CREATE VIEW view_of_view AS SELECT id FROM view_of_post;
  CREATE FUNCTION count_posts() RETURNS int LANGUAGE sql STABLE AS $$ SELECT count(*)::int FROM post $$;
  CREATE FUNCTION add_post() RETURNS int LANGUAGE sql AS $$ INSERT INTO post (title) VALUES ('f') RETURNING id $$;
  CREATE TABLE event (at int) PARTITION BY LIST (at);
  CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2);
  CREATE TABLE audit (id int GENERATED ALWAYS AS IDENTITY);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO audit DEFAULT VALUES; RETURN NULL; END $$;
  CREATE TRIGGER note AFTER INSERT ON post FOR EACH ROW EXECUTE FUNCTION note();
  INSERT INTO post (title) VALUES ('One'), ('Two');
  INSERT INTO comment (body, post_id) SELECT 'a', id FROM post;
`;

let folder: string;
let database: TestDatabase;
let admin: PostgresDatabase;
let server: RunningServer;
let other: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-response-cache-"));
  await writeFile(join(folder, "schema.py"), schema);
  database = await createTestDatabase();
  admin = await openTestDatabase(database.url);
  await admin.run(tables);
  server = await start();
  other = await start();
});

afterAll(async () => {
  await server.close();
  await other.close();
  await admin.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

function start(): Promise<RunningServer> {
  return startServer({
    schemas: [{ spec: join(folder, "schema.py") }],
    databases: [{ name: "default", url: database.url }],
    metrics: true,
    cacheFolder: sharedCache,
    port: 0,
    signals: false,
    logger: pino({ level: "silent" }),
  });
}

const post = (query: string, headers: { readonly [name: string]: string } = {}, on = server): Promise<Answer> =>
  ask(on, { body: { query }, headers });
const get = (query: string, headers: { readonly [name: string]: string } = {}): Promise<Answer> =>
  ask(server, { url: `/graphql?${new URLSearchParams({ query })}`, headers });

async function dataOf(query: string, on = server): Promise<unknown> {
  const { data, errors } = JSON.parse((await post(query, {}, on)).body);
  expect(errors).toBeUndefined();
  return data;
}

async function countsOf(on = server): Promise<{ readonly [outcome: string]: number }> {
  const { body } = await ask(on, { url: "/metrics" });
  const found = body.matchAll(/^puff_response_cache_total\{.*outcome="(\w+)".*\} (\d+)$/gm);
  return Object.fromEntries([...found].map(([, outcome = "", count]) => [outcome, Number(count)]));
}

/** What is counted while something runs. */
async function counted(run: () => Promise<unknown>, on = server): Promise<{ readonly [outcome: string]: number }> {
  const before = await countsOf(on);
  await run();
  const after = Object.entries(await countsOf(on)).map(([outcome, count]) => [outcome, count - (before[outcome] ?? 0)]);
  return Object.fromEntries(after.filter(([, count]) => count !== 0));
}

/** Has its response kept, and proves that. */
async function keep(query: string, on = server): Promise<unknown> {
  await dataOf(query, on);
  let data: unknown;
  expect(await counted(async () => (data = await dataOf(query, on)), on)).toEqual({ hit: 1 });
  return data;
}

const number = (data: unknown) => Object.values(data as object)[0] as number;

test("a response is kept byte for byte, for its variables and operation alone", async () => {
  const query = "{ posts { id title comments { body } } }";
  await dataOf(query);
  const first = await post(query);
  expect(await counted(async () => expect((await post(query)).body).toBe(first.body))).toEqual({ hit: 1 });
  const withArgument = "query ($a: Int!) { posts(above: $a) { id } }";
  for (const above of [0, 1, 0, 1]) {
    const { body } = await ask(server, { body: { query: withArgument, variables: { a: above } } });
    expect(JSON.parse(body).data.posts[0].id).toBe(above + 1);
  }
});

describe.each([
  ["the gateway that writes", () => server],
  ["another gateway", () => other],
])("at %s", (_where, on) => {
  test.each([
    ["a table", "{ count }", "mutation { add { id } }", 1],
    ["a view of a view", "{ viewed }", "mutation { add { id } }", 1],
    ["a function, which may read anything", "{ by_function }", "mutation { add { id } }", 1],
    ["a partitioned table of which a part is written", "{ events }", "mutation { happen }", 1],
    ["a table that a trigger writes", "{ audited }", "mutation { add { id } }", 1],
    ["a table that a function writes", "{ count }", "mutation { by_function }", 1],
    ["a table from which a cascade deletes", "{ comment_count }", "mutation { remove { id } }", -1],
  ])("what was read from %s is not served after it was written", async (_what, query, mutation, change) => {
    await admin.run("INSERT INTO comment (body, post_id) SELECT 'b', max(id) FROM post");
    await admin.run(`NOTIFY puff_cache, '["comment"]'`);
    const hears = async () => number(await dataOf("{ comment_count }", on()));
    const rows = await admin.query({ text: "SELECT count(*) FROM comment", params: [] });
    rows.seek(0);
    await expect.poll(hears).toBe(Number(rows.text(0)));
    const before = number(await keep(query, on()));
    await dataOf(mutation);
    const after = async () => number(await dataOf(query, on()));
    if (on() === server) {
      expect(await after()).toBe(before + change); // at once
    } else {
      await expect.poll(after).toBe(before + change);
    }
  });
});

test("a mutation that fails ends nothing", async () => {
  await keep("{ count }");
  expect((await post("mutation { fail }")).body).toContain("errors");
  expect(await counted(() => dataOf("{ count }"))).toEqual({ hit: 1 });
});

test("a response is not kept if what it read was written before it ended", async () => {
  await dataOf("{ held }");
  await keep("{ count }");
  await dataOf("mutation { add { id } }"); // nothing is kept of post
  await admin.transaction(async (session) => {
    await session.query({ text: "SELECT pg_advisory_xact_lock(7)", params: [] });
    const held = post("{ held }");
    await expect.poll(waiting).toBe(1);
    const { count } = (await dataOf("{ count }")) as { count: number };
    await dataOf("mutation { add { id } }");
    return { commit: true, result: { held, count } };
  });
  const data = await dataOf("{ held }");
  expect(number(data)).toBe(number(await dataOf("{ count }")));
});

/** Statements that wait for the lock. */
async function waiting(): Promise<number> {
  const text = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  const rows = await admin.query({ text, params: [] });
  rows.seek(0);
  return Number(rows.text(0));
}

test("one fetch serves all who wait", async () => {
  await dataOf("{ slow }");
  await dataOf("mutation { add { id } }");
  const counts = await counted(() => Promise.all(Array.from({ length: 20 }, () => dataOf("{ slow }"))));
  expect(counts).toEqual({ miss: 1, shared: 19 });
});

describe("who asks", () => {
  test("each caller has responses of its own", async () => {
    const as = async (user: string) => JSON.parse((await post("{ me }", { "x-user": user })).body).data.me as string;
    await as("ada");
    const [ada, bob] = [await as("ada"), await as("bob")];
    expect(ada).toMatch(/^ada/);
    expect(bob).toMatch(/^bob/);
    expect([await as("ada"), await as("bob")]).toEqual([ada, bob]);
  });

  test("a token is part of who asks", async () => {
    const as = async (token: string) =>
      JSON.parse((await post("{ token }", { authorization: `Bearer ${token}` })).body).data.token as string;
    await as("a");
    expect([await as("a"), await as("b"), await as("a")]).toEqual(["a", "b", "a"]);
  });

  test("a caller who is refused gets nothing that was kept for others", async () => {
    await keep("{ me }");
    expect((await post("{ me }", { "x-user": "stranger" })).status).toBe(401);
    expect((await post("{ me count }", { "x-user": "stranger" })).status).toBe(401);
  });

  test("a public response knows no caller, be it kept or not", async () => {
    const as = () => post("{ anyone }", { "x-user": "ada", authorization: "Bearer a" });
    const counts = await counted(async () => {
      expect([(await as()).body, (await as()).body]).toEqual(Array(2).fill('{"data":{"anyone":"None None"}}'));
    });
    expect(counts).toEqual({ miss: 1, hit: 1 });
    const mixed = (await post("{ anyone token }", { "x-user": "ada", authorization: "Bearer a" })).body;
    expect(mixed).toContain("ada");
  });

  test.each([
    ["a field that fails", "{ broken }"],
    ["seconds=0", "{ never }"],
    ["a resolver without a policy", "{ unsaid }"],
    ["one among others", "{ count unsaid }"],
    ["one below others", "{ posts { likes } }"],
    ["__typename alone", "{ __typename }"],
    ["introspection", "{ count __schema { queryType { name } } }"],
  ])("%s is not kept", async (_what, query) => {
    await post(query);
    await post(query);
    expect((await counted(() => post(query)))["hit"]).toBeUndefined();
  });
});

describe("HTTP caches", () => {
  beforeEach(async () => {
    await keep("{ count }");
    await post("{ me }", { "x-user": "ada" });
  });

  test("a public response says how long it is good, and for how long it has been", async () => {
    const { headers } = await get("{ count }");
    expect(headers).toMatchObject({ "cache-control": "public, max-age=600", vary: "accept" });
    expect(headers["age"]).toMatch(/^\d+$/);
  });

  test("a caller's response is its own, and asked for each time", async () => {
    const { headers } = await get("{ me }", { "x-user": "ada" });
    expect(headers).toMatchObject({ "cache-control": "private, no-cache", vary: "accept, authorization, cookie" });
  });

  test.each([
    ["{ count }", "public"],
    ["{ me }", "private"],
  ])("what a client has of %s already is not sent again", async (query, scope) => {
    const { headers } = await get(query);
    const etag = String(headers["etag"]);
    const again = await get(query, { "if-none-match": `"x", ${etag}` });
    expect([again.status, again.body, again.headers["etag"]]).toEqual([304, "", etag]);
    expect(again.headers["cache-control"]).toContain(scope);
    expect((await get(query, { "if-none-match": 'W/"x"' })).status).toBe(200);
  });

  test("another response has another tag", async () => {
    const { headers } = await get("{ count }");
    await dataOf("mutation { add { id } }");
    const fresh = await get("{ count }", { "if-none-match": String(headers["etag"]) });
    expect(fresh.status).toBe(200);
  });

  test.each([["{ unsaid }"], ["{ broken }"], ["{ nothing }"]])("%s is for no cache", async (query) => {
    const { headers } = await get(query);
    expect(headers).toMatchObject({ "cache-control": "private, no-cache" });
    expect(headers["etag"]).toBeUndefined();
  });
});

test("triggers end what was read from tables that others write", async () => {
  const script = writeTriggers(await findTables(admin));
  await admin.run(script);
  await admin.run(script); // again
  const before = number(await keep("{ comment_count }"));
  const deeper = number(await keep("{ events }"));
  await admin.run("INSERT INTO comment (body, post_id) SELECT 'c', max(id) FROM post");
  await admin.run("INSERT INTO event VALUES (2)");
  await expect.poll(async () => number(await dataOf("{ comment_count }"))).toBe(before + 1);
  await expect.poll(async () => number(await dataOf("{ events }"))).toBe(deeper + 1);
  await admin.run("TRUNCATE comment");
  await expect.poll(async () => number(await dataOf("{ comment_count }"))).toBe(0);
});

test.each([["{"], ["null"], ['{"tables": 7}'], ["[7]"]])("%s on the channel ends everything", async (payload) => {
  await keep("{ count }");
  await admin.query({ text: "SELECT pg_notify('puff_cache', $1)", params: [[0, payload]] });
  await expect.poll(async () => (await counted(() => dataOf("{ count }")))["miss"] ?? 0).toBe(1);
});

test("when the connection that hears of writes was gone, all is fetched anew", async () => {
  await keep("{ count }");
  await admin.query({
    text: `
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND query IN ('SELECT', 'LISTEN "puff_cache"')`,
    params: [],
  });
  await expect.poll(async () => (await counted(() => dataOf("{ count }")))["miss"] ?? 0, { timeout: 30_000 }).toBe(1);
  expect(await counted(() => dataOf("{ count }"))).toEqual({ hit: 1 });
});
