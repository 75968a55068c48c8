/** Clients that take all they can get, and one that wants its answer beside them. */
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { request as rawRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { createTestDatabase, type HeldLock, holdLock, type TestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";

type Options = Parameters<typeof startServer>[0];

/** Sends bytes on a connection of its own. */
async function send(server: RunningServer, text: string, localAddress = "127.0.0.1"): Promise<Socket> {
  const { hostname, port } = new URL(server.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

/** Status and body of a request from an address of this machine. */
async function get(server: RunningServer, url: string, localAddress = "127.0.0.1"): Promise<[number, string]> {
  const sent = rawRequest(new URL(url, server.url), { agent: false, localAddress }).end();
  const [response] = await once(sent, "response");
  let body = "";
  for await (const piece of response) {
    body += piece;
  }
  return [response.statusCode, body];
}

describe("a WSGI application", () => {
  let server: RunningServer;
  /** Requests in the view that waits. */
  let inside = 0;
  let enough: () => void = () => undefined;
  const gate = Promise.withResolvers<null>();

  const start = (limits: Options["limits"]) =>
    startServer({
      schemas: [],
      wsgi: `${join(import.meta.dirname, "../support/python/wsgi_app.py")}:application`,
      cacheFolder: sharedCache,
      environment: {},
      host: {
        functions: {
          wait: async () => {
            inside++;
            enough();
            return await gate.promise;
          },
        },
      },
      limits: { requestDeadline: 60_000, ...limits },
      port: 0,
    });

  beforeAll(async () => {
    server = await start({ wsgiRequests: 20 });
  });

  afterAll(async () => {
    gate.resolve(null);
    await server.close();
  });

  /** Resolves once this many requests are in the view that waits. */
  const waiting = async (count: number) => {
    await new Promise<void>((resolve) => {
      enough = () => inside >= count && resolve();
      enough();
    });
  };

  test("answers others while 24 views never return, to which it has places for 20", async () => {
    inside = 0;
    const sockets = await Promise.all(
      Array.from({ length: 24 }, () => send(server, "GET /waiting HTTP/1.1\r\nhost: localhost\r\n\r\n")),
    );
    await waiting(15);
    expect(await get(server, "/index", "127.0.0.2")).toEqual([200, "index"]);
    // From their own address, too: what has waited for a second counts for less.
    expect(await get(server, "/index")).toEqual([200, "index"]);
    expect(inside).toBe(24);
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  test("answers others while one connection has 200 requests under way", async () => {
    inside = 0;
    const socket = await send(server, "GET /waiting HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200));
    await waiting(10);
    expect(await get(server, "/index")).toEqual([200, "index"]);
    socket.destroy();
  });

  test.each([
    ["small", 100],
    ["large", 1_000_000],
  ])("answers others while 24 clients dribble a %s body", async (_size, length) => {
    const head = `POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n\r\nx`;
    const sockets = await Promise.all(Array.from({ length: 24 }, () => send(server, head)));
    expect(await get(server, "/index", "127.0.0.2")).toEqual([200, "index"]);
    expect(await get(server, "/index")).toEqual([200, "index"]);
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  test("answers others while 96 clients of 8 addresses dribble a large body", async () => {
    const head = "POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\nx";
    const sockets = await Promise.all(
      Array.from({ length: 96 }, (_, index) => send(server, head, `127.0.0.${10 + (index % 8)}`)),
    );
    await sleep(2_500); // those who wait count for less after a second, so that more come in
    expect(await get(server, "/index", "127.0.0.99")).toEqual([200, "index"]);
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  test("ends a request whose body dribbles, though each byte comes in time", async () => {
    const strict = await start({ requestDeadline: 300 });
    onTestFinished(() => strict.close());
    const socket = await send(strict, "POST /index HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n");
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    const dribble = setInterval(() => socket.write("x"), 50);
    onTestFinished(() => clearInterval(dribble));
    await expect.poll(() => answer, { timeout: 20_000 }).toMatch(/^HTTP\/1.1 408 .*PUFF_REQUEST_SLOW/s);
  });
});

const schema = `
import time
from dataclasses import dataclass
from puff.graphql import Context, Plan, sql

@dataclass
class Item:
    id: int
    name: str

@dataclass
class Query:
    @classmethod
    def items(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql("SELECT i AS id, repeat('x', 100) AS name FROM generate_series(1, 500000) i")

    @classmethod
    def waiting(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql("SELECT 1 AS id, 'x' AS name FROM pg_advisory_xact_lock_shared(1)")

    @classmethod
    def quick(cls, ctx: Context, /) -> Plan[list[Item]]:
        return sql("SELECT 1 AS id, 'x' AS name")

    @classmethod
    def sleeping(cls, ctx: Context, /) -> int:
        time.sleep(30)
        return 1

    @classmethod
    def awake(cls, ctx: Context, /) -> int:
        return 1

@dataclass
class Schema:
    query: Query
`;

describe("GraphQL", () => {
  let own: TestDatabase;
  let server: RunningServer;
  let lock: HeldLock;

  beforeAll(async () => {
    own = await createTestDatabase();
    const folder = mkdtempSync(join(tmpdir(), "puff-fairness-"));
    writeFileSync(join(folder, "schema.py"), schema);
    server = await startServer({
      schemas: [{ spec: join(folder, "schema.py") }],
      databases: [{ name: "default", url: own.url }],
      cacheFolder: sharedCache,
      environment: {},
      limits: { requestDeadline: 60_000, pythonDeadline: 60_000, statementTimeout: 60_000, poolTimeout: 60_000 },
      port: 0,
    });
    lock = await holdLock(own.url);
    await get(server, "/graphql?query={quick{id}}");
  });

  afterAll(async () => {
    await lock.release();
    await server.close();
    await own.drop();
  });

  const quick = () => get(server, `/graphql?query=${encodeURIComponent("{ quick { id } }")}`);
  const answered = [200, '{"data":{"quick":[{"id":1}]}}'];
  const asking = (field: string) =>
    `GET /graphql?query=${encodeURIComponent(`{ ${field} }`)} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n`;

  test("answers others while a connection has 200 slow statements under way", async () => {
    const socket = await send(server, asking("waiting { id }").repeat(200));
    await lock.waitedFor(6);
    expect(await quick()).toEqual(answered);
    socket.destroy();
    await lock.waitedFor(0);
  });

  test("answers another address while one has all that it may have", async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => send(server, asking("waiting { id }"))));
    await lock.waitedFor(8);
    expect(await get(server, `/graphql?query=${encodeURIComponent("{ quick { id } }")}`, "127.0.0.2")).toEqual(
      answered,
    );
    for (const socket of sockets) {
      socket.destroy();
    }
    await lock.waitedFor(0);
  });

  test("answers others while one WebSocket has 100 slow operations under way", async () => {
    const socket = await new TestSocket(`${server.url}/graphql`).connected();
    onTestFinished(() => socket.socket.terminate());
    for (let id = 0; id < 100; id++) {
      socket.subscribe(String(id), "{ waiting { id } }");
    }
    await lock.waitedFor(6);
    expect(await quick()).toEqual(answered);
    socket.socket.terminate();
    await lock.waitedFor(0);
  });

  test("answers others while 12 clients read nothing of a list that takes 10 connections", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const socket = await send(server, asking("items { id name }"));
        socket.pause();
        return socket;
      }),
    );
    expect(await quick()).toEqual(answered);
    expect(sockets.some(({ destroyed }) => destroyed)).toBe(false);
    for (const socket of sockets) {
      socket.destroy();
    }
  });

  test("answers others while one connection has 1,000 calls of Python under way", async () => {
    const socket = await send(server, asking("sleeping").repeat(1_000));
    expect(await get(server, `/graphql?query=${encodeURIComponent("{ awake }")}`)).toEqual([
      200,
      '{"data":{"awake":1}}',
    ]);
    socket.destroy();
  });
});
