/** `schema check --indexes` and `doctor`: which indexes the collections of a schema want. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { runCommand } from "../support/servers/command.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const schema = `
from dataclasses import dataclass

from puff import graphql
from puff.graphql import Context, Plan, auto, sql


@dataclass
class Note:
    id: int
    body: str


@dataclass
class Task:
    id: int
    title: str

    @classmethod
    @graphql.paged(key="id")
    def notes(cls, ctx: Context, /) -> Plan[list[Note]]:
        return sql("SELECT id, body, task_id FROM note WHERE task_id = ANY($1)", ctx.parents["id"]).on(id="task_id")


@graphql.filter_type(Task, lookups={"title": ["exact", "i_contains"]})
class TaskFilter:
    title: auto


@graphql.order_type(Task)
class TaskOrder:
    title: auto


@dataclass
class Query:
    @classmethod
    @graphql.paged(filters=TaskFilter, ordering=TaskOrder, key="id")
    @graphql.pure
    def tasks(cls, ctx: Context, /) -> Plan[list[Task]]:
        return sql("SELECT id, title FROM task")


@dataclass
class Schema:
    query: Query
`;

let folder: string;
let database: PostgresDatabase;
let drop: () => Promise<void>;
let flags: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-indexes-"));
  await writeFile(join(folder, "schema.py"), schema);
  const created = await createTestDatabase();
  drop = created.drop;
  database = await openTestDatabase(created.url);
  await database.run(`
    CREATE TABLE task (id int PRIMARY KEY, title text NOT NULL);
    CREATE TABLE note (id int PRIMARY KEY, body text NOT NULL, task_id int NOT NULL REFERENCES task);
  `);
  flags = ["--schema", "schema.py", "--database-url", created.url, "--port", "0"];
});

afterAll(async () => {
  await database.close();
  await drop();
  await rm(folder, { recursive: true, force: true });
});

test("schema check names what is not served and the statements, and exits with 1", async () => {
  const { code, stdout, stderr } = await runCommand(["schema", "check", "--indexes", ...flags], { cwd: folder });
  expect(stderr).toBe("");
  expect(stdout.split("\n")).toEqual([
    "✗ Query.tasks(filters.title.exact): reads all of task",
    "  Query.tasks(ordering.title): sorts all rows by task.title, task.id",
    "    CREATE INDEX ON task (title, id);",
    "✗ Query.tasks(filters.title.iContains): reads all of task",
    "    CREATE EXTENSION IF NOT EXISTS pg_trgm;",
    "    CREATE INDEX ON task USING gin ((upper(title)) gin_trgm_ops);",
    "✗ Task.notes: reads all of note for each parent",
    "    CREATE INDEX ON note (task_id, id);",
    "3 missing indexes; of filters, orders and pages 1 served, 0 without a known index, 0 not checked",
    "",
  ]);
  expect(code).toBe(1);
});

test("doctor warns of them", async () => {
  const { code, stdout } = await runCommand(["doctor", ...flags], { cwd: folder });
  expect(stdout).toContain("! indexes        3 missing indexes; of filters, orders and pages 1 served");
  expect(stdout).toContain("\n        CREATE INDEX ON note (task_id, id);\n");
  expect(stdout).toContain("All is well.");
  expect(code).toBe(0);
});

test("with the indexes, all is served, and the exit code is 0", async () => {
  await database.run(`
    CREATE INDEX ON note (task_id, id);
    CREATE INDEX ON task (title, id);
    CREATE EXTENSION pg_trgm;
    CREATE INDEX ON task USING gin (upper(title) gin_trgm_ops);
  `);
  expect(await runCommand(["schema", "check", "--indexes", ...flags], { cwd: folder })).toEqual({
    ...{ code: 0, stderr: "" },
    stdout: "0 missing indexes; of filters, orders and pages 5 served, 0 without a known index, 0 not checked\n",
  });
});

test("schema check without a file and without --indexes says what it can check", async () => {
  const { code, stderr } = await runCommand(["schema", "check", ...flags], { cwd: folder });
  expect(stderr).toContain("schema check has nothing to check");
  expect(stderr).toContain("Name a file with an older schema, or add --indexes or --documents.");
  expect(code).toBe(1);
});
