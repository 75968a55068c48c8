/** Sends a response with Fastify. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { HttpResponse } from "./message.ts";
import { noteSecurity } from "./security.ts";

/** Sends what the handler answered. */
export function send(reply: FastifyReply, response: HttpResponse): FastifyReply {
  const { status, headers, body, rest = null, cut, code } = response;
  if (code !== undefined) {
    const { ip: address } = reply.request;
    noteSecurity(reply.log, { code, address, what: () => messageIn(body) });
  }
  const vary = reply.getHeader("vary"); // of CORS: caches have to heed both
  return reply
    .code(status)
    .headers(vary === undefined ? headers : { ...headers, vary: `${String(vary)}, ${headers["vary"] ?? "accept"}` })
    .send(
      rest === null
        ? body
        : Readable.from(concatenate(body, rest), { objectMode: false, ...(cut === undefined ? {} : { signal: cut }) }),
    );
}

/** The message of an answer that holds an error and nothing else. */
function messageIn(body: Buffer): string {
  // The gateway's own JSON.
  const { errors } = JSON.parse(body.toString()) as { readonly errors: readonly { readonly message: string }[] };
  return errors[0]?.message ?? "";
}

async function* concatenate(body: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield body;
  yield* rest;
}
