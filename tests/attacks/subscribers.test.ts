/** One address that opens all the WebSockets and event streams that it can, and others who want one. */
import { expect, onTestFinished, test } from "vitest";
import { Subscribers } from "../../gateway/http/sockets/subscribers.ts";
import { startReferenceServer } from "../support/servers/http.ts";
import { sendRaw } from "../support/servers/raw.ts";
import { TestSocket } from "../support/servers/socket.ts";

const subscription = encodeURIComponent("subscription { silence }");

test("an address leaves a quarter of the subscribers to others", async () => {
  const server = await startReferenceServer({ subscribers: new Subscribers(8, 25) });
  onTestFinished(() => server.close());
  const open = (localAddress: string) => {
    const socket = new TestSocket(`${server.url}/graphql`, { localAddress });
    onTestFinished(() => socket.socket.terminate());
    return socket;
  };
  const opened = await Promise.all(Array.from({ length: 6 }, () => open("127.0.0.1").connected()));
  expect(await open("127.0.0.1").untilClosed()).toEqual([503, ""]);
  const stream = `GET /graphql?query=${subscription} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n`;
  expect(await sendRaw(server, `${stream}connection: close\r\n\r\n`)).toContain("PUFF_TOO_MANY_SUBSCRIPTIONS");
  // Others have their own, and what the address gives back it may have again.
  await Promise.all([open("127.0.0.2").connected(), open("127.0.0.3").connected()]);
  expect(await open("127.0.0.4").untilClosed()).toEqual([503, ""]);
  for (const one of opened.slice(0, 3)) {
    one.socket.close();
    await one.untilClosed();
  }
  await open("127.0.0.1").connected();
});
