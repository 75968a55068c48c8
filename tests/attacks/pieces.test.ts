/** Bodies that come in very many pieces, each of which costs more than the bytes in it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { sendRaw } from "../support/servers/raw.ts";

const folder = mkdtempSync(join(tmpdir(), "puff-pieces-"));
writeFileSync(
  join(folder, "schema.py"),
  `
from dataclasses import dataclass
from puff.graphql import Context

@dataclass
class Query:
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"

@dataclass
class Schema:
    query: Query
`,
);
const server = await startServer({
  schemas: [{ spec: join(folder, "schema.py") }],
  wsgi: `${join(import.meta.dirname, "../support/python/wsgi_app.py")}:make()`,
  cacheFolder: sharedCache,
  environment: {},
  port: 0,
  signals: false,
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Sends a body byte by byte, in chunks, on a connection that may be kept. */
function sendPieces(path: string, body: string, end = "0\r\n\r\n"): Promise<string> {
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked`;
  const chunks = Array.from(body, (byte) => `1\r\n${byte}\r\n`).join("");
  return sendRaw(server, `${head}\r\n${end === "" ? "" : "connection: close\r\n"}\r\n${chunks}${end}`);
}

const operation = '{"query": "{ hello }"}';

describe.each([
  ["/graphql", '{"data":{"hello":"hello"}}'],
  ["/echo", operation],
])("%s", (path, answer) => {
  test("takes a body in 5,000 pieces", async () => {
    const got = await sendPieces(path, operation + " ".repeat(5_000));
    expect(got).toMatch(/^HTTP\/1\.1 200 /);
    expect(got).toContain(answer);
  });

  test.each([
    ["that ends", "0\r\n\r\n"],
    ["that goes on", ""],
  ])("refuses a body in 100,000 pieces %s, and ends the connection", async (_, end) => {
    const got = await sendPieces(path, operation + " ".repeat(100_000), end);
    expect(got).toMatch(/^HTTP\/1\.1 413 .*PUFF_BODY_TOO_LARGE/s);
    expect(got.toLowerCase()).toContain("connection: close");
  });
});

test("an application that reads nothing of such a body answers", async () => {
  expect(await sendPieces("/index", " ".repeat(5_000))).toMatch(/^HTTP\/1\.1 200 /);
});
