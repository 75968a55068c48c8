/** Python that breaks its interpreter's memory: the process goes on, and so do the requests of others. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "../support/servers/ask.ts";
import { serveCommand } from "../support/servers/command.ts";
import { createTestDatabase } from "../support/servers/postgres.ts";

const schema = `
import ctypes
from dataclasses import dataclass

from puff.graphql import Context


@dataclass
class Query:
    @classmethod
    def pid(cls, ctx: Context, /) -> int:
        return len("here")

    @classmethod
    def out_of_bounds(cls, ctx: Context, /) -> str:
        return repr(ctypes.c_double.from_address(0xFFFFFFF0).value)

    @classmethod
    def copies_out_of_bounds(cls, ctx: Context, /) -> str:
        return repr(ctypes.string_at(0xFFFFFFF0, 4))

    @classmethod
    def wrong_function(cls, ctx: Context, /) -> int:
        return ctypes.CFUNCTYPE(ctypes.c_int)(0xFFFFFFF)()


@dataclass
class Schema:
    query: Query
`;

test.each([
  [["out_of_bounds", "copies_out_of_bounds", "wrong_function"], []],
  [["out_of_bounds"], ["--processes", "2"]],
])("%j end the interpreter alone: %j", async (fields, args) => {
  const folder = await mkdtemp(join(tmpdir(), "puff-trap-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "schema.py"), schema);
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const environment = { DATABASE_URL: database.url };
  const serving = await serveCommand(["--schema", "schema.py", "--workers", "2", ...args], {
    cwd: folder,
    environment,
  });
  onTestFinished(() => serving.kill());
  for (const field of fields) {
    const died = await ask(serving, { body: { query: `{ ${field} }` } });
    expect(died.body).toContain("PUFF_INTERPRETER_DIED");
    expect(JSON.parse((await ask(serving, { body: { query: "{ pid }" } })).body)).toEqual({ data: { pid: 4 } });
  }
  const { code, stdout } = await serving.stop();
  expect(code).toBe(0);
  expect(stdout).toContain("an interpreter ended and is replaced: ");
});
