/** In production a client learns neither the database's host, port, user and name, nor what Postgres says. */
import { afterAll, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const own = await createTestDatabase();
const database = await openTestDatabase(own.url, { poolSize: 1, statementTimeout: 200 });
afterAll(async () => {
  await database.close();
  await own.drop();
});
await database.run(`
  CREATE TABLE account (id int PRIMARY KEY, owner varchar(3) CHECK (owner <> ''));
  CREATE FUNCTION fail(state text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'secret words' USING ERRCODE = state, HINT = 'secret hint', DETAIL = 'secret detail'; END $$;
`);

const closed = await openTestDatabase(own.url, { poolSize: 1 });
await closed.close();
const full = await openTestDatabase(own.url, { poolSize: 1, queueLimit: 0 });
afterAll(() => full.close());

const { hostname, port, username, pathname } = new URL(own.url);
const secrets = [
  ...["postgres://", `${hostname}:`, `:${port}`, `${username}@`, pathname.slice(1), "secret", "timeout", "pg_"],
  ...["account", "varying", "PL/pgSQL", "plpgsql", "integer", "sqlstate", "owner"],
];

const cases: readonly (readonly [text: string, code: string, message: string, status: number])[] = [
  ["SELECT pg_terminate_backend(pg_backend_pid())", "PUFF_DATABASE_UNAVAILABLE", "The database is not available", 503],
  ["SELECT fail('08006')", "PUFF_SQL_FAILED", "Internal server error", 200],
  ["SELECT fail('57014')", "PUFF_SQL_FAILED", "Internal server error", 200],
  ["SELECT nope FROM account", "PUFF_SQL_FAILED", "Internal server error", 200],
  ["SELECT $1::int", "PUFF_SQL_VALUE", "The database refuses a value of the request", 200],
];

test.each(cases)("%s", async (text, code, message, status) => {
  const params = text.includes("$1") ? [[0, "secret"] as const] : [];
  const { run, reported } = sketch(database, () => sql(text, { params }));
  const { errors, ...answer } = await run("{ value }");
  expect([answer.status, errors]).toEqual([
    status,
    [expect.objectContaining({ message, path: ["value"], extensions: { code } })],
  ]);
  expect(leaks({ errors })).toEqual([]);
  expect(reported).toMatchObject([{ code }]); // whose place and cause the log has
});

test.each([
  ["SELECT pg_sleep(9)", "PUFF_STATEMENT_TIMEOUT"],
  ["SELECT pg_cancel_backend(pg_backend_pid())", "PUFF_STATEMENT_CANCELLED"],
])("%s has a code of its own", async (text, code) => {
  const { errors } = await sketch(database, () => sql(text)).run("{ value }");
  expect(errors).toMatchObject([{ extensions: { code } }]);
  expect(errors?.[0]?.message).not.toMatch(/canceling|user request/);
});

test.each([
  ["that is being closed", closed, "PUFF_SHUTTING_DOWN"],
  ["whose connections are busy", full, "PUFF_POOL_BUSY"],
])("a database %s", async (_, one, code) => {
  const { run } = sketch(one, () => sql("SELECT pg_sleep(0.1)"));
  const answers = await Promise.all(Array.from({ length: 20 }, () => run("{ value }")));
  const errors = answers.flatMap((answer) => answer.errors ?? []);
  expect(errors).toContainEqual(expect.objectContaining({ extensions: { code } }));
  expect(leaks(errors)).toEqual([]);
});

function sketch(on: PostgresDatabase, plan: () => ReturnType<typeof sql>) {
  return sketchPlanner({
    types: { Query: { value: "String" } },
    resolvers: { "Query.value": plan },
    database: on,
    maskErrors: true,
  });
}

function leaks(answer: unknown): string[] {
  const text = JSON.stringify(answer);
  return secrets.filter((secret) => text.includes(secret));
}
