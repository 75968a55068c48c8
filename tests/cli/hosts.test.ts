/** `--allowed-hosts` and `--cors` from the command line: which hosts are served, and whose pages may open WebSockets. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeSchema } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";

const query = '    @classmethod\n    def hello(cls, ctx: Context, /) -> str: return "hello"';
const functions = `
import puff

@puff.websocket("/who")
def who(ws: puff.WebSocket) -> None:
    ws.send(ws.headers.get("cookie", "nobody"))
`;
const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-hosts-")));
let database: TestDatabase;
let serving: ServingCommand;

beforeAll(async () => {
  database = await createTestDatabase();
  writeSchema(folder, query, functions);
  const hosts = ["--allowed-hosts", "api.example", "--allowed-hosts", ".shop.example"];
  serving = await serveCommand(["--schema", "schema.py", ...hosts, "--cors", "*", "--cors", "https://app.example"], {
    cwd: folder,
    environment: { DATABASE_URL: database.url, PUFF_STATIC: "/files/=." },
  });
});

afterAll(async () => {
  await serving?.stop();
  await database.drop();
  rmSync(folder, { recursive: true });
});

test.each([
  ["api.example", 200],
  ["api.example:8443", 200],
  ["shop.example", 200],
  ["a.shop.example", 200],
  ["b.api.example", 421],
  ["evil.example", 421],
  ["localhost", 200],
  ["127.0.0.1", 200],
])("a request for %s is a %i on each route", async (host, status) => {
  const urls = ["/graphql?query={hello}", "/files/schema.py"];
  const answers = await Promise.all(urls.map((url) => ask(serving, { url, headers: { host } })));
  expect(answers.map((answer) => answer.status)).toEqual([status, status]);
  for (const { body } of status === 421 ? answers : []) {
    expect(body).toContain("PUFF_HOST_REFUSED");
  }
});

test.each([
  ["its own page", "https://api.example", true],
  ["a page of an origin that was named", "https://app.example", true],
  ["any other page", "https://evil.example", false],
  ["a page without an origin", "null", false],
  ["a page of another port", "https://api.example:444", false],
  ["no browser", null, true],
])("a WebSocket with cookies from %s: %s, opens: %s", async (_, origin, opens) => {
  const headers = { host: "api.example", cookie: "user=ada", ...(origin === null ? {} : { origin }) };
  const own = new TestSocket(`${serving.url}/who`, { protocol: "", headers });
  const graphql = new TestSocket(`${serving.url}/graphql`, { headers });
  const seen: string[] = [];
  own.socket.removeAllListeners("message").on("message", (data) => seen.push(String(data)));
  graphql.socket.on("open", () => graphql.socket.close(1000));
  expect([(await own.untilClosed())?.[0], seen]).toEqual(opens ? [1000, ["user=ada"]] : [403, []]);
  expect((await graphql.untilClosed())?.[0]).toBe(opens ? 1000 : 403);
});

test("a WebSocket for a host that is not served does not open", async () => {
  const socket = new TestSocket(`${serving.url}/who`, { protocol: "", headers: { host: "evil.example" } });
  expect((await socket.untilClosed())?.[0]).toBe(421);
});
