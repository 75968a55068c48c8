/** Sends a response with Fastify. */
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import type { HttpResponse } from "./message.ts";
import { noteSecurity } from "./security.ts";

/** Servers of the gateway alone: nobody else's hook can hold on to a body after it was sent. */
const ownServers = new WeakSet<object>();

/** Has the memory of answers used again once they are with the system. Only for a server that no other application has a part in. */
export function reuseMemory(server: object): void {
  ownServers.add(server);
}

/** Sends what the handler answered. */
export function send(reply: FastifyReply, response: HttpResponse): FastifyReply {
  const { status, headers, body, rest = null, cut, code, release } = response;
  if (release !== undefined && ownServers.has(reply.server.server)) {
    reply.raw.once("finish", release); // where the client leaves before, the system may still read it
  }
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
