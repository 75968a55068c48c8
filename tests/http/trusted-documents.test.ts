/** Trusted documents on a real server: how clients name them, and what else is let in. */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { TrustedDocuments } from "../../gateway/documents/trusted-documents.ts";
import { ask, type Request } from "../support/servers/ask.ts";
import { planner, startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

const hashOf = (query: string) => createHash("sha256").update(query).digest("hex");

const greet = "query Greet($n: String) { hello(name: $n) }";
const several = "query A { hello } query B { token }";
const stored = {
  [hashOf(greet)]: greet,
  relay: several,
  ticks: "subscription Ticks { ticks(count: 1) }",
  m: "mutation M { count }",
};

const folder = await mkdtemp(join(tmpdir(), "puff-trusted-"));
await writeFile(join(folder, "manifest.json"), JSON.stringify(stored));

async function start(only: boolean) {
  const trusted = await TrustedDocuments.read(join(folder, "manifest.json"), only);
  const api = {
    ...{ url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, explain: null },
    planner: () => planner,
    trusted: () => trusted,
  };
  return await startReferenceServer({ apis: [api] });
}

const strict = await start(true);
const open = await start(false);
afterAll(async () => {
  await Promise.all([strict.close(), open.close(), rm(folder, { recursive: true })]);
});

const byHash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const get = (body: object): Request => {
  const search = Object.entries(body).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { url: `/graphql?${new URLSearchParams(search as [string, string][])}` };
};

describe.each([
  ["documents_only", strict],
  ["other documents, too", open],
])("%s", (_what, server) => {
  test.each<readonly [how: string, body: object, data: object]>([
    ["Apollo's hash", { ...byHash(hashOf(greet)), variables: { n: "a" } }, { hello: "Hello, a!" }],
    ["an id that is not a hash", { ...byHash("relay"), operationName: "A" }, { hello: "Hello, world!" }],
    ["an id alone", { extensions: { persistedQuery: "relay" }, operationName: "A" }, { hello: "Hello, world!" }],
    ["documentId", { documentId: "relay", operationName: "A" }, { hello: "Hello, world!" }],
    ["Relay's doc_id", { doc_id: "relay", operationName: "B" }, { token: null }],
    ["doc_id with an empty query", { doc_id: "relay", query: "", operationName: "B" }, { token: null }],
    ["its text", { query: greet, variables: { n: "b" } }, { hello: "Hello, b!" }],
    ["its text with its hash", { query: greet, ...byHash(hashOf(greet)) }, { hello: "Hello, world!" }],
  ])("a document is named by %s", async (_how, body, data) => {
    for (const request of [{ body }, get(body)]) {
      const answer = await ask(server, request);
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { data }]);
    }
  });

  test("a mutation and a subscription have ids, too", async () => {
    expect((await ask(server, { body: { documentId: "m" } })).body).toContain('{"data":{"count":');
    expect((await ask(server, get({ documentId: "m" }))).status).toBe(405);
    const headers = { accept: "text/event-stream" };
    expect((await ask(server, { ...get({ documentId: "ticks" }), headers })).body).toContain('{"data":{"ticks":1}}');
  });

  test("an unknown id is told", async () => {
    for (const body of [{ documentId: "unknown" }, { doc_id: "__proto__" }]) {
      const answer = await ask(server, { body });
      expect([answer.status, JSON.parse(answer.body).errors]).toEqual([
        403,
        [
          {
            message: expect.stringContaining("no trusted document has the id"),
            extensions: { code: "PUFF_DOCUMENT_NOT_TRUSTED" },
          },
        ],
      ]);
    }
  });

  test.each([[{}], [{ doc_id: null }]])("%j names nothing", async (body) => {
    const answer = await ask(server, { body });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('\\"query\\" is missing');
  });

  test("an id of another type is refused", async () => {
    const answer = await ask(server, { body: { documentId: 7 } });
    expect(answer.body).toContain('\\"documentId\\" must be a string, but it is a number');
  });
});

const outside: readonly (readonly [what: string, body: object])[] = [
  ["a text", { query: "{ hello }" }],
  ["a text that differs by a space", { query: `${greet} ` }],
  ["introspection", { query: "{ __schema { queryType { name } } }" }],
  ["a text with the id of another", { documentId: "relay", query: "{ hello }" }],
  ["a text with its own hash", { query: "{ hello }", ...byHash(hashOf("{ hello }")) }],
  ["an unknown hash", byHash(hashOf("{ hello }"))],
  ["a syntax error", { query: "{" }],
];

test.each(outside)("documents_only refuses %s, and says nothing of the schema", async (_what, body) => {
  for (const request of [{ body }, get(body)]) {
    const answer = await ask(strict, request);
    expect([answer.status, JSON.parse(answer.body).errors]).toMatchObject([
      403,
      [{ extensions: { code: "PUFF_DOCUMENT_NOT_TRUSTED" } }],
    ]);
  }
});

test("without documents_only, other documents and hashes are served beside them", async () => {
  expect((await ask(open, { body: { query: "{ hello }" } })).body).toContain("Hello, world!");
  const hash = byHash(hashOf("{ hello }"));
  expect((await ask(open, { body: hash })).body).toContain("PERSISTED_QUERY_NOT_FOUND");
  expect((await ask(open, { body: { query: "{ hello }", ...hash } })).status).toBe(200);
  expect((await ask(open, { body: hash })).body).toContain("Hello, world!");
});

test("documents_only holds on a WebSocket and on an event stream", async () => {
  const socket = await new TestSocket(`${strict.url}/graphql`).connected();
  onTestFinished(() => socket.socket.terminate());
  const send = async (id: string, payload: object) => {
    socket.send({ id, type: "subscribe", payload });
    await socket.until(({ messages }) => messages.some((message) => message.id === id));
    return socket.messages.find((message) => message.id === id);
  };
  const refused = { type: "error", payload: [{ extensions: { code: "PUFF_DOCUMENT_NOT_TRUSTED" } }] };
  expect(await send("a", { query: "{ hello }" })).toMatchObject(refused);
  expect(await send("b", { query: "", extensions: { persistedQuery: "unknown" } })).toMatchObject(refused);
  expect(await send("c", { query: "", extensions: { persistedQuery: "ticks" } })).toMatchObject({
    type: "next",
    payload: { data: { ticks: 1 } },
  });
  const headers = { accept: "text/event-stream" };
  const answer = await ask(strict, { body: { query: "subscription { ticks(count: 1) }" }, headers });
  expect([answer.status, answer.body]).toEqual([403, expect.stringContaining("PUFF_DOCUMENT_NOT_TRUSTED")]);
});
