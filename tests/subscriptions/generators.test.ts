/** Subscriptions whose resolvers are generators in Python. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { sharedCache } from "../support/python/python.ts";
import { Ear } from "../support/servers/ear.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";

const schema = `
import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from puff import graphql, pubsub
from puff.graphql import Context, Plan, sql

@dataclass
class Room:
    id: int
    name: str

@dataclass
class Message:
    body: str
    room_id: int

    @classmethod
    def room(cls, ctx: Context, /) -> Plan[Room]:
        return sql("SELECT id, name FROM room WHERE id = ANY($1)", ctx.parents["room_id"]).on(room_id="id")

@dataclass
class Query:
    @classmethod
    def ready(cls, ctx: Context, /) -> bool:
        return True

@dataclass
class Subscription:
    @classmethod
    def messages(cls, ctx: Context, /, room_id: int) -> Iterable[Message]:
        conn = pubsub.connection()
        conn.subscribe("message")
        pubsub.publish("listening", ctx.auth)
        try:
            while message := conn.receive():
                yield Message(message.text, room_id)
        finally:
            pubsub.publish("left", ctx.auth)

    @classmethod
    def rooms(cls, ctx: Context, /) -> Iterator[list[Room]]:
        for limit in (1, 2):
            yield sql("SELECT id, name FROM room ORDER BY id LIMIT $1", limit)

    @classmethod
    async def ticks(cls, ctx: Context, /) -> AsyncIterator[int]:
        for tick in range(3):
            await asyncio.sleep(0)
            yield tick

    @classmethod
    async def clock(cls, ctx: Context, /) -> AsyncIterator[int]:
        try:
            yield 0
            await asyncio.sleep(3600)
        finally:
            pubsub.publish("left", "clock")

    @classmethod
    def wrong(cls, ctx: Context, /) -> Iterable[int]:
        yield "x"
        yield 1
        raise graphql.Error("no more of it")

    @classmethod
    def endless(cls, ctx: Context, /) -> Iterable[str]:
        count = 0
        try:
            while True:
                count += 1
                yield "x" * 100_000
        finally:
            pubsub.publish("left", str(count))

@dataclass
class Schema:
    query: Query
    subscription: Subscription

    @staticmethod
    def auth(headers):
        return headers.connection_params.get("name", "nobody")
`;

let folder: string;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  [folder, database] = await Promise.all([mkdtemp(join(tmpdir(), "puff-generators-")), createTestDatabase()]);
  await writeFile(join(folder, "schema.py"), schema);
  const opened = await openTestDatabase(database.url);
  await opened.run("CREATE TABLE room AS SELECT id, 'room ' || id AS name FROM generate_series(1, 3) AS id");
  await opened.close();
  server = await startServer({
    schemas: [{ spec: join(folder, "schema.py") }],
    databases: [{ name: "main", url: database.url }],
    port: 0,
    cacheFolder: sharedCache,
    ...engineOptions(),
  });
});

afterAll(async () => {
  await server?.close();
  await database?.drop();
  await rm(folder, { recursive: true });
});

async function connect(payload?: object): Promise<TestSocket> {
  const socket = await new TestSocket(`${server.url}/graphql`).connected(payload);
  onTestFinished(() => socket.socket.terminate());
  return socket;
}

async function hear(channel: string): Promise<Ear> {
  const ear = new Ear();
  onTestFinished(await server.app.puff.pubsub.subscribe(channel, ear));
  return ear;
}

/** Everything that a subscription answers until it is complete. */
async function answersTo(query: string): Promise<unknown[]> {
  const socket = await connect();
  socket.subscribe("s", `subscription { ${query} }`);
  await socket.until(({ messages }) => messages.at(-1)?.type === "complete");
  return socket.messages.slice(1, -1).map(({ payload }) => payload);
}

test("what is received is yielded to each subscriber, with SQL below it, and who leaves ends the generator", async () => {
  const [listening, left] = [await hear("listening"), await hear("left")];
  const [ada, grace] = [await connect({ name: "Ada" }), await connect({ name: "Grace" })];
  const query = "subscription ($id: Int!) { messages(room_id: $id) { body room { name } } }";
  ada.subscribe("s", query, { id: 1 });
  grace.subscribe("s", query, { id: 2 });
  await listening.until(({ heard }) => heard.length === 2);
  const { pubsub } = server.app.puff;
  await pubsub.publish("message", "one");
  await pubsub.publish("message", "two");
  for (const [socket, name] of [
    [ada, "room 1"],
    [grace, "room 2"],
  ] as const) {
    await socket.until(({ messages }) => messages.length === 3);
    expect(socket.messages.slice(1)).toEqual(
      ["one", "two"].map((body) => ({
        ...{ id: "s", type: "next" },
        payload: { data: { messages: { body, room: { name } } } },
      })),
    );
  }
  ada.send({ id: "s", type: "complete" });
  await left.until(({ heard }) => heard.length === 1);
  grace.socket.terminate();
  await left.until(({ heard }) => heard.length === 2);
  expect(left.heard).toEqual(["left: Ada", "left: Grace"]);
});

test("plans are yielded, too, and a generator that ends completes the subscription", async () => {
  expect(await answersTo("rooms { name }")).toEqual([
    { data: { rooms: [{ name: "room 1" }] } },
    { data: { rooms: [{ name: "room 1" }, { name: "room 2" }] } },
  ]);
});

test("async generators are iterated over, and ended", async () => {
  expect(await answersTo("ticks")).toEqual([0, 1, 2].map((ticks) => ({ data: { ticks } })));
  const left = await hear("left");
  const socket = await connect();
  socket.subscribe("s", "subscription { clock }");
  await socket.until(({ messages }) => messages.length === 2);
  socket.send({ id: "s", type: "complete" });
  await left.until(({ heard }) => heard.length === 1);
  expect(left.heard).toEqual(["left: clock"]);
});

test("a value that does not fit is that answer's error; what is raised is the last answer", async () => {
  expect(await answersTo("wrong")).toMatchObject([
    { data: null, errors: [{ path: ["wrong"], extensions: { code: "PUFF_VALUE_INVALID" } }] },
    { data: { wrong: 1 } },
    { data: null, errors: [{ message: "no more of it", path: ["wrong"] }] },
  ]);
});

test("as server-sent events likewise", async () => {
  const response = await fetch(`${server.url}/graphql?query=subscription{ticks}`, {
    headers: { accept: "text/event-stream" },
  });
  const next = [0, 1, 2].map((ticks) => `event: next\ndata: {"data":{"ticks":${ticks}}}\n\n`);
  expect(await response.text()).toBe(`:\n\n${next.join("")}event: complete\ndata:\n\n`);
  const left = await hear("left");
  const abort = new AbortController();
  const endless = await fetch(`${server.url}/graphql?query=subscription{clock}`, {
    headers: { accept: "text/event-stream" },
    signal: abort.signal,
  });
  const reader = endless.body?.getReader();
  for (let text = ""; !text.includes("clock"); ) {
    text += Buffer.from((await reader?.read())?.value ?? []);
  }
  abort.abort();
  await left.until(({ heard }) => heard.length === 1);
  expect(left.heard).toEqual(["left: clock"]);
});

test("a client that reads nothing makes the generator wait", async () => {
  const left = await hear("left");
  const [slow, other] = [await connect(), await connect()];
  slow.subscribe("s", "subscription { endless }");
  await slow.until(({ messages }) => messages.length > 2);
  slow.socket.pause();
  other.subscribe("s", "subscription { endless }");
  await other.until(({ messages }) => messages.length > 1_000); // as many as would have been made for the first
  const received = slow.messages.length;
  slow.socket.terminate();
  await left.until(({ heard }) => heard.length === 1);
  const count = Number(left.heard[0]?.replace("left: ", ""));
  expect(count - received).toBeLessThan(500); // what the operating system's buffers hold
});
