/** Apollo's protocol for persisted queries on a real server: over POST, GET, event streams and WebSockets. */
import { createHash } from "node:crypto";
import { createClient } from "graphql-ws";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { RoutesOptions } from "../../gateway/http/plugin.ts";
import type { Planner } from "../../planner/index.ts";
import { type Answer, ask, type Request } from "../support/servers/ask.ts";
import { planner, startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

/** Refuses the caller whose token is `stranger`. */
const strict: Planner = {
  ...planner,
  authenticate: async (caller, signal) =>
    caller.authToken === "stranger" ? { kind: "refused", response: refusal } : planner.authenticate(caller, signal),
  execute: async (operation, variables, caller, options) =>
    caller.authToken === "stranger" ? refusal : planner.execute(operation, variables, caller, options),
};
const refusal = {
  body: Buffer.from('{"errors":[{"message":"Log in first"}]}'),
  rest: null,
  executed: false,
  status: 401,
  headers: {},
};
const stranger = { authorization: "Bearer stranger" };

async function start(options: Partial<RoutesOptions> = {}) {
  const api = { url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => strict, explain: null };
  return await startReferenceServer({ apis: [api], bodyLimit: 100_000, ...options });
}

const server = await start();
const off = await start({ persistedQueryBytes: null });
const small = await start({ persistedQueryBytes: 2_000 });
afterAll(() => Promise.all([server.close(), off.close(), small.close()]));

const hashOf = (query: string) => createHash("sha256").update(query).digest("hex");
const named = (query: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(query) } } });

/** A document that no other test sends. */
const fresh = () => `{ hello(name: "${documents++}") }`;
let documents = 0;

const asPost = (body: object): Request => ({ body });
const asGet = (body: object): Request => {
  const search = Object.entries(body).map(
    ([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)] as [string, string],
  );
  return { url: `/graphql?${new URLSearchParams(search)}` };
};

const notFound = { errors: [{ message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }] };
const read = ({ status, body }: Answer) => [status, JSON.parse(body)];

describe.each([
  ["POST", asPost],
  ["GET", asGet],
])("by %s", (_method, as) => {
  test.each(["application/json", "application/graphql-response+json"])(
    "a hash is unknown, is sent with the text, and is known, as %s",
    async (accept) => {
      const query = fresh();
      const send = (body: object) => ask(server, { ...as(body), headers: { accept } });
      expect(read(await send(named(query)))).toEqual([200, notFound]);
      const answers = [await send({ query, ...named(query) }), await send(named(query))];
      for (const answer of answers) {
        expect(read(answer)).toEqual([200, { data: { hello: `Hello, ${documents - 1}!` } }]);
        expect(answer.headers["content-type"]).toContain(accept);
      }
    },
  );

  test("variables and the operation's name are those of the request", async () => {
    const query = `query A { hello(name: "a${documents++}") } query B($n: String) { hello(name: $n) }`;
    await ask(server, as({ query, operationName: "A", ...named(query) }));
    const answer = await ask(server, as({ operationName: "B", variables: { n: "b" }, ...named(query) }));
    expect(read(answer)).toEqual([200, { data: { hello: "Hello, b!" } }]);
  });

  test("no document stands under another's hash", async () => {
    const [query, other] = [fresh(), fresh()];
    const answer = await ask(server, as({ query, ...named(other) }));
    expect(read(answer)).toMatchObject([400, { errors: [{ extensions: { code: "PUFF_REQUEST_INVALID" } }] }]);
    expect(read(await ask(server, as(named(other))))).toEqual([200, notFound]);
  });

  test.each([
    ["of another version", { version: 2, sha256Hash: hashOf("{ hello }") }],
    ["without a version", { sha256Hash: hashOf("{ hello }") }],
    ["without a hash", { version: 1 }],
    ["whose hash is a number", { version: 1, sha256Hash: 7 }],
    ["whose hash is in upper case", { version: 1, sha256Hash: hashOf("{ hello }").toUpperCase() }],
    ["whose hash is a name of the prototype", { version: 1, sha256Hash: "__proto__" }],
    ["that is a text", "ecf4"],
    ["that is a list", [1]],
  ])("persistedQuery %s is refused", async (_what, persistedQuery) => {
    for (const query of [{}, { query: "{ hello }" }]) {
      const answer = await ask(server, as({ ...query, extensions: { persistedQuery } }));
      const errors = [
        {
          message: expect.stringContaining('"extensions.persistedQuery" must have "version" 1'),
          extensions: { code: "PUFF_REQUEST_INVALID" },
        },
      ];
      expect(read(answer)).toEqual([400, { errors }]);
    }
  });

  test("a document is not kept that is wrong, nor for a caller who is refused", async () => {
    const wrong = `{ nothing${documents++} }`;
    await ask(server, as({ query: wrong, ...named(wrong) }));
    expect(read(await ask(server, as(named(wrong))))).toEqual([200, notFound]);
    const query = fresh();
    const refused = { ...as({ query, ...named(query) }), headers: stranger };
    expect((await ask(server, refused)).status).toBe(401);
    expect(read(await ask(server, as(named(query))))).toEqual([200, notFound]);
  });

  test("off, a hash alone is told to come with its text, and a hash beside a text is ignored", async () => {
    const query = fresh();
    const answer = await ask(off, as(named(query)));
    const errors = [{ message: "PersistedQueryNotSupported", extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } }];
    expect(read(answer)).toEqual([200, { errors }]);
    expect(read(await ask(off, as({ query, ...named("another") })))[0]).toBe(200);
  });

  test("the least used text makes room", async () => {
    const queries = Array.from({ length: 20 }, fresh);
    for (const query of queries) {
      await ask(small, as({ query, ...named(query) }));
    }
    const known = await Promise.all(queries.map(async (query) => (await ask(small, as(named(query)))).body));
    const kept = known.map((body) => !body.includes("NOT_FOUND"));
    expect(kept.filter(Boolean).length).toBeGreaterThan(0);
    expect(kept).toEqual([...kept].sort()); // the last ones
    expect(kept).toContain(false);
    const large = `{ hello(name: "${"x".repeat(5_000)}${documents++}") }`; // more than there is room for
    expect((await ask(small, asPost({ query: large, ...named(large) }))).status).toBe(200);
    expect(read(await ask(small, as(named(large))))).toEqual([200, notFound]);
  });
});

test("a mutation's hash is refused by GET as its text is", async () => {
  const query = `mutation A${documents++} { count }`;
  await ask(server, asPost({ query, ...named(query) }));
  const answer = await ask(server, asGet(named(query)));
  expect([answer.status, answer.headers["allow"]]).toEqual([405, "POST"]);
});

test.each<readonly [what: string, request: Request]>([
  ["a response", { url: "/graphql?query={hello}" }],
  ["a response to HEAD", { url: "/graphql?query={hello}", method: "HEAD" }],
  ["an unknown hash", asGet(named("unknown"))],
  ["a document that is refused", { url: "/graphql?query={nothing}" }],
  ["a request without an operation", { url: "/graphql" }],
])("no cache may give %s to another caller", async (_what, request) => {
  expect((await ask(server, request)).headers["cache-control"]).toBe("private, no-cache");
});

test("an event stream takes a hash", async () => {
  const query = `subscription A${documents++} { ticks(count: 1) }`;
  const headers = { accept: "text/event-stream" };
  const unknown = await ask(server, { ...asPost(named(query)), headers });
  expect(read(unknown)).toEqual([200, notFound]);
  await ask(server, { ...asPost({ query, ...named(query) }), headers: { ...headers, ...stranger } });
  expect(read(await ask(server, { ...asPost(named(query)), headers }))).toEqual([200, notFound]);
  for (const body of [{ query, ...named(query) }, named(query)]) {
    const { body: events } = await ask(server, { ...asPost(body), headers });
    expect(events).toContain('data: {"data":{"ticks":1}}');
  }
});

test("a WebSocket takes a hash with an empty text, and keeps what it is sent", async () => {
  const socket = await new TestSocket(`${server.url}/graphql`).connected();
  onTestFinished(() => socket.socket.terminate());
  const query = fresh();
  const send = async (id: string, payload: object) => {
    socket.send({ id, type: "subscribe", payload });
    await socket.until(({ messages }) => messages.some((message) => message.id === id));
    return socket.messages.find((message) => message.id === id);
  };
  expect(await send("a", { query: "", ...named(query) })).toEqual({ id: "a", type: "error", payload: notFound.errors });
  expect(await send("b", { query, ...named("another") })).toMatchObject({
    type: "error",
    payload: [{ extensions: { code: "PUFF_REQUEST_INVALID" } }],
  });
  expect(await send("c", { query, ...named(query) })).toMatchObject({ type: "next" });
  expect(await send("d", { query: "", ...named(query) })).toMatchObject({ type: "next" });
  expect(read(await ask(server, asPost(named(query))))[1]).toHaveProperty("data");
});

test("graphql-ws's own client sends a hash", async () => {
  const query = fresh();
  await ask(server, asPost({ query, ...named(query) }));
  const client = createClient({ url: `${server.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket });
  onTestFinished(() => void client.dispose());
  const results: unknown[] = [];
  for await (const result of client.iterate({ query: "", ...named(query) })) {
    results.push(result);
  }
  expect(results).toEqual([{ data: { hello: `Hello, ${documents - 1}!` } }]);
});
