/** The server itself, and the gateway's routes beside an application's own. */
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { addRoutes } from "../../gateway/http/plugin.ts";
import { createGateway } from "../../gateway/index.ts";
import { serve } from "../../gateway/server/server.ts";
import { schemaFolder } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { planner, startReferenceServer, subscriptionLimits } from "../support/servers/http.ts";

test("a port that is in use is said with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo; // a TCP server that listens has one
  await expect(startReferenceServer({}, { port })).rejects.toMatchObject({
    code: "PUFF_PORT_TAKEN",
    place: `127.0.0.1:${port}`,
    remedy: expect.stringContaining("--port"),
  });
  other.close();
});

test("an address that is not this machine's is said", async () => {
  await expect(startReferenceServer({}, { address: "192.0.2.1" })).rejects.toMatchObject({
    code: "PUFF_CONFIG_INVALID",
    place: "192.0.2.1:0",
  });
});

test.each([
  ["127.0.0.1", /^http:\/\/127\.0\.0\.1:\d+$/],
  ["0.0.0.0", /^http:\/\/127\.0\.0\.1:\d+$/],
])("listening at %s it can be found", async (address, url) => {
  const server = await startReferenceServer({}, { address });
  expect(server.url).toMatch(url);
  expect((await ask(server, { url: "/livez" })).status).toBe(200);
  await server.close();
});

test("a start for which Fastify does not wait says what to do", async () => {
  const app = fastify({ pluginTimeout: 2_000 });
  app.register(
    createGateway({
      schemas: [{ spec: join(schemaFolder("    pass\n", "time.sleep(30)"), "schema.py") }],
      environment: {},
    }),
  );
  await expect(app.ready()).rejects.toMatchObject({
    code: "PUFF_CONFIG_INVALID",
    message: expect.stringContaining("within the 2 s that Fastify gives a plugin"),
    remedy: expect.stringContaining("fastify({ pluginTimeout: 0 })"),
  });
  await app.close();
});

test("an application's own routes keep their own ways", async () => {
  const app = fastify();
  app.post("/echo", (request) => ({ got: request.body }));
  await app.register(
    async (scope) =>
      addRoutes(scope, {
        apis: [{ url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => planner, explain: null }],
        checks: [],
        deadline: 30_000,
        bodyLimit: 1_000,
        corsOrigins: [],
        ...subscriptionLimits(),
      }),
    { prefix: "/api" },
  );
  const server = { url: await app.listen({ port: 0, host: "127.0.0.1" }) };
  const echo = await ask(server, { url: "/echo", body: { a: "b".repeat(2_000) } });
  expect(JSON.parse(echo.body).got.a).toHaveLength(2_000);
  expect(echo.headers["x-request-id"]).toBe(undefined);
  expect((await ask(server, { url: "/api/graphql", body: { query: "{ hello }" } })).status).toBe(200);
  const page = await ask(server, { url: "/api/graphql", headers: { accept: "text/html" } });
  const script = /src="([^"]+)"/.exec(page.body)?.[1] ?? "";
  const asset = await ask(server, { url: new URL(script, `${server.url}/api/graphql`).pathname });
  expect(asset.headers).toMatchObject({
    "content-type": expect.stringContaining("javascript"),
    "cache-control": "public, max-age=31536000, immutable",
  });
  await app.close();
});

test("a client that reads nothing is disconnected, one that reads slowly gets everything, and an idle one stays", async () => {
  const size = 60_000_000; // more than the system's buffers take
  const server = await serve(
    async (app) => {
      app.get("/large", (_request, reply) => reply.send(Buffer.alloc(size)));
      app.get("/small", (_request, reply) => reply.send("small"));
    },
    { port: 0, signals: false, send: 3_000 },
  );
  const open = (path: string) => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  };
  const connections = () => new Promise<number>((resolve) => app.getConnections((_, count) => resolve(count)));
  const app = server.app.server;
  const stuck = open("/large").on("error", () => {});
  stuck.pause();
  const idle = open("/small").resume();
  const slow = open("/large");
  let taken = 0;
  for await (const chunk of slow) {
    taken += chunk.length;
    await sleep(chunk.length / 12_000); // five seconds in all
    if (taken > size) {
      break; // the head is counted, too
    }
  }
  expect(taken).toBeGreaterThan(size);
  await expect.poll(connections).toBe(1);
  idle.destroy();
  stuck.destroy();
  await server.close();
});
