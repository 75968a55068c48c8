/** Refusals in the log: one form for all of them, and a bound on their lines. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { Guard } from "../../gateway/http/guard/guard.ts";
import { TrustedProxies } from "../../gateway/http/guard/proxies.ts";
import { noteSecurity } from "../../gateway/http/messages/security.ts";
import { startServer } from "../../gateway/index.ts";
import { schemaFolder, sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { sendRaw } from "../support/servers/raw.ts";
import { TestSocket } from "../support/servers/socket.ts";

const logs: { readonly [key: string]: unknown }[] = [];
const server = await startReferenceServer(
  {
    bodyLimit: 1_000,
    operationLimit: 1,
    guard: new Guard({ allowedHosts: [], proxies: new TrustedProxies(["loopback"]) }),
  },
  {
    trustProxy: ["loopback"],
    signals: false,
    logger: pino({ level: "info" }, { write: (line: string) => void logs.push(JSON.parse(line)) }),
  },
);
afterAll(() => server.close());
beforeEach(() => {
  logs.length = 0;
});

const client = { "x-forwarded-for": "203.0.113.9" };
const head = "host: localhost\r\nx-forwarded-for: 203.0.113.9\r\n";

test.each<[code: string, what: RegExp, attack: () => Promise<unknown>]>([
  [
    "PUFF_CSRF",
    /a page of another site/,
    () => ask(server, { url: "/graphql?query={hello}", headers: { ...client, origin: "https://evil.example" } }),
  ],
  [
    "PUFF_CSRF",
    /a page of https:\/\/evil\.example opens a WebSocket/,
    () => closed({ origin: "https://evil.example" }),
  ],
  ["PUFF_HOST_REFUSED", /evil\.example/, () => ask(server, { headers: { ...client, host: "evil.example" } })],
  ["PUFF_HOST_REFUSED", /evil\.example/, () => closed({ host: "evil.example" })],
  [
    "PUFF_BODY_TOO_LARGE",
    /larger than 1000 bytes/,
    () => ask(server, { body: { query: " ".repeat(2_000) }, headers: client }),
  ],
  [
    "PUFF_HEADERS_TOO_LARGE",
    /16 kB/,
    () => sendRaw(server, `GET / HTTP/1.1\r\n${head}x-a: ${"a".repeat(50_000)}\r\n\r\n`),
  ],
  ["PUFF_TOO_MANY_SUBSCRIPTIONS", /1 operations already/, subscribeTwice],
])("%s, as %s", async (code, what, attack) => {
  await attack();
  const own = await vi.waitFor(() => {
    const found = logs.filter(({ event }) => event === "security");
    expect(found).toHaveLength(1);
    return found[0];
  });
  // Before its headers are read, who asks is the peer.
  const address = code === "PUFF_HEADERS_TOO_LARGE" ? "127.0.0.1" : "203.0.113.9";
  expect(own).toMatchObject({
    level: 30,
    event: "security",
    code,
    address,
    what: expect.stringMatching(what),
    msg: "security",
  });
  expect(logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

function closed(headers: { readonly [name: string]: string }) {
  return new TestSocket(`${server.url}/graphql`, { headers: { ...client, ...headers } }).untilClosed();
}

async function subscribeTwice(): Promise<void> {
  const socket = await new TestSocket(`${server.url}/graphql`, { headers: client }).connected();
  socket.subscribe("1", "subscription { silence }");
  socket.subscribe("2", "{ hello }");
  await socket.until(({ messages }) => messages.some(({ type }) => type === "error"));
  socket.socket.terminate();
}

test("mistakes that are not attacks are not security events", async () => {
  await ask(server, { body: "no JSON" });
  await ask(server, { body: { query: "{ nothing }" } });
  await ask(server, { url: "/nowhere" });
  await ask(server, { url: "/graphql/%zz" });
  await sendRaw(server, "nonsense\r\n\r\n");
  expect(logs).toEqual([]);
});

test("a flood of refusals is ten lines in ten seconds, and one that counts the rest", async () => {
  vi.useFakeTimers();
  const lines: object[] = [];
  const log = { info: (fields: object) => void lines.push(fields) };
  let asked = 0;
  for (let count = 0; count < 1_000; count++) {
    const what = () => `${"x".repeat(1_000)}${asked++}`;
    noteSecurity(log, { code: "PUFF_TOO_DEEP", address: `203.0.113.${count % 256}`, what });
  }
  noteSecurity(log, {
    code: "PUFF_TOO_MANY_TOKENS",
    address: "203.0.113.7",
    what: () => "another is not hidden by it",
  });
  expect(lines).toHaveLength(11);
  expect(asked).toBe(10);
  expect(JSON.stringify(lines[0]).length).toBeLessThan(500);
  vi.advanceTimersByTime(10_000);
  expect(lines.slice(11)).toEqual([
    { event: "security", code: "PUFF_TOO_DEEP", address: null, what: "990 more within 10 s" },
  ]);
  noteSecurity(log, { code: "PUFF_TOO_DEEP", address: "203.0.113.7", what: () => "later" });
  expect(lines).toHaveLength(13);
  vi.useRealTimers();
});

test("what the planner refuses is told likewise: a failed authentication, limits, over HTTP and a WebSocket", async () => {
  const folder = schemaFolder(
    "    @classmethod\n    def hello(cls, ctx: Context, /) -> str:\n        return 'hello'\n",
  );
  const file = join(folder, "schema.py");
  const auth = [
    "    @staticmethod",
    "    def auth(headers: dict[str, str]) -> object:",
    "        if headers.get('authorization') != 'Bearer right':",
    "            raise graphql.PermissionDenied(401, 'Log in first')",
    "        return 1",
  ];
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${auth.join("\n")}\n`);
  const own = await startServer({
    ...{ schemas: [{ spec: file }], cacheFolder: sharedCache, environment: {}, port: 0, signals: false },
    limits: { tokens: 20 },
    logger: pino({ level: "info" }, { write: (line: string) => void logs.push(JSON.parse(line)) }),
  });
  onTestFinished(() => own.close());
  logs.length = 0;
  const long = { query: `{ ${"hello ".repeat(30)}}` };
  const right = { authorization: "Bearer right" };
  expect((await ask(own, { body: { query: "{ hello }" }, headers: right })).status).toBe(200);
  expect((await ask(own, { body: { query: "{ hello }" } })).status).toBe(401);
  await ask(own, { body: long, headers: right });
  const socket = new TestSocket(`${own.url}/graphql`);
  await socket.opened();
  socket.send({ type: "connection_init" });
  expect(await socket.untilClosed()).toEqual([4403, "Log in first"]);
  const events = logs.filter(({ event }) => event === "security");
  expect(events.map(({ code, address, what }) => [code, address, what])).toEqual([
    ["PUFF_PERMISSION_DENIED", "127.0.0.1", "Log in first"],
    ["PUFF_TOO_MANY_TOKENS", "127.0.0.1", expect.stringContaining("20")],
    ["PUFF_PERMISSION_DENIED", "127.0.0.1", "Log in first"],
  ]);
  expect(logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});
