/** A gateway with a manifest: its documents are checked and made warm at the start. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const schema = (auth: string) => `
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
    @graphql.pure
    def comments(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT id, body, post_id FROM comment WHERE post_id = ANY($1)", ctx.parents["id"]).on(id="post_id")

@dataclass
class Query:
    @classmethod
    @graphql.pure
    def posts(cls, ctx: Context, /, after: int = 0, limit: int = 20) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post WHERE id > $1 ORDER BY id LIMIT $2", after, limit)

    @classmethod
    def called(cls, ctx: Context, /) -> Plan[int]:
        return sql("INSERT INTO call DEFAULT VALUES RETURNING 1")

    @classmethod
    @graphql.pure
    def loud(cls, ctx: Context, /) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post WHERE notice()")

    @classmethod
    def stuck(cls, ctx: Context, /) -> int:
        while True:
            pass

@dataclass
class Mutation:
    @classmethod
    @graphql.pure
    def add(cls, ctx: Context, /, title: str) -> Plan[Post]:
        return sql("INSERT INTO post (title) VALUES ($1) RETURNING id, title", title)

@dataclass
class Schema:
    query: Query
    mutation: Mutation
${auth}
`;

const refusesNobody = `
    @staticmethod
    def auth(headers: dict[str, str]) -> dict[str, str]:
        if "authorization" not in headers:
            raise PermissionDenied(401, "Log in first")
        return {"name": "ada"}
`;

const documents = {
  posts: "query Posts($after: Int!, $limit: Int) { posts(after: $after, limit: $limit) { id comments { body } } }",
  called: "{ called }",
  loud: "{ loud { id } }",
  add: "mutation Add($title: String!) { add(title: $title) { id } }",
};

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-trusted-start-"));
  await writeFile(join(folder, "schema.py"), schema(""));
  await writeFile(join(folder, "strict.py"), schema(refusesNobody));
  await write("manifest.json", documents);
  database = await createTestDatabase();
  const admin = await openTestDatabase(database.url);
  await admin.run(`
    CREATE TABLE post (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL);
    CREATE TABLE comment (id int PRIMARY KEY, body text NOT NULL, post_id int NOT NULL);
    CREATE TABLE call (id int GENERATED ALWAYS AS IDENTITY);
    CREATE SEQUENCE noticed;
    CREATE FUNCTION notice() RETURNS boolean LANGUAGE sql AS $$ SELECT nextval('noticed') > 0 $$;
    INSERT INTO post (title) VALUES ('One'), ('Two');
    INSERT INTO comment VALUES (1, 'a', 1);
  `);
  await admin.close();
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const write = (name: string, content: unknown) =>
  writeFile(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));

async function start(file = "schema.py", manifest = "manifest.json", log: string[] = []): Promise<RunningServer> {
  const server = await startServer({
    schemas: [{ spec: join(folder, file), documents: join(folder, manifest), documentsOnly: true }],
    databases: [{ name: "default", url: database.url }],
    metrics: true,
    cacheFolder: sharedCache,
    port: 0,
    signals: false,
    logger: pino({ level: "warn" }, { write: (line: string) => void log.push(line) }),
  });
  onTestFinished(() => server.close());
  return server;
}

async function batchesOn(server: RunningServer): Promise<number> {
  const { body } = await ask(server, { url: "/metrics" });
  return Number(/^puff_python_batches_total\{.*\} (\d+)$/m.exec(body)?.[1] ?? 0);
}

test("the first request of a traced operation calls no Python, and nothing but plans ran at the start", async () => {
  const server = await start();
  const before = await batchesOn(server);
  for (const variables of [{ after: 0, limit: 1 }, { after: 0 }]) {
    const { body } = await ask(server, { body: { documentId: "posts", variables } });
    expect(JSON.parse(body).data.posts[0]).toEqual({ id: 1, comments: [{ body: "a" }] });
  }
  expect(await batchesOn(server)).toBe(before);
  const admin = await openTestDatabase(database.url);
  onTestFinished(() => admin.close());
  const rows = await admin.query({
    text: "SELECT (SELECT count(*) FROM call), NOT is_called FROM noticed",
    params: [],
  });
  rows.seek(0);
  expect([rows.text(0), rows.text(1)]).toEqual(["0", "t"]);
});

test("a traced operation is served while the only interpreter is stuck", async () => {
  await write("stuck.json", { ...documents, stuck: "{ stuck }" });
  const server = await start("schema.py", "stuck.json");
  const stuck = ask(server, { body: { documentId: "stuck" } });
  const { body } = await ask(server, { body: { documentId: "posts", variables: { after: 1 } } });
  expect(JSON.parse(body)).toEqual({ data: { posts: [{ id: 2, comments: [] }] } });
  expect((await stuck).body).toContain("PUFF_RESOLVER_DEADLINE");
});

test("a schema whose auth takes nobody in starts, and its documents are served", async () => {
  const server = await start("strict.py");
  const request = { body: { documentId: "posts", variables: { after: 1 } } };
  expect((await ask(server, request)).status).toBe(401);
  const { body } = await ask(server, { ...request, headers: { authorization: "Bearer a" } });
  expect(JSON.parse(body).data.posts).toHaveLength(1);
});

test("a manifest of another schema is named at the start, with what is wrong", async () => {
  await write("other.json", { posts: "query Posts { posts { id } }", users: "query Users { users { id } }", c: "{" });
  await expect(start("schema.py", "other.json")).rejects.toMatchObject({
    code: "PUFF_DOCUMENTS_INVALID",
    place: join(folder, "other.json"),
    message: expect.stringMatching(
      /refuses 2 of the 3 operations\. Users: Cannot query field "users".*the document c: Syntax Error/,
    ),
  });
});

test("a reload reads the manifest again, and tells of what does not fit", async () => {
  await write("changing.json", { a: "{ posts { id } }" });
  const log: string[] = [];
  const server = await start("schema.py", "changing.json", log);
  await write("changing.json", { a: "{ posts { id } }", b: "{ posts { title } }", c: "{ nothing }" });
  await server.app.puff.reload();
  expect((await ask(server, { body: { documentId: "b" } })).status).toBe(200);
  expect(log.join("")).toContain('Cannot query field \\"nothing\\"');
  await write("changing.json", "{");
  await server.app.puff.reload();
  expect((await ask(server, { body: { documentId: "b" } })).status).toBe(200);
  expect(log.join("")).toContain("it is not JSON");
});
