/** Subscriptions over two gateways and a Redis, of which each may go away. */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { type ServingCommand, serveCommand } from "../support/servers/command.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../support/servers/redis.ts";
import { TestSocket } from "../support/servers/socket.ts";

const schema = `
from dataclasses import dataclass

from puff import graphql
from puff.graphql import Context, PermissionDenied, Plan, Stream, sql

@dataclass
class Author:
    id: int
    name: str

@dataclass
class Comment:
    id: int
    body: str

    @classmethod
    def author(cls, ctx: Context, /) -> Plan[Author]:
        return sql("SELECT id, name FROM author WHERE id = ANY($1)", ctx.parents["author_id"]).on(author_id="id")

@dataclass
class Query:
    @classmethod
    def me(cls, ctx: Context, /) -> str:
        return ctx.auth

@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /, body: str) -> Plan[Comment]:
        return sql("INSERT INTO comment (body, author_id) VALUES ($1, 1) RETURNING id, body, author_id", body)

@dataclass
class Subscription:
    @classmethod
    def comment(cls, ctx: Context, /) -> Stream[Comment]:
        return graphql.on("comment", sql("SELECT id, body, author_id FROM comment WHERE id = $1", ctx.event["id"]))

    @classmethod
    def count(cls, ctx: Context, /) -> Stream[int]:
        return graphql.live(sql("SELECT count(*)::int FROM comment"), on="comment")

    @classmethod
    def noted(cls, ctx: Context, /) -> Stream[Comment]:
        return graphql.on_notify("comment", sql("SELECT id, body, author_id FROM comment WHERE id = $1", ctx.event))

    @classmethod
    def text(cls, ctx: Context, /) -> Stream[str]:
        return graphql.on("text")

    @classmethod
    def newest(cls, ctx: Context, /) -> Stream[str]:
        return graphql.on("text", latest=True)

@dataclass
class Schema:
    query: Query
    mutation: Mutation
    subscription: Subscription

    @staticmethod
    def auth(headers):
        if headers.get("authorization") == "Bearer wrong":
            raise PermissionDenied(403, "Who are you?")
        return headers.connection_params.get("name", "nobody")
`;

describe.runIf(hasRedis)("two gateways on one Redis", () => {
  let folder: string;
  let database: TestDatabase;
  let redis: TestRedis;
  /** In this process. */
  let near: RunningServer;
  /** In one of its own. */
  let far: ServingCommand;

  beforeAll(async () => {
    [folder, database, redis] = await Promise.all([
      mkdtemp(join(tmpdir(), "puff-nodes-")),
      createTestDatabase(),
      startRedis(),
    ]);
    await writeFile(join(folder, "schema.py"), schema);
    await run("CREATE TABLE author AS SELECT 1 AS id, 'Ada' AS name");
    await run("CREATE TABLE comment (id int GENERATED ALWAYS AS IDENTITY, body text, author_id int)");
    near = await startServer({
      schemas: [{ spec: join(folder, "schema.py") }],
      databases: [{ name: "main", url: database.url }],
      redisUrl: redis.url,
      limits: { subscriberQueue: 100_000 },
      port: 0,
      cacheFolder: sharedCache,
    });
    const flags = ["--schema", "schema.py", "--database-url", database.url, "--redis-url", redis.url];
    far = await serveCommand(flags, { cwd: folder });
  });

  afterAll(async () => {
    far?.kill();
    await near?.close();
    await redis?.kill();
    await database?.drop();
    await rm(folder, { recursive: true });
  });

  async function run(script: string): Promise<void> {
    const opened = await openTestDatabase(database.url);
    await opened.run(script);
    await opened.close();
  }

  async function subscriber(url: string, query: string, payload?: object): Promise<TestSocket> {
    const socket = await new TestSocket(`${url}/graphql`).connected(payload);
    onTestFinished(() => socket.socket.terminate());
    socket.subscribe("s", `subscription { ${query} }`);
    return socket;
  }

  function publish(channel: string, payload: unknown): Promise<void> {
    return near.app.puff.pubsub.publish(channel, JSON.stringify(payload));
  }

  /** Publishes until each has been told, since nothing says when a subscription over a socket has begun. */
  async function begin(channel: string, payload: unknown, sockets: readonly TestSocket[]): Promise<void> {
    await expect
      .poll(
        async () => {
          await publish(channel, payload).catch(() => undefined);
          return sockets.every(({ messages }) => messages.some(({ type }) => type === "next"));
        },
        { timeout: 30_000 },
      )
      .toBe(true);
  }

  const last = ({ messages }: TestSocket) => JSON.stringify(messages.at(-1)?.payload ?? null);
  const answersOf = ({ messages }: TestSocket) =>
    messages.filter(({ type }) => type === "next").map(({ payload }) => JSON.stringify(payload));

  test("an event reaches the subscribers of both, with what they selected", async () => {
    await run("INSERT INTO comment (body, author_id) VALUES ('first', 1)");
    const sockets = await Promise.all(
      [near.url, far.url].map((url) => subscriber(url, "comment { body author { name } }")),
    );
    await begin("comment", { id: 1 }, sockets);
    for (const socket of sockets) {
      expect(answersOf(socket)[0]).toBe('{"data":{"comment":{"body":"first","author":{"name":"Ada"}}}}');
    }
  });

  test("what one publisher sends arrives in its order on both", async () => {
    const sockets = await Promise.all([near.url, far.url].map((url) => subscriber(url, "text")));
    await begin("text", "begin", sockets);
    const sent = Array.from({ length: 200 }, (_, index) => `${index}`);
    await Promise.all(sent.map((text) => publish("text", text)));
    for (const socket of sockets) {
      await socket.until((each) => last(each) === '{"data":{"text":"199"}}');
      const texts = answersOf(socket).filter((answer) => !answer.includes("begin"));
      expect(texts).toEqual(sent.map((text) => JSON.stringify({ data: { text } })));
    }
  });

  test("connectionParams reach Schema.auth, which can refuse the connection", async () => {
    const socket = await new TestSocket(`${near.url}/graphql`).connected({ name: "Ada" });
    socket.subscribe("a", "{ me }");
    await socket.until(({ messages }) => messages.length === 3);
    expect(socket.messages[1]).toMatchObject({ payload: { data: { me: "Ada" } } });
    socket.socket.terminate();
    const refused = await new TestSocket(`${near.url}/graphql`).opened();
    refused.send({ type: "connection_init", payload: { headers: { Authorization: "Bearer wrong" } } });
    expect(await refused.untilClosed()).toEqual([4403, "Who are you?"]);
  });

  test("a NOTIFY of the transaction that wrote is an event", async () => {
    const socket = await subscriber(near.url, "noted { body }");
    await expect
      .poll(
        async () => {
          await run(
            "WITH new AS (INSERT INTO comment (body) VALUES ('noted') RETURNING id) SELECT pg_notify('comment', id::text) FROM new",
          );
          return answersOf(socket)[0];
        },
        { timeout: 30_000 },
      )
      .toBe('{"data":{"noted":{"body":"noted"}}}');
  });

  test("a client that reads nothing is closed, and gets the newest alone where the stream says so", async () => {
    const [slow, newest, quick] = await Promise.all(
      ["text", "newest", "text"].map((field) => subscriber(near.url, field)),
    );
    if (slow === undefined || newest === undefined || quick === undefined) {
      throw new Error("there are three");
    }
    await begin("text", "begin", [slow, newest, quick]);
    slow.socket.pause();
    newest.socket.pause();
    // More than the buffers of both ends' operating system take.
    for (let count = 1; count <= 400; count++) {
      await publish("text", `${count} ${"x".repeat(50_000)}`);
      await quick.until((socket) => last(socket).startsWith(`{"data":{"text":"${count} `));
    }
    slow.socket.resume();
    newest.socket.resume();
    expect(await slow.untilClosed()).toEqual([4413, expect.stringContaining("PUFF_SUBSCRIBER_SLOW")]);
    await publish("text", "end");
    await newest.until((socket) => last(socket) === '{"data":{"newest":"end"}}');
    expect(answersOf(newest).length).toBeLessThan(400);
    expect(quick.closed).toBeNull();
  });

  test("an event stream whose client reads nothing is cut off", async () => {
    const { hostname, port } = new URL(near.url);
    const slow = connect(Number(port), hostname);
    onTestFinished(() => void slow.destroy());
    slow.on("error", () => undefined);
    let received = "";
    slow.on("data", (data) => {
      received += data;
    });
    slow.write(
      "GET /graphql?query=subscription{text} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n",
    );
    const quick = await subscriber(near.url, "text");
    await begin("text", "begin", [quick]);
    await expect.poll(() => publish("text", "begin").then(() => received), { timeout: 30_000 }).toContain("begin");
    slow.pause();
    for (let count = 1; count <= 400; count++) {
      await publish("text", `${count} ${"x".repeat(50_000)}`);
      await quick.until((socket) => last(socket).startsWith(`{"data":{"text":"${count} `));
    }
    slow.resume();
    await once(slow, "close");
    expect(received).not.toContain("event: complete");
  });

  test("Redis killed and started again: live queries catch up, and events come again", async () => {
    const sockets = await Promise.all([near.url, far.url].map((url) => subscriber(url, "count")));
    const others = await Promise.all([near.url, far.url].map((url) => subscriber(url, "text")));
    await begin("text", "begin", others);
    await Promise.all(sockets.map((socket) => socket.until((each) => answersOf(each).length === 1)));
    await redis.kill();
    const { status } = await fetch(`${far.url}/graphql?query={me}`);
    expect(status).toBe(200);
    await run("INSERT INTO comment (body) VALUES ('while Redis is away')");
    await redis.start();
    await Promise.all(sockets.map((socket) => socket.until((each) => answersOf(each).length === 2)));
    for (const socket of others) {
      socket.messages.length = 0;
    }
    await begin("text", "again", others);
  });

  test("a schema that is loaded again closes its subscribers with 1012", async () => {
    const socket = await subscriber(near.url, "text");
    await begin("text", "begin", [socket]);
    await near.app.puff.reload();
    expect(await socket.untilClosed()).toEqual([1012, "The schema was reloaded"]);
  });

  test("one killed under load takes its own clients with it and no other", async () => {
    const [mine, theirs] = [await subscriber(near.url, "text"), await subscriber(far.url, "text")];
    await begin("text", "begin", [mine, theirs]);
    const load = Promise.all(Array.from({ length: 500 }, (_, index) => publish("text", `${index}`)));
    far.kill();
    await load;
    expect(await theirs.untilClosed()).toEqual([1006, ""]);
    await mine.until((socket) => last(socket) === '{"data":{"text":"499"}}');
    expect(answersOf(mine).filter((answer) => !answer.includes("begin"))).toHaveLength(500);
  });
});
