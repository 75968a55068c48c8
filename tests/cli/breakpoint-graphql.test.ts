/** `breakpoint()` in resolvers, over each way that GraphQL is served, while files are loaded again, and where it can't ask. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";
import { openTerminal } from "../support/servers/terminal.ts";

/** Milliseconds that a request may take. */
const deadline = 3000;
const schema = (version: string) => `
from dataclasses import dataclass
from puff.graphql import Context

@dataclass
class Query:
    @classmethod
    def stop(cls, ctx: Context, /, word: str) -> str:
        breakpoint()
        return word + "${version}"

    @classmethod
    def version(cls, ctx: Context, /) -> str:
        return "${version}"

@dataclass
class Schema:
    query: Query
`;

let database: TestDatabase;
let folder: string;
let environment: { readonly [name: string]: string };

beforeAll(async () => {
  database = await createTestDatabase();
  environment = { DATABASE_URL: database.url };
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-prompts-")));
  writeFileSync(
    join(folder, "puff.toml"),
    `[[graphql]]\nschema = "schema.py"\n\n[limits]\nrequest_deadline = ${deadline}\npython_deadline = ${deadline}\n`,
  );
});

beforeEach(() => writeFileSync(join(folder, "schema.py"), schema("1")));

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

test("a prompt outlives the deadlines of an event stream and of a WebSocket's operation", async () => {
  const terminal = await openTerminal([], { cwd: folder, environment });
  const streamed = ask(terminal, {
    headers: { accept: "text/event-stream" },
    body: { query: '{ stop(word: "tea") }' },
  });
  await terminal.shown("(Pdb) ");
  await sleep(1.1 * deadline);
  terminal.type("c");
  expect((await streamed).body).toContain('{"data":{"stop":"tea1"}}');
  const socket = await new TestSocket(`${terminal.url}/graphql`).connected();
  socket.subscribe("a", '{ stop(word: "milk") }');
  await terminal.shown("(Pdb) ");
  await sleep(1.1 * deadline);
  terminal.type("c");
  await socket.until(({ messages }) => messages.length === 3);
  expect(socket.messages[1]).toMatchObject({ type: "next", payload: { data: { stop: "milk1" } } });
  socket.socket.close();
  await terminal.close();
});

test("a file saved while a prompt is open is loaded, and the prompt goes on; the new file's wait for it", async () => {
  const terminal = await openTerminal(["--watch"], { cwd: folder, environment });
  const old = ask(terminal, { body: { query: '{ stop(word: "old") }' } });
  await terminal.shown("(Pdb) ");
  writeFileSync(join(folder, "schema.py"), schema("2"));
  await terminal.shown("loaded schema.py");
  expect((await ask(terminal, { body: { query: "{ version }" } })).body).toBe('{"data":{"version":"2"}}');
  const next = ask(terminal, { body: { query: '{ stop(word: "new") }' } });
  await sleep(1.1 * deadline);
  expect(await terminal.debug("p word")).toContain("'old'");
  terminal.type("c");
  expect((await old).body).toBe('{"data":{"stop":"old1"}}');
  await terminal.shown("(Pdb) ");
  expect(await terminal.debug("p word")).toContain("'new'");
  terminal.type("c");
  expect((await next).body).toBe('{"data":{"stop":"new2"}}');
  await terminal.close();
});

test.each(["--workers", "--processes"])(
  "with %s 2 it is passed over, and that is said with the remedy",
  async (option) => {
    const terminal = await openTerminal([option, "2"], { cwd: folder, environment });
    const answer = await ask(terminal, { body: { query: '{ stop(word: "tea") }' } });
    expect(answer.body).toBe('{"data":{"stop":"tea1"}}');
    const log = await terminal.shown("--workers 1 --processes 1");
    expect(log).toContain(`breakpoint() in ${join(folder, "schema.py")}:9 is skipped: a debugger needs the terminal`);
    await terminal.close();
  },
);
