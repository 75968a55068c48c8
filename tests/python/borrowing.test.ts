/** `@graphql.borrow_db_context`: what a resolver does on the database is part of the operation's transaction. */
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const logs: string[] = [];
let folder: string;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-borrowing-")));
  copyFileSync(join(import.meta.dirname, "../support/python/borrowing_schema.py"), join(folder, "borrowing_schema.py"));
  server = await startServer({
    schemas: [{ spec: join(folder, "borrowing_schema.py") }],
    databases: [{ name: "default", url: database.url }],
    pythonPath: [await installPackages(["Django==5.2.19"])],
    cacheFolder: sharedCache,
    environment: {},
    limits: { poolSize: 2 },
    port: 0,
    logger: pino({ level: "info" }, { write: (line: string) => void logs.push(JSON.parse(line).msg) }),
    ...engineOptions(),
  });
  await run("CREATE TABLE thing (id serial PRIMARY KEY, name text UNIQUE)");
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
  await database.drop();
});

beforeEach(() => run("TRUNCATE thing"));

async function run(statement: string): Promise<void> {
  await server.app.puff.databases.get("default")?.run(statement);
}

async function graphql(query: string, user = "ada"): Promise<unknown> {
  return JSON.parse((await ask(server, { body: { query }, headers: { "x-user": user } })).body);
}

/** The names that are committed. */
async function names(): Promise<unknown> {
  const { data } = (await graphql("{ things { name } }")) as { data: { things: { name: string }[] } };
  return data.things.map(({ name }) => name);
}

describe("of a mutation's field", () => {
  test("the plan and those below see what the ORM wrote, and all of it is committed together", async () => {
    await run("INSERT INTO thing (name) VALUES ('first')");
    expect(await graphql('mutation { create(name: "tea") { name counted others { name } } }')).toEqual({
      data: { create: { name: "tea of ada", counted: 2, others: [{ name: "first" }] } },
    });
    expect(await names()).toEqual(["first", "tea of ada"]);
  });

  test.each(["resolver", "plan"])("nothing stays where the %s fails, and the fields before it do", async (where) => {
    const query = `mutation { create(name: "a") { name } fails(name: "b", where: "${where}") { id } }`;
    expect(await graphql(query)).toMatchObject({ data: { create: {}, fails: null }, errors: [{ path: ["fails"] }] });
    expect(await names()).toEqual(["a of ada"]);
  });

  test.each([
    ["Django", 'create(name: "a")'],
    ["psycopg2", 'by_psycopg2(name: "a of ada", end: "commit")'],
  ])("a constraint that refuses a row of %s has its words for clients", async (_, field) => {
    await graphql('mutation { create(name: "a") { name } }');
    expect(await graphql(`mutation { it: ${field} { name } }`)).toMatchObject({
      errors: [
        {
          message: "This name is taken",
          path: ["it"],
          extensions: { code: "PUFF_CONSTRAINT", constraint: "thing_name_key" },
        },
      ],
    });
    expect(await names()).toEqual(["a of ada"]);
  });

  test("the ORM's own transactions are savepoints", async () => {
    expect(await graphql("mutation { partly { name } }")).toEqual({ data: { partly: { name: "outer" } } });
    expect(await names()).toEqual(["outer"]);
  });

  test.each([
    ["commit", ["it"]],
    ["rollback", []],
    ["close", []],
    ["", []],
  ])("psycopg2's are, too: %j", async (end, expected) => {
    logs.length = 0;
    const { data } = (await graphql(`mutation { by_psycopg2(name: "it", end: "${end}") { name } }`)) as {
      data: { by_psycopg2: { name: string } | null };
    };
    expect(data.by_psycopg2 === null ? [] : [data.by_psycopg2.name]).toEqual(expected);
    expect(await names()).toEqual(expected);
    expect(logs.some((line) => line.includes("left a transaction open"))).toBe(["", "close"].includes(end));
  });

  test("a connection that names the server itself is beside it, which the log says once", async () => {
    logs.length = 0;
    for (const rest of [["beside"], ["beside"]]) {
      await run("TRUNCATE thing");
      await graphql(`mutation { beside(url: ${JSON.stringify(database.url)}) { id } }`);
      expect(await names()).toEqual(rest);
    }
    expect(logs.filter((line) => line.includes('by NAME "default" without HOST'))).toHaveLength(1);
  });

  test("a connection that Python keeps from one request to the next comes into each", async () => {
    for (const name of ["a", "b"]) {
      const query = `mutation { by_a_kept_connection(name: "${name}") { name } }`;
      expect(await graphql(query)).toMatchObject({ data: { by_a_kept_connection: {} } });
    }
    expect(await names()).toEqual(["a", "b"]);
  });
});

describe("of a query", () => {
  test("one transaction, which only reads", async () => {
    expect(await graphql("{ count same user }", "bob")).toEqual({ data: { count: 0, same: true, user: "bob" } });
    const refused = await graphql("{ writes things { id } }");
    expect(refused).toMatchObject({ data: { writes: null, things: [] }, errors: [{ path: ["writes"] }] });
    expect(JSON.stringify(refused)).toContain("read-only transaction");
  });

  test("a statement of the gateway's that fails leaves the others be", async () => {
    expect(await graphql("{ broken count things { id } }")).toMatchObject({
      data: { broken: null, count: 0, things: [] },
      errors: [{ path: ["broken"] }],
    });
  });
});

test("more at a time than there are connections wait for them, whatever becomes of each", async () => {
  const kinds = [
    'mutation { create(name: "NAME") { id } }',
    'mutation { fails(name: "NAME", where: "plan") { id } }',
    'mutation { by_psycopg2(name: "NAME", end: "") { id } }',
    "{ count same }",
    "{ broken count }",
  ];
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => graphql((kinds[index % 5] ?? "").replace("NAME", `n${index}`))),
  );
  expect(answers.filter((answer) => JSON.stringify(answer).includes("PUFF_POOL"))).toEqual([]);
  expect(await names()).toHaveLength(10);
  expect(await Promise.all([graphql("{ count }"), graphql("{ count }")])).toEqual([
    { data: { count: 10 } },
    { data: { count: 10 } },
  ]);
});

test("in process the transaction is that of the caller", async () => {
  const { value } = await server.app.puff.python.call("borrowing_schema:in_process", [], {
    deadline: 10_000,
    signal: new AbortController().signal,
  });
  expect(value).toMatchObject([
    { create: { name: "a of nobody", counted: 1, others: [] } },
    { data: { fails: null }, errors: [{ path: ["fails"] }] },
    { count: 1, same: false, user: "nobody" },
    { data: { writes: null, count: 1 }, errors: [{ path: ["writes"] }] },
    { partly: { name: "outer" } },
    { count: 1, same: true, user: "nobody" },
  ]);
  expect(await names()).toEqual([]);
});
