/** `schema check --documents`: which trusted documents broke, or take more than before; and `documents build`. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { type Outcome, runCommand } from "../support/servers/command.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const schema = `
from dataclasses import dataclass

from puff import graphql
from puff.graphql import Context, PermissionDenied, Plan, sql


@dataclass
class Note:
    id: int
    body: str


@dataclass
class Task:
    id: int
    title: str

    @classmethod
    @graphql.pure
    def notes(cls, ctx: Context, /) -> Plan[list[Note]]:
        return sql("SELECT id, body, task_id FROM note WHERE task_id = ANY($1)", ctx.parents["id"]).on(id="task_id")


@dataclass
class Query:
    @classmethod
    @graphql.pure
    def tasks(cls, ctx: Context, /, title: str) -> Plan[list[Task]]:
        return sql("SELECT id, title FROM task WHERE title = $1", title)


@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /, title: str) -> Plan[Task]:
        return sql("INSERT INTO task (title) VALUES ($1) RETURNING id, title", title)


@dataclass
class Schema:
    query: Query
    mutation: Mutation
`;

let folder: string;
let database: PostgresDatabase;
let drop: () => Promise<void>;
let flags: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-check-documents-"));
  await writeFile(join(folder, "schema.py"), schema);
  await writeFile(
    join(folder, "tasks.graphql"),
    'query Tasks($title: String!) { tasks(title: $title) { id notes { body } } }\nmutation Add { add(title: "a") { id } }',
  );
  const created = await createTestDatabase();
  drop = created.drop;
  database = await openTestDatabase(created.url);
  await database.run(`
    CREATE TABLE task (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL);
    CREATE INDEX by_title ON task (title);
    CREATE TABLE note (id int PRIMARY KEY, body text NOT NULL, task_id int NOT NULL);
    CREATE INDEX by_task ON note (task_id);
  `);
  flags = ["--schema", "schema.py", "--database-url", created.url];
  expect((await run("documents", "build", "*.graphql")).stdout).toBe("manifest.json: 2 operations\n");
  expect(await check("--update")).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("✓ Tasks") });
});

afterAll(async () => {
  await database.close();
  await drop();
  await rm(folder, { recursive: true });
});

const run = (...args: string[]): Promise<Outcome> => runCommand(args, { cwd: folder });
const check = (...args: string[]) => run(...flags, "schema", "check", "--documents", "manifest.json", ...args);

/** Runs with another schema. */
async function checkWith(change: (text: string) => string, ...args: string[]): Promise<Outcome> {
  await writeFile(join(folder, "schema.py"), change(schema));
  try {
    return await check(...args);
  } finally {
    await writeFile(join(folder, "schema.py"), schema);
  }
}

test("what operations take is kept beside the manifest, and is the same the next time", async () => {
  expect(JSON.parse(await readFile(join(folder, "manifest.plans.json"), "utf8"))).toEqual({
    version: 1,
    operations: { Add: null, Tasks: { statements: 1, called: [], whole: [] } },
  });
  const { code, stdout } = await check();
  expect(stdout).toBe(
    "✓ Add: checked; what it takes can't be told without a request\n" +
      "✓ Tasks: 1 statement; no call of Python\n" +
      "2 operations, none of them worse than before\n",
  );
  expect(code).toBe(0);
});

test.each<readonly [what: string, change: (text: string) => string, said: string]>([
  [
    "an operation that broke",
    (text) => text.replaceAll("body", "text"),
    'Tasks: Cannot query field "body" on type "Note".',
  ],
  [
    "a plan that is not kept any more",
    (text) => text.replace("    @graphql.pure\n    def tasks", "    def tasks"),
    "Tasks: Query.tasks is called at each request, and its plan was kept",
  ],
  [
    "a statement more",
    (text) => text.replace('WHERE task_id = ANY($1)"', 'WHERE task_id = ANY($1) FOR KEY SHARE"'),
    "Tasks: takes 2 statements of SQL, and took 1",
  ],
])("%s fails the check", async (_what, change, said) => {
  const { code, stdout } = await checkWith(change);
  expect(stdout).toContain(`✗ ${said}`);
  expect(code).toBe(1);
});

test("an operation that lost its index fails the check, until that is taken for granted", async () => {
  await database.run("DROP INDEX by_task");
  const { code, stdout } = await check();
  expect(stdout).toContain("✗ Tasks: reads note without an index, and read it by one");
  expect(code).toBe(1);
  expect((await check("--update")).code).toBe(0);
  expect((await check()).stdout).toContain("✓ Tasks: 1 statement; no call of Python; reads note without an index");
  await database.run("CREATE INDEX by_task ON note (task_id)");
  expect((await check("--update")).code).toBe(0);
});

const auth = `
    @staticmethod
    def auth(headers: dict[str, str]) -> dict[str, str]:
        if headers.get("authorization") != "Bearer secret":
            raise PermissionDenied(401, "Log in first")
        return {"name": "ada"}
`;

test("a schema with auth is asked on behalf of whom the token names", async () => {
  const asNobody = await checkWith((text) => text + auth);
  expect(asNobody.stdout).toContain("auth lets nobody in without credentials");
  expect(asNobody.code).toBe(0);
  const asAda = await checkWith((text) => text + auth, "--auth-token", "secret");
  expect(asAda.stdout).toContain("✓ Tasks: 1 statement");
});

test("without a manifest there is nothing to check", async () => {
  const { code, stderr } = await run(...flags, "schema", "check", "--documents");
  expect(stderr).toContain("schema default has no manifest of trusted documents");
  expect(code).toBe(1);
});
