/** Clients that bend graphql-transport-ws: what they complete, use twice, or never read. */
import type { Socket } from "node:net";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { planner, startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

const apis = [{ url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => planner, explain: null }];
const server = await startReferenceServer({ apis });
afterAll(() => server.close());

async function connected(url = server.url): Promise<TestSocket> {
  const socket = await new TestSocket(`${url}/graphql`).connected();
  onTestFinished(() => socket.socket.terminate());
  return socket;
}

const slow = (milliseconds: number) => `{ slow(milliseconds: ${milliseconds}) }`;

test.each<[name: string, first: string]>([
  ["a query that runs", slow(50)],
  ["a query that fails", "{ fail slow(milliseconds: 20) }"],
  ["a query that never ends", "{ stuck }"],
  ["a subscription", "subscription { silence }"],
  ["a refused document", "{ nothing }"],
  ["a syntax error", "{"],
])("%s that was completed sends nothing, and its id is free at once", async (_, first) => {
  for (const wait of [false, true]) {
    const socket = await connected();
    socket.subscribe("1", first);
    if (wait) {
      socket.send({ type: "ping" });
      await socket.until(({ messages }) => messages.some(({ type }) => type === "pong"));
    }
    socket.send({ id: "1", type: "complete" });
    const before = socket.messages.length;
    socket.subscribe("1", "{ hello }");
    socket.subscribe("2", slow(150));
    await socket.until(({ messages }) => messages.some(({ id, type }) => id === "2" && type === "complete"));
    const after = socket.messages.slice(before).filter(({ id }) => id === "1");
    // What was refused at once may have been told before its client completed it.
    expect(after.filter(({ type }) => type !== "error")).toEqual([
      { id: "1", type: "next", payload: { data: { hello: "Hello, world!" } } },
      { id: "1", type: "complete" },
    ]);
    if (!/^\{( nothing|$)/.test(first)) {
      expect(after).toHaveLength(2);
    }
  }
});

test("one id again and again, all in one packet, answers the last", async () => {
  const socket = await connected();
  const stream = streamOf(socket);
  stream.cork();
  for (let count = 0; count < 50; count++) {
    socket.subscribe("1", slow(10 + count));
    socket.send({ id: "1", type: "complete" });
  }
  socket.subscribe("1", '{ hello(name: "last") }');
  stream.uncork();
  socket.subscribe("2", slow(200));
  await socket.until(({ messages }) => messages.some(({ id, type }) => id === "2" && type === "complete"));
  expect(socket.messages.filter(({ id }) => id === "1").map(({ type, payload }) => [type, payload])).toEqual([
    ["next", { data: { hello: "Hello, last!" } }],
    ["complete", undefined],
  ]);
});

test("operations that were completed and still run are counted", async () => {
  const socket = await connected();
  for (let count = 0; count < 5; count++) {
    socket.subscribe("1", "{ stuck }");
    socket.send({ id: "1", type: "complete" });
  }
  socket.subscribe("1", "{ hello }");
  await socket.until(({ messages }) => messages.length === 2);
  expect(socket.messages[1]).toMatchObject({
    type: "error",
    payload: [{ extensions: { code: "PUFF_TOO_MANY_SUBSCRIPTIONS" } }],
  });
});

test("a binary message is refused with 4400", async () => {
  const socket = await connected();
  socket.socket.send(Buffer.from(JSON.stringify({ type: "ping" })));
  expect(await socket.untilClosed()).toEqual([4400, "A binary message: send JSON as text"]);
});

test("a client that floods with ping frames and reads no pong is cut off", async () => {
  const socket = await connected();
  const stream = streamOf(socket);
  stream.pause();
  stream.on("error", () => undefined);
  const closed = new Promise<true>((resolve) => stream.once("close", () => resolve(true)));
  const ping = Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)]);
  const many = Buffer.concat(Array.from({ length: 8_000 }, () => ping));
  let isClosed = false;
  // More than the buffers of both ends' operating system take.
  for (let count = 0; count < 60 && !isClosed; count++) {
    const written = new Promise<false>((resolve) => stream.write(many, () => resolve(false)));
    isClosed = await Promise.race([written, closed]);
  }
  await closed;
});

/** The connection below a socket. */
function streamOf({ socket }: TestSocket): Socket {
  return (socket as unknown as { readonly _socket: Socket })._socket; // ws keeps it there
}
