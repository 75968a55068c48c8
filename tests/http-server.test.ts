/** The server itself, and the gateway's routes beside an application's own. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fastify } from "fastify";
import { expect, test } from "vitest";
import { addRoutes } from "../gateway/http/plugin.ts";
import { ask } from "./support/ask.ts";
import { planner, startReferenceServer, subscriptionLimits } from "./support/http.ts";

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
        ...subscriptionLimits,
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
