/** A QuerySet that is a plan gives the rows that Django gets when it runs it at once. */
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { keptArguments, keptQuerysets, querysets, selects } from "../support/python/querysets.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let folder: string;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-querysets-")));
  mkdirSync(join(folder, "shop"));
  writeFileSync(join(folder, "shop/__init__.py"), "");
  copyFileSync(join(import.meta.dirname, "../support/python/queryset_models.py"), join(folder, "shop/models.py"));
  for (const file of ["queryset_schema.py", "queryset_tables.py"]) {
    copyFileSync(join(import.meta.dirname, "../support/python", file), join(folder, file));
  }
  server = await startServer({
    schemas: [{ spec: join(folder, "queryset_schema.py") }],
    databases: [{ name: "default", url: database.url }],
    pythonPath: [folder, await installPackages(["Django==5.2.19", "SQLAlchemy==2.0.46", "typing_extensions==4.15.0"])],
    cacheFolder: sharedCache,
    environment: {},
    limits: { poolSize: 2 },
    port: 0,
    logger: pino({ level: "silent" }),
    ...engineOptions(),
  });
  await server.app.puff.databases.get("default")?.run(`
    CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent;
    CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  expect(await graphql("mutation { create }")).toEqual({ data: { create: true } });
});

afterAll(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
  await database.drop();
});

interface Answer {
  readonly data?: { readonly [alias: string]: readonly string[] | null } | null;
  readonly errors?: readonly { readonly message: string }[];
}

async function graphql(query: string, variables: object = {}): Promise<Answer> {
  return JSON.parse((await ask(server, { body: { query, variables } })).body);
}

const noArguments = {};

/** Rows of a field; in their own order where the QuerySet has one. */
async function rows(field: string, expression: string, args: object = noArguments): Promise<unknown> {
  const types = "$expression: String!, $i: Int, $s: String, $f: Float, $d: Decimal, $u: UUID";
  const names = args === noArguments ? ["expression"] : ["expression", ...Object.keys(args)];
  const used = names.map((name) => types.split(", ").find((type) => type.startsWith(`$${name}:`)));
  const given = names.map((name) => `${name}: $${name}`).join();
  const { data, errors } = await graphql(`query (${used.join()}) { it: ${field}(${given}) }`, { expression, ...args });
  if (errors !== undefined) {
    return `fails: ${errors[0]?.message}`;
  }
  const found = data?.["it"] ?? [];
  return expression.includes("order_by") ? found : [...found].sort();
}

test.each(keptQuerysets)("%s, kept for any values", async (expression) => {
  for (const args of keptArguments) {
    const [atOnce, kept] = [await rows("once", expression, args), await rows("kept", expression, args)];
    // What Django refuses, Postgres refuses in words of its own, or has no rows of.
    expect(typeof atOnce === "string" && typeof kept === "string" ? atOnce : kept).toEqual(
      typeof atOnce === "string" && Array.isArray(kept) ? [] : atOnce,
    );
  }
});

test("several at once, in one statement, answer as each alone", async () => {
  for (let from = 0; from < querysets.length; from += 8) {
    const some = querysets.slice(from, from + 8);
    const aliased = some.map((_, index) => `q${index}: plan(expression: $q${index})`);
    const variables = Object.fromEntries(some.map((text, index) => [`q${index}`, text]));
    const types = some.map((_, index) => `$q${index}: String!`);
    const together = (await graphql(`query (${types.join()}) { ${aliased.join(" ")} }`, variables)).data;
    for (const [index, text] of some.entries()) {
      const alone = await graphql("query ($it: String!) { it: plan(expression: $it) }", { it: text });
      expect(together?.[`q${index}`], text).toEqual(alone.data?.["it"]);
    }
  }
});

describe("SQLAlchemy's select()", () => {
  test.each(selects)("%s", async (expression) => {
    const atOnce = await rows("selected_at_once", expression);
    expect(atOnce).toBeInstanceOf(Array);
    expect(await rows("selected", expression)).toEqual(atOnce);
  });
});

test.each(querysets)("%s", async (expression) => {
  const atOnce = await rows("once", expression);
  expect(atOnce).toBeInstanceOf(Array);
  expect(await rows("plan", expression)).toEqual(atOnce);
});
