/** Statements that nobody waits for any more. */
import { connect } from "node:net";
import { clientGone, type Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { RawClient } from "../wire/raw-client.ts";

/** Milliseconds without a sign of the server, after which it is not waited for. */
const cancelTimeout = 5_000;
const cancelCode = 80_877_102;

/** Why a statement was given up; null: it is still wanted. */
export function abandonment({ signal }: Statement): PuffError | null {
  if (signal === undefined || !signal.aborted) {
    return null;
  }
  return signal.reason instanceof PuffError ? signal.reason : clientGone;
}

/**
 * Asks Postgres to stop what runs on a connection: over one of its own, as the protocol wants it.
 *
 * Resolves once Postgres has taken notice, or can't be reached. What runs next on the connection must wait for that, lest
 * it is what is stopped.
 */
export function cancelRunning({ processID, secretKey, host, port }: RawClient): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
  socket.setTimeout(cancelTimeout, () => socket.destroy());
  // Not end(): PgBouncer 1.18 dies of a client that half-closes here. The server closes once it has taken notice.
  socket.on("connect", () => socket.write(cancelRequest(processID ?? 0, secretKey ?? 0)));
  socket.on("error", () => socket.destroy());
  socket.on("data", () => undefined);
  socket.on("close", () => resolve());
  return promise;
}

function cancelRequest(processId: number, secretKey: number): Buffer {
  const message = Buffer.alloc(16);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(cancelCode, 4);
  message.writeInt32BE(processId, 8);
  message.writeInt32BE(secretKey, 12);
  return message;
}
