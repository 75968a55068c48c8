/** Requests that Node does not read to their end: they break HTTP's rules, are too large, or too late. */

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import { PuffError } from "../../schema/index.ts";
import { errorResponse } from "../http/messages/error-response.ts";
import { noteSecurity } from "../http/messages/security.ts";

/** Answers what can be answered still, and closes. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, log: FastifyBaseLogger): void {
  if (error.code === "ECONNRESET" || socket.destroyed) {
    socket.destroy();
    return;
  }
  const refusal = describe(error);
  noteSecurity(log, { code: refusal.code, address: socket.remoteAddress ?? "", what: () => refusal.message });
  // Node's own handler looks there whether an answer is under way, which another in its midst would spoil.
  const { _httpMessage: message } = socket as Socket & { _httpMessage?: { readonly headersSent: boolean } | null };
  if (!socket.writable || message?.headersSent === true) {
    socket.destroy();
    return;
  }
  const { status, headers, body } = errorResponse(refusal, "json");
  const lines = Object.entries({ ...headers, "content-length": String(body.length), connection: "close" });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  socket.on("error", () => undefined); // the client may be gone
  socket.end(Buffer.concat([Buffer.from(head), body]));
  socket.destroySoon();
}

function describe({ code, message }: NodeJS.ErrnoException): PuffError {
  switch (code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new PuffError("PUFF_REQUEST_SLOW", "the request did not arrive in time");
    case "HPE_HEADER_OVERFLOW":
      return new PuffError("PUFF_HEADERS_TOO_LARGE", "the request's headers are larger than 16 kB");
    default:
      return new PuffError("PUFF_REQUEST_INVALID", `the request is not HTTP: ${message}`);
  }
}
