/** Subscriptions over HTTP as parts of one response, and forms of subscriptions that are refused with a reason. */
import { beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../../gateway/index.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startReferenceServer();
  return () => server.close();
});

describe("subscriptions as parts", () => {
  const subscribe = (accept: string, query = "subscription { ticks(count: 2) }") =>
    fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", accept },
      body: JSON.stringify({ query }),
    });
  const type = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0';

  test.for([
    ["multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json;q=0.9", type],
    ['multipart/mixed; boundary="-"; subscriptionSpec="1.0", application/json', type],
    ["multipart/mixed;subscriptionSpec=1.0, text/event-stream", type],
    ["multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream", "text/event-stream; charset=utf-8"],
    ["application/json, text/event-stream, multipart/mixed", "text/event-stream; charset=utf-8"],
    ["multipart/mixed;deferSpec=20220824, application/json", "application/json; charset=utf-8"],
  ])("%s gets %s", async ([accept = "", expected]) => {
    const response = await subscribe(accept);
    expect(response.headers.get("content-type")).toBe(expected);
    await response.text();
  });

  test("end with the last boundary", async () => {
    const response = await subscribe("multipart/mixed;subscriptionSpec=1.0");
    const part = (json: string) => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`;
    const payloads = [1, 2].map((tick) => part(`{"payload":{"data":{"ticks":${tick}}}}`));
    expect(await response.text()).toBe(`\r\n--graphql${payloads.join("")}--\r\n`);
  });

  test("are not how a query's answer comes", async () => {
    const response = await subscribe("multipart/mixed;subscriptionSpec=1.0, application/json", "{ hello }");
    expect(await response.json()).toEqual({ data: { hello: "Hello, world!" } });
  });
});

test("a client of the old WebSocket protocol is told what to use", async () => {
  const socket = await new TestSocket(`${server.url}/graphql`, { protocol: "graphql-ws" }).opened();
  await socket.untilClosed();
  const reason = expect.stringContaining("use graphql-ws");
  expect(socket.messages).toEqual([{ type: "connection_error", payload: { message: reason } }]);
  expect(socket.closed).toEqual([4406, reason]);
});

test("graphql-sse's single connection is refused with what to do", async () => {
  const response = await fetch(`${server.url}/graphql`, { method: "PUT" });
  expect([response.status, await response.text()]).toEqual([
    405,
    expect.stringContaining("without its singleConnection"),
  ]);
});
