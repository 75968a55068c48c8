/** Lists that are too large to be held, from a real Postgres through the real command to a client. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const schema = `
from dataclasses import dataclass
from puff.graphql import Context, Plan, sql

@dataclass
class Item:
    id: int
    name: str
    note: str | None = None

@dataclass
class Query:
    @classmethod
    @sql("SELECT i AS id, 'name ' || i AS name, NULL AS note FROM generate_series(1, $1) AS i", args=["count"])
    def items(cls, ctx: Context, /, count: int) -> Plan[list[Item]]: ...

    @classmethod
    @sql("SELECT i AS id, 'name' AS name, repeat('n', 200) AS note FROM generate_series(1, $1) AS i", args=["count"])
    def long_items(cls, ctx: Context, /, count: int) -> Plan[list[Item]]: ...

    @classmethod
    @sql("SELECT i FROM generate_series(1, $1) AS i", args=["count"])
    def numbers(cls, ctx: Context, /, count: int) -> Plan[list[int]]: ...

    @classmethod
    @sql("SELECT 1 / (i - $1) AS id, 'name' AS name FROM generate_series(1, 200000) AS i", args=["at"])
    def divided(cls, ctx: Context, /, at: int) -> Plan[list[Item]]: ...

    @classmethod
    @sql("SELECT i AS id, nullif('name ' || i, 'name ' || $1) AS name FROM generate_series(1, 200000) AS i", args=["at"])
    def holes(cls, ctx: Context, /, at: int) -> Plan[list[Item]]: ...

    @classmethod
    @sql("SELECT i AS id, nullif('name ' || i, 'name ' || $1) AS name FROM generate_series(1, 200000) AS i", args=["at"])
    def nullable(cls, ctx: Context, /, at: int) -> Plan[list[Item | None]]: ...

@dataclass
class Schema:
    query: Query
`;

let folder: string;
let test_: TestDatabase;
let database: PostgresDatabase;
let server: ServingCommand;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-streaming-"));
  test_ = await createTestDatabase();
  database = await openTestDatabase(test_.url);
  await writeFile(join(folder, "schema.py"), schema);
  // A busy machine takes its time for hundreds of megabytes.
  await writeFile(join(folder, "puff.toml"), "[limits]\nstatement_timeout = 100000\nrequest_deadline = 100000\n");
  server = await serveCommand(["--schema", "schema.py", "--database-url", test_.url], {
    cwd: folder,
  });
});

afterAll(async () => {
  await server.stop();
  await database.close();
  await test_.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Asks, and gives the answer once its head is there. */
function open(query: string, headers: { readonly [name: string]: string } = {}): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asking = request(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    asking.on("response", resolve).on("error", reject).end(JSON.stringify({ query }));
  });
}

async function ask(query: string): Promise<{ readonly data: unknown; readonly errors?: readonly object[] }> {
  return JSON.parse(await text(await open(query)));
}

const item = (id: number) => ({ id, name: `name ${id}` });
const items = (count: number) => Array.from({ length: count }, (_, index) => item(index + 1));

test("a small answer has its length at its head", async () => {
  const { headers } = await open("{ items(count: 100) { id name } }");
  expect(headers["content-length"]).toBeDefined();
  expect(headers["transfer-encoding"]).toBe(undefined);
});

describe("a large answer", () => {
  test("is the same JSON", async () => {
    const response = await open("{ items(count: 100000) { id name } }");
    expect(response.headers["transfer-encoding"]).toBe("chunked");
    expect(JSON.parse(await text(response))).toEqual({ data: { items: items(100_000) } });
  });

  test("may be of leaves, under an alias", async () => {
    const { data } = await ask("{ a: __typename n: numbers(count: 300000) z: __typename }");
    expect(data).toEqual({ a: "Query", z: "Query", n: Array.from({ length: 300_000 }, (_, index) => index + 1) });
  });

  test.each([
    ["gzip", createGunzip],
    ["zstd", createZstdDecompress],
  ])("is compressed with %s", async (encoding, decompress) => {
    const response = await open("{ items(count: 100000) { id name } }", { "accept-encoding": encoding });
    expect(response.headers["content-encoding"]).toBe(encoding);
    expect(JSON.parse(await text(response.pipe(decompress())))).toEqual({ data: { items: items(100_000) } });
  });

  test("to HEAD has no body", async () => {
    const url = `${server.url}/graphql?query=${encodeURIComponent("{ items(count: 100000) { id name } }")}`;
    const response = await fetch(url, { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("of 1,000,000 rows takes no memory that grows with it", async () => {
    for (let round = 0; round < 3; round++) {
      await ask("{ long_items(count: 50000) { id name note } }"); // what any request may take at first
    }
    const before = await memory("VmRSS");
    await writeFile(`/proc/${server.pid}/clear_refs`, "5"); // the peak is counted anew
    let bytes = 0;
    let end = "";
    for await (const chunk of await open("{ long_items(count: 1000000) { id name note } }")) {
      bytes += chunk.length;
      end = (end + chunk.toString("latin1")).slice(-60);
    }
    expect(bytes).toBeGreaterThan(200_000_000);
    expect(end).toMatch(/n"\}\]\}\}$/);
    // Garbage that is not collected yet counts, and there is more of it on a busy machine.
    expect((await memory("VmHWM")) - before).toBeLessThan(bytes / 2);
  });

  test("waits for its client, and Postgres with it; a client that goes ends the statement", async () => {
    const response = await open("{ items(count: 1000000) { id name note } }");
    await expect.poll(waits).toEqual(["ClientWrite"]);
    response.destroy();
    await expect.poll(waits).toEqual([]);
    expect(await ask("{ items(count: 1) { id name } }")).toEqual({ data: { items: items(1) } });
  });
});

describe("what fails before the first byte is sent", () => {
  test("is an error like any other: SQL", async () => {
    const { data, errors } = await ask("{ divided(at: 10) { id } }");
    expect({ data, errors }).toMatchObject({ data: null, errors: [{ path: ["divided"], extensions: {} }] });
  });

  test("is an error like any other: null if none may be", async () => {
    expect(await ask("{ holes(at: 10) { id name } }")).toMatchObject({
      data: null,
      errors: [{ path: ["holes", 9, "name"], extensions: { code: "PUFF_NULL_IN_NON_NULL" } }],
    });
  });
});

describe("what fails after bytes were sent", () => {
  test.each([
    ["an SQL error", "{ divided(at: 150000) { id name } }", "division by zero"],
    ["null if none may be", "{ holes(at: 150000) { id name } }", "Cannot return null for non-nullable field Item.name"],
    ["too many rows", "{ numbers(count: 1000001) }", "more than 1000000 rows"],
  ])("breaks the connection: %s", async (_, query, cause) => {
    for (const headers of [{}, { "accept-encoding": "gzip" }]) {
      const response = await open(query, headers);
      expect(response.statusCode).toBe(200);
      await expect(text(response)).rejects.toThrow("aborted");
      expect(await server.printed("PUFF_ANSWER_BROKEN")).toBeDefined();
      expect(server.output()).toContain(cause);
    }
  });

  test("is told at the end where null may stand in its place", async () => {
    const { data, errors } = await ask("{ nullable(at: 150000) { id name } }");
    expect(data).toEqual({ nullable: items(200_000).map((each) => (each.id === 150_000 ? null : each)) });
    expect(errors).toMatchObject([
      { path: ["nullable", 149_999, "name"], extensions: { code: "PUFF_NULL_IN_NON_NULL" } },
    ]);
  });
});

/** What the statements of large answers wait for. */
async function waits(): Promise<(string | null)[]> {
  const rows = await database.query({
    text: "SELECT wait_event FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%generate_series%' AND pid <> pg_backend_pid() AND datname = current_database()",
    params: [],
  });
  return Array.from({ length: rows.count }, (__, row) => {
    rows.seek(row);
    return rows.isNull(0) ? null : rows.text(0);
  });
}

/** Bytes of the server's process, as Linux counts them. */
async function memory(name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${server.pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}
