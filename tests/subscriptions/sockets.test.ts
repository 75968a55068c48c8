/** graphql-transport-ws on a real server: what is answered, and each code with which a socket is closed. */
import { createClient } from "graphql-ws";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { Subscribers } from "../../gateway/http/sockets/subscribers.ts";
import type { Planner } from "../../planner/index.ts";
import { planner, silences, startReferenceServer } from "../support/servers/http.ts";
import { type SocketOptions, TestSocket } from "../support/servers/socket.ts";

const apis = [
  { url: "/graphql", playgroundUrl: null, subscriptionsUrl: "/subscriptions/", planner: () => planner, explain: null },
];
const server = await startReferenceServer({ apis });
afterAll(() => server.close());

function connect(path = "/graphql", options: SocketOptions = {}): TestSocket {
  const socket = new TestSocket(server.url + path, options);
  onTestFinished(() => socket.socket.terminate());
  return socket;
}

test.each(["/graphql", "/graphql/", "/subscriptions", "/subscriptions/?a=1"])("answers at %s", async (path) => {
  const socket = await connect(path).connected();
  socket.subscribe("a", "subscription ($n: Int!) { ticks(count: $n) }", { n: 2 });
  socket.subscribe("b", "{ hello }");
  socket.subscribe("c", "mutation { count }");
  await socket.until(({ messages }) => messages.length === 8);
  const of = (id: string) => socket.messages.filter((message) => message.id === id);
  expect(of("a")).toEqual([
    { id: "a", type: "next", payload: { data: { ticks: 1 } } },
    { id: "a", type: "next", payload: { data: { ticks: 2 } } },
    { id: "a", type: "complete" },
  ]);
  expect(of("b").map(({ type, payload }) => [type, payload])).toEqual([
    ["next", { data: { hello: "Hello, world!" } }],
    ["complete", undefined],
  ]);
  expect(of("c")[0]).toMatchObject({ type: "next", payload: { data: { count: expect.any(Number) } } });
});

test("graphql-ws's own client subscribes", async () => {
  const client = createClient({ url: `${server.url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket });
  const results: unknown[] = [];
  for await (const result of client.iterate({ query: "subscription { ticks(count: 3) }" })) {
    results.push(result);
  }
  expect(results).toEqual([1, 2, 3].map((ticks) => ({ data: { ticks } })));
  await client.dispose();
});

test("a client that completes an operation, or is gone, ends its stream", async () => {
  const socket = await connect().connected();
  const before = silences;
  socket.subscribe("a", "subscription { silence }");
  socket.subscribe("b", "subscription { silence }");
  socket.send({ type: "ping", payload: { at: 1 } });
  await socket.until(({ messages }) => messages.some(({ type }) => type === "pong"));
  expect(socket.messages.at(-1)).toEqual({ type: "pong", payload: { at: 1 } });
  socket.send({ id: "a", type: "complete" });
  await expect.poll(() => silences, { timeout: 30_000 }).toBe(before + 1);
  socket.subscribe("a", "{ hello }"); // the id is free again
  await socket.until(({ messages }) => messages.some(({ type }) => type === "complete"));
  socket.socket.terminate();
  await expect.poll(() => silences, { timeout: 30_000 }).toBe(before + 2);
});

test.each([
  [
    "what the client sent, be it among headers",
    {},
    { headers: { Authorization: "Bearer sent", "X-A": "sent" } },
    "sent",
    null,
  ],
  [
    "what the upgrade had, since a proxy may have set it",
    { authorization: "Bearer had", "x-a": "had" },
    { authorization: "Bearer sent" },
    "had",
    "had",
  ],
])("the caller is %s", async (_, headers, payload, token, header) => {
  const socket = await connect("/graphql", { headers }).connected(payload);
  socket.subscribe("a", '{ token header(name: "x-a") }');
  await socket.until(({ messages }) => messages.length === 3);
  expect(socket.messages[1]).toMatchObject({ payload: { data: { token, header } } });
});

test.each([
  ["a document with an error", "{ nothing }", 'Cannot query field "nothing" on type "Query".'],
  ["a syntax error", "{", "Syntax Error: Expected Name, found <EOF>."],
])("%s is refused by an error message, and the socket stays", async (_, query, message) => {
  const socket = await connect().connected();
  socket.subscribe("a", query);
  await socket.until(({ messages }) => messages.length === 2);
  expect(socket.messages[1]).toEqual({ id: "a", type: "error", payload: [expect.objectContaining({ message })] });
  socket.subscribe("a", "{ hello }");
  await socket.until(({ messages }) => messages.length === 4);
});

test("operations past those that one socket may have are refused", async () => {
  const socket = await connect().connected();
  for (const id of ["1", "2", "3", "4", "5", "6"]) {
    socket.subscribe(id, "subscription { silence }");
  }
  await socket.until(({ messages }) => messages.length === 2);
  expect(socket.messages[1]).toMatchObject({
    id: "6",
    type: "error",
    payload: [{ extensions: { code: "PUFF_TOO_MANY_SUBSCRIPTIONS" } }],
  });
});

test("a query that takes too long is refused at the deadline", async () => {
  const own = await startReferenceServer({ apis, deadline: 50 });
  onTestFinished(() => own.close());
  const socket = await new TestSocket(`${own.url}/graphql`).connected();
  socket.subscribe("a", "{ slow(milliseconds: 5000) }");
  await socket.until(({ messages }) => messages.length === 2);
  expect(JSON.stringify(socket.messages[1])).toContain("it took longer than 0.05 s");
  socket.socket.terminate();
});

describe("a socket is closed with", () => {
  test.each<[code: number, reason: string, misbehave: (socket: TestSocket) => unknown]>([
    [4400, "Invalid message received", (socket) => socket.send("no JSON")],
    [4400, "Invalid message received", (socket) => socket.send({ type: "unknown" })],
    [4400, "Invalid message received", (socket) => socket.send({ id: "", type: "subscribe", payload: {} })],
    [
      4400,
      "Unexpected message of type next received",
      (socket) => socket.send({ id: "a", type: "next", payload: { data: {} } }),
    ],
    [4401, "Unauthorized", (socket) => socket.subscribe("a", "{ hello }")],
    [
      4429,
      "Too many initialisation requests",
      (socket) => {
        socket.send({ type: "connection_init" });
        socket.send({ type: "connection_init" });
      },
    ],
    [
      4409,
      "Subscriber for a already exists",
      async (socket) => {
        socket.send({ type: "connection_init" });
        await socket.until(({ messages }) => messages.length === 1);
        socket.subscribe("a", "subscription { silence }");
        socket.subscribe("a", "subscription { silence }");
      },
    ],
    [4403, "Who are you?", (socket) => socket.send({ type: "connection_init", payload: { token: "wrong" } })],
    [
      4403,
      "The credentials have expired",
      (socket) => socket.send({ type: "connection_init", payload: { seconds: 0.05 } }),
    ],
    [1009, "", (socket) => socket.send(" ".repeat(20_000))],
  ])("%i %s", async (code, reason, misbehave) => {
    const socket = await connect().opened();
    await misbehave(socket);
    expect(await socket.untilClosed()).toEqual([code, reason]);
  });

  test("4406, where it does not speak the protocol", async () => {
    const socket = connect("/graphql", { protocol: "" });
    expect(await socket.untilClosed()).toEqual([4406, "Subprotocol not acceptable"]);
  });

  test("4408, where it does not begin the connection", async () => {
    const socket = await connect().opened();
    expect(await socket.untilClosed()).toEqual([4408, "Connection initialisation timeout"]);
  });

  test("4500, where the gateway itself fails", async () => {
    const broken: Planner = {
      ...planner,
      prepare() {
        throw new Error("a bug");
      },
    };
    const own = await startReferenceServer({ apis: apis.map((api) => ({ ...api, planner: () => broken })) });
    const socket = await new TestSocket(`${own.url}/graphql`).connected();
    socket.subscribe("a", "{ hello }");
    expect(await socket.untilClosed()).toEqual([4500, "Internal server error"]);
    await own.close();
  });

  test("1001, when the gateway stops", async () => {
    const own = await startReferenceServer({ apis });
    const socket = await new TestSocket(`${own.url}/graphql`).connected();
    await own.close();
    expect(await socket.untilClosed()).toEqual([1001, "The gateway stops"]);
  });
});

test("a client that sends pings and reads no pong is closed with 4413", async () => {
  const own = await startReferenceServer({ apis, bodyLimit: 100_000 });
  onTestFinished(() => own.close());
  const client = await new TestSocket(`${own.url}/graphql`).connected();
  client.socket.pause();
  const ping = JSON.stringify({ type: "ping", payload: { text: "x".repeat(90_000) } });
  // More than the buffers of both ends' operating system take.
  for (let count = 1; count <= 400; count++) {
    await new Promise((resolve) => client.socket.send(ping, resolve));
  }
  client.socket.resume();
  expect(await client.untilClosed()).toEqual([4413, expect.stringContaining("PUFF_SUBSCRIBER_SLOW")]);
});

test("a client that does not answer pings is gone", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const own = await startReferenceServer({ apis });
  const socket = await new TestSocket(`${own.url}/graphql`).connected();
  socket.socket.pong = () => undefined;
  const answering = await new TestSocket(`${own.url}/graphql`).connected();
  vi.advanceTimersByTime(12_000);
  await new Promise((resolve) => answering.socket.once("ping", resolve));
  answering.send({ type: "ping" }); // comes after the pong, so that its answer says that the pong has come
  await answering.until(({ messages }) => messages.length === 2);
  vi.advanceTimersByTime(12_000);
  vi.useRealTimers();
  expect(await socket.untilClosed()).toEqual([1006, ""]);
  expect(answering.closed).toBeNull();
  await own.close();
});

describe("an upgrade is refused", () => {
  test.each<[status: number, path: string, headers: { [name: string]: string }]>([
    [404, "/nothing", {}],
    [403, "/graphql", { origin: "https://evil.example" }],
    [403, "/graphql", { origin: "null" }],
    [101, "/graphql", { origin: server.url }],
  ])("with %i at %s for %j", async (status, path, headers) => {
    const socket = connect(path, { headers });
    if (status === 101) {
      await socket.connected();
    } else {
      expect(await socket.untilClosed()).toEqual([status, ""]);
    }
  });

  test.each<[cors: string, origin: string, status: number]>([
    ["*", "https://evil.example", 403],
    ["*", "null", 403],
    ["*", "*", 403],
    ["*,https://app.example", "https://app.example", 101],
    ["*,https://app.example", "https://evil.example", 403],
    ["https://app.example", "http://app.example", 403],
    ["https://app.example", "https://app.example:444", 403],
    ["https://app.example", "https://app.example.evil.example", 403],
    ["https://app.example", "https://evilapp.example", 403],
    ["https://app.example", "file://", 403],
  ])("where pages of %s may call it, to a page of %s: %i", async (cors, origin, status) => {
    const own = await startReferenceServer({ apis, corsOrigins: cors.split(",") });
    onTestFinished(() => own.close());
    const socket = new TestSocket(`${own.url}/graphql`, { headers: { origin, cookie: "a=b" } });
    onTestFinished(() => socket.socket.terminate());
    if (status === 101) {
      await socket.connected();
    } else {
      expect(await socket.untilClosed()).toEqual([status, ""]);
    }
  });

  test("with 503 past the subscribers that the process may have", async () => {
    const own = await startReferenceServer({
      apis,
      subscribers: new Subscribers(1, 25),
      corsOrigins: ["https://app.example"],
    });
    onTestFinished(() => own.close());
    const headers = { origin: "https://app.example" };
    const first = await new TestSocket(`${own.url}/graphql`, { headers }).connected();
    const second = new TestSocket(`${own.url}/graphql`);
    expect(await second.untilClosed()).toEqual([503, ""]);
    first.socket.close();
    await first.untilClosed();
    const third = await new TestSocket(`${own.url}/graphql`).connected();
    third.socket.terminate();
  });
});
