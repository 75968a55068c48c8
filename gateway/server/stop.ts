/** How a server stops without losing a request. */
import type { Server as HttpServer } from "node:http";
import { Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Stops a server on which every answer says `connection: close` by now, as Fastify's do once it closes. Resolves when
 * the last connection has ended.
 *
 * `HttpServer.close()` cuts off at once whatever connection has no request on it, and with it the requests that are
 * just on their way on one. So nothing more is accepted first; then clients are given a moment to send what they were
 * about to send, and leave by themselves; and only what is idle even then is cut off.
 *
 * @param leave - that moment, in milliseconds
 */
export async function stopServer(server: HttpServer, leave: number): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    // The close of node:net stops accepting and leaves connections alone.
    Server.prototype.close.call(server, () => resolve());
  });
  await Promise.race([ended, sleep(leave)]);
  server.closeIdleConnections();
  const cutOff = setInterval(() => server.closeIdleConnections(), 20);
  await ended.finally(() => clearInterval(cutOff));
}

/**
 * The signals that stop a server. No others may have a handler: V8 learns from SIGSEGV and SIGBUS that WebAssembly has
 * left its memory, and a Node handler in their place lets that access happen again, for ever.
 */
export const stopSignals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const;
