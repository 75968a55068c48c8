/** The whole gateway: Python files, Postgres and TypeScript behind one server, with several schemas and databases. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { type Wire, wireTo } from "../support/servers/outage.ts";
import { createTestDatabase, holdLock, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const blog = `
import itertools
import logging
from dataclasses import dataclass

from puff import graphql, host
from puff.graphql import Context, Plan, sql

ticks = itertools.count(1)

@dataclass
class Comment:
    id: int
    body: str

@dataclass
class Post:
    """One article."""
    id: int
    title: str
    score: int

    @classmethod
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id", ctx.parents["id"]).on(
            id="post_id"
        )

@dataclass
class Query:
    @classmethod
    def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post ORDER BY id LIMIT $1", limit)

    @classmethod
    @graphql.pure
    def clock(cls, ctx: Context, /) -> Plan[str]:
        return sql(f"SELECT '{next(ticks)}' AS tick")

    @classmethod
    def shout(cls, ctx: Context, /, text: str) -> str:
        logging.getLogger("blog").warning("shouting %s", text)
        return host.call("shout", text)

    @classmethod
    def broken(cls, ctx: Context, /) -> int | None:
        raise ValueError("the secret is 42")

    @classmethod
    def nap(cls, ctx: Context, /, seconds: float) -> Plan[list[Post]]:
        return sql("SELECT 1 AS id, 'x' AS title, pg_sleep($1)", seconds)

    @classmethod
    def held(cls, ctx: Context, /) -> Plan[list[Post]]:
        return sql("SELECT 1 AS id, 'x' AS title FROM pg_advisory_xact_lock_shared(1)")

    @classmethod
    def forever(cls, ctx: Context, /) -> int | None:
        while True:
            pass

@dataclass
class Mutation:
    @classmethod
    def add_post(cls, ctx: Context, /, title: str) -> Plan[Post]:
        return sql("INSERT INTO post (title) VALUES ($1) RETURNING id, title", title)

@dataclass
class Schema:
    query: Query
    mutation: Mutation
`;

const archive = `
from dataclasses import dataclass
from puff.graphql import Context, Plan, sql

@dataclass
class Entry:
    id: int

@dataclass
class Query:
    @classmethod
    def entries(cls, ctx: Context, /) -> Plan[list[Entry]]:
        return sql("SELECT id FROM entry ORDER BY id")

@dataclass
class Schema:
    query: Query
`;

const cacheFolder = sharedCache;
const records: { readonly msg: string; readonly [key: string]: unknown }[] = [];
const logger = pino({ level: "info" }, { write: (line: string) => void records.push(JSON.parse(line)) });

let folder: string;
let databases: readonly TestDatabase[] = [];
let wire: Wire;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-end-to-end-"));
  databases = [await createTestDatabase(), await createTestDatabase()];
  await run(0, "CREATE TABLE post (id int GENERATED ALWAYS AS IDENTITY, title text)");
  await run(0, "CREATE TABLE comment (id int GENERATED ALWAYS AS IDENTITY, body text, post_id int)");
  await run(0, "INSERT INTO post (title) VALUES ('One'), ('Two')");
  await run(0, "INSERT INTO comment (body, post_id) VALUES ('a', 1), ('b', 1), ('c', 2)");
  await run(1, "CREATE TABLE entry AS SELECT id FROM generate_series(1, 3) AS id");
  wire = await wireTo(databases[1]?.url ?? "");
  await writeFile(join(folder, "blog.py"), blog);
  await writeFile(join(folder, "archive.py"), archive);
  server = await startServer({
    schemas: [
      { spec: join(folder, "blog.py"), camelCase: true, playgroundUrl: "/play" },
      { name: "archive", spec: join(folder, "archive.py:Schema"), url: "/old", database: "archive" },
    ],
    databases: [
      { name: "main", url: databases[0]?.url ?? "" },
      { name: "archive", url: wire.url },
    ],
    host: {
      resolvers: { "Post.score": (posts) => posts.map((post) => String(post["title"]).length) },
      functions: { shout: (text) => String(text).toUpperCase() },
    },
    limits: { pythonDeadline: 2_000, poolTimeout: 5_000 },
    maskErrors: true,
    verifyPlans: 1,
    metrics: true,
    port: 0,
    ...{ cacheFolder, logger },
  });
});

afterAll(async () => {
  await server?.close();
  await Promise.all(databases.map((database) => database.drop()));
  await wire?.cut();
  await rm(folder, { recursive: true });
});

async function run(index: number, script: string): Promise<void> {
  const database = await openTestDatabase(databases[index]?.url ?? "");
  await database.run(script);
  await database.close();
}

async function query(text: string, url = "/graphql"): Promise<{ status: number; body: unknown }> {
  const { status, body } = await ask(server, { url, body: { query: text } });
  return { status, body: JSON.parse(body) };
}

/** A metric by its name and labels; 0 where it is not there. */
async function metric(name: string): Promise<number> {
  const { status, body } = await ask(server, { url: "/metrics" });
  expect(status).toBe(200);
  return Number(
    body
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length) ?? 0,
  );
}

test("a nested query comes from Python's plans, Postgres's rows and a TypeScript resolver", async () => {
  expect(await query("{ posts { id title score comments { body } } }")).toEqual({
    status: 200,
    body: {
      data: {
        posts: [
          { id: 1, title: "One", score: 3, comments: [{ body: "a" }, { body: "b" }] },
          { id: 2, title: "Two", score: 3, comments: [{ body: "c" }] },
        ],
      },
    },
  });
});

test("Python calls TypeScript, and its log arrives", async () => {
  expect((await query('{ shout(text: "hey") }')).body).toEqual({ data: { shout: "HEY" } });
  await expect
    .poll(() => records)
    .toContainEqual(expect.objectContaining({ level: 40, logger: "blog", msg: "shouting hey" }));
});

test("a mutation is there afterwards", async () => {
  expect((await query('mutation { addPost(title: "Three") { id } }')).body).toEqual({ data: { addPost: { id: 3 } } });
  expect((await query("{ posts { id } }")).body).toEqual({ data: { posts: [{ id: 1 }, { id: 2 }, { id: 3 }] } });
});

test("what a resolver raises is masked, and logged with its traceback and the request's id", async () => {
  const answer = await ask(server, { body: { query: "{ broken }" }, headers: { "x-request-id": "abc" } });
  expect(JSON.parse(answer.body)).toEqual({
    data: { broken: null },
    errors: [
      {
        message: "Internal server error",
        locations: [{ line: 1, column: 3 }],
        path: ["broken"],
        extensions: { code: "PUFF_RESOLVER_FAILED" },
      },
    ],
  });
  expect(records).toContainEqual(
    expect.objectContaining({
      level: 50,
      code: "PUFF_RESOLVER_FAILED",
      path: "broken",
      requestId: "abc",
      msg: expect.stringContaining("the secret is 42"),
      traceback: expect.stringContaining("blog.py"),
    }),
  );
});

test("a resolver that is not pure after all is logged with both its plans", async () => {
  await query("{ clock }");
  await query("{ clock }");
  const found = () => records.find(({ code }) => code === "PUFF_RESOLVER_IMPURE");
  await expect.poll(found).toBeDefined();
  expect(found()).toMatchObject({
    msg: expect.stringContaining("Query.clock gave another plan"),
    kept: expect.stringContaining("SELECT '1' AS tick"),
    fresh: expect.stringContaining("SELECT '2' AS tick"),
  });
  expect(await metric('puff_errors_total{schema="default",code="PUFF_RESOLVER_IMPURE"}')).toBe(1);
});

test("metrics count statements, requests by their route, and entries into Python", async () => {
  const names = [
    'puff_statements_total{database="archive"}',
    'puff_python_batches_total{schema="archive"}',
    'puff_request_duration_seconds_count{route="/old",method="POST",status="200"}',
  ];
  const before = await Promise.all(names.map(metric));
  await query("{ entries { id } }", "/old");
  await query("{ entries { id } }", "/old");
  await ask(server, { url: "/old/nothing" });
  const after = await Promise.all(names.map(metric));
  // The archive's resolver is not pure.
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 2, 2]);
  expect(await metric('puff_request_duration_seconds_count{route="none",method="GET",status="404"}')).toBe(1);
});

test("metrics count queries that a program answers", async () => {
  const name = 'puff_programs_total{schema="archive",outcome="answered"}';
  for (let run = 0; run < 3; run++) {
    await query("{ entries { id } }", "/old");
  }
  const before = await metric(name);
  await query("{ entries { id } }", "/old");
  expect((await metric(name)) - before).toBe(1);
});

test("metrics tell each interpreter's memory, and how many were replaced", async () => {
  expect(await metric('puff_interpreter_memory_bytes{interpreter="1"}')).toBeGreaterThan(10 * 2 ** 20);
  const { body } = await ask(server, { url: "/metrics" });
  expect(body).toMatch(/^puff_interpreters_replaced_total\{why="memory"\} 0$/m);
  expect(body).toMatch(/^puff_interpreters_replaced_total\{why="death"\} \d+$/m);
});

test("a resolver that loops for ever fails alone", async () => {
  const [stuck, fine] = await Promise.all([query("{ forever }"), query("{ posts(limit: 1) { id } }")]);
  expect(stuck.body).toMatchObject({ errors: [{ extensions: { code: "PUFF_RESOLVER_DEADLINE" } }] });
  expect(fine.body).toEqual({ data: { posts: [{ id: 1 }] } });
});

test.each(["title", "title comments{id}"])(
  "{ nap { %s } } whose client leaves is ended in the database, without a failure",
  async (selection) => {
    const database = await openTestDatabase(databases[0]?.url ?? "");
    const napping = async () => {
      const text =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()";
      const rows = await database.query({ text, params: [] });
      rows.seek(0);
      return rows.text(0);
    };
    records.length = 0;
    const leaving = new AbortController();
    const left = fetch(`${server.url}/graphql?query={nap(seconds:600){${selection}}}`, { signal: leaving.signal });
    await expect.poll(napping).toBe("1");
    leaving.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(napping).toBe("0");
    expect(records.filter(({ level }) => Number(level) > 30)).toEqual([]);
    await database.close();
  },
);

describe("several schemas", () => {
  test("each has its URL and its database", async () => {
    expect((await query("{ entries { id } }", "/old")).body).toEqual({
      data: { entries: [{ id: 1 }, { id: 2 }, { id: 3 }] },
    });
    expect((await query("{ entries { id } }")).body).toMatchObject({
      errors: [{ extensions: { code: "PUFF_DOCUMENT_INVALID" } }],
    });
    expect([...server.app.puff.planners.keys()]).toEqual(["default", "archive"]);
  });

  test("a database that is gone is a 503 for its schema alone, until it is back", async () => {
    await wire.cut();
    expect(await query("{ entries { id } }", "/old")).toMatchObject({
      status: 503,
      body: { errors: [{ extensions: { code: "PUFF_DATABASE_UNAVAILABLE" } }] },
    });
    expect((await query("{ posts(limit: 1) { id } }")).status).toBe(200);
    expect(await ask(server, { url: "/readyz" })).toMatchObject({
      status: 503,
      body: '{"status":"unavailable","missing":["database archive"]}',
    });
    await wire.mend();
    await expect.poll(async () => (await query("{ entries { id } }", "/old")).status).toBe(200);
    expect((await ask(server, { url: "/readyz" })).status).toBe(200);
  });
});

describe("a reload", () => {
  test("serves the files as they are now, and drops no request", async () => {
    let going = true;
    const load = (async () => {
      let failed = 0;
      while (going) {
        const { body } = await query("{ posts(limit: 1) { id } }");
        failed += JSON.stringify(body) === '{"data":{"posts":[{"id":1}]}}' ? 0 : 1;
      }
      return failed;
    })();
    await writeFile(join(folder, "blog.py"), blog.replace("def shout(", "def louder("));
    await server.app.puff.reload();
    expect((await query('{ louder(text: "hey") }')).body).toEqual({ data: { louder: "HEY" } });
    going = false;
    expect(await load).toBe(0);
  });

  test.each([
    ["a file that is broken", `${blog}\n)`, "PUFF_SCHEMA_SYNTAX"],
    ["a schema that lacks a field of the host module", blog.replace("    score: int\n", ""), "PUFF_HOST_MODULE"],
  ])("of %s leaves the last good one", async (_name, source, code) => {
    await writeFile(join(folder, "blog.py"), source);
    await expect(server.app.puff.reload()).rejects.toMatchObject({ code });
    expect((await query('{ louder(text: "a") posts(limit: 1) { score } }')).body).toEqual({
      data: { louder: "A", posts: [{ score: 3 }] },
    });
  });
});

test("a database that can't be reached at start is said, and nothing is left running", async () => {
  const starting = startServer({
    schemas: [{ spec: join(folder, "archive.py") }],
    databases: [{ name: "default", url: "postgres://127.0.0.1:1/none" }],
    limits: { connectDeadline: 200 },
    port: 0,
    cacheFolder,
  });
  await expect(starting).rejects.toMatchObject({ code: "PUFF_DATABASE_UNAVAILABLE" });
});

test("a stop waits for the request in flight before it ends Python and the databases", async () => {
  const lock = await holdLock(databases[0]?.url ?? "");
  const held = query("{ held { title comments { id } } }");
  await lock.waitedFor(1);
  const closing = server.close();
  await lock.release();
  expect(await held).toMatchObject({ status: 200, body: { data: { held: [{ title: "x" }] } } });
  await closing;
  await expect(query("{ posts { id } }")).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
