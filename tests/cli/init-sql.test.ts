/** `--init-sql` runs a script once in a database, wholly or not at all. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { runInitSql } from "../../gateway/cli/support/init-sql.ts";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { describeError, PuffError } from "../../schema/index.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let testDatabase: TestDatabase;
let database: PostgresDatabase;
let folder: string;
let file: string;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = await openTestDatabase(testDatabase.url);
  folder = await mkdtemp(join(tmpdir(), "puff-init-"));
  file = join(folder, "it's.sql");
});

afterAll(async () => {
  await database.close();
  await testDatabase.drop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => database.run("DROP TABLE IF EXISTS puff_init, item; CREATE TABLE item (id int UNIQUE)"));

async function run(script: string): Promise<"ran" | "known"> {
  await writeFile(file, script);
  return await runInitSql({ url: testDatabase.url }, file, {});
}

async function items(): Promise<number[]> {
  const rows = await database.query({ text: "SELECT id FROM item ORDER BY id", params: [] });
  return Array.from({ length: rows.count }, (_, row) => {
    rows.seek(row);
    return Number(rows.text(0));
  });
}

test("a script runs once, and again when it was edited", async () => {
  expect(await run("INSERT INTO item VALUES (1);")).toBe("ran");
  expect(await run("INSERT INTO item VALUES (1);")).toBe("known");
  expect(await run("INSERT INTO item VALUES (1) ON CONFLICT DO NOTHING; INSERT INTO item VALUES (2)")).toBe("ran");
  expect(await run("INSERT INTO item VALUES (1);")).toBe("known");
  expect(await items()).toEqual([1, 2]);
});

test("of several gateways that start at once, one runs it", async () => {
  await writeFile(file, "SELECT pg_sleep(0.1); INSERT INTO item VALUES (1);");
  const outcomes = await Promise.all([1, 2, 3].map(() => runInitSql({ url: testDatabase.url }, file, {})));
  expect(outcomes.sort()).toEqual(["known", "known", "ran"]);
  expect(await items()).toEqual([1]);
});

test("a byte order mark, a comment at the end and an empty file do no harm", async () => {
  expect(await run("\uFEFFINSERT INTO item VALUES (1) -- the end")).toBe("ran");
  expect(await run("")).toBe("ran");
  expect(await items()).toEqual([1]);
});

describe("a mistake keeps nothing of the script and names its place", () => {
  const cases: [script: string, problem: string][] = [
    ["INSERT INTO item VALUES (1);\n\n  INSERT INTO itme VALUES (2);", ':3:15: relation "itme" does not exist.'],
    ["INSERT INTO item VALUES (1);\n-- Größe 🎈\nSELEC 1;", ':3:1: syntax error at or near "SELEC".'],
    ["INSERT INTO item VALUES (1), (1);", ": duplicate key value violates unique constraint"],
  ];

  test.each(cases)("%j", async (script, problem) => {
    const error = await run(script).then(
      () => null,
      (failure: unknown) => failure,
    );
    if (!(error instanceof PuffError)) {
      throw new Error(`a PuffError is wanted, but this came: ${error}`);
    }
    expect(error.code).toBe("PUFF_INIT_SQL");
    expect(describeError(error)).toContain(`it's.sql${problem}`);
    expect(await items()).toEqual([]);
  });
});
