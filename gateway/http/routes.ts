/** The Fastify side of GraphQL over HTTP: converts requests and responses, nothing more. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import compress from "@fastify/compress";
import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PuffError } from "../../schema/index.ts";
import type { BodyRoom } from "../fairness/body-room.ts";
import { clientOf, runFor } from "../fairness/client.ts";
import { SlowBodies } from "./deadlines.ts";
import { negotiate } from "./graphql/accept.ts";
import type { Endpoint } from "./graphql/endpoint.ts";
import { type Explain, handleExplain } from "./graphql/explain.ts";
import { handleRequest } from "./graphql/handler.ts";
import type { Guard } from "./guard/guard.ts";
import type { Origins } from "./guard/origins.ts";
import { Body } from "./messages/body.ts";
import { errorResponse, isHidden } from "./messages/error-response.ts";
import type { HttpRequest } from "./messages/message.ts";
import { send } from "./messages/send.ts";

export interface HttpOptions {
  /** Bytes that a request's body may have. */
  readonly bodyLimit: number;
  /** Where bodies wait until they are whole. */
  readonly bodyRoom: BodyRoom;
  /** Milliseconds in which it must have arrived; null: the server's time for requests is as short. */
  readonly bodyDeadline: number | null;
  readonly guard: Guard;
  readonly origins: Origins;
}

/**
 * Adds a GraphQL endpoint. `endpoint` is asked for at each request, since a reload swaps it: a request goes on with
 * the one it began with.
 */
export function addGraphqlRoute(
  app: FastifyInstance,
  url: string,
  endpoint: () => Endpoint,
  { proxies }: Pick<Guard, "proxies">,
): void {
  app.all(url, async (request, reply) => {
    const plain = { ...toPlain(request), host: proxies.hostOf(request.raw) };
    return send(reply, await runOf(request, () => handleRequest(plain, endpoint(), abortWith(reply))));
  });
}

/** Adds the endpoint that explains operations. */
export function addExplainRoute(
  app: FastifyInstance,
  url: string,
  explain: Explain,
  { documents, deadline }: Pick<Endpoint, "documents" | "deadline">,
): void {
  app.post(url, async (request, reply) =>
    send(
      reply,
      await runOf(request, () => handleExplain(toPlain(request), explain, documents, deadline, abortWith(reply))),
    ),
  );
}

/** Runs `work` for a request's client, with the request's log as {@link currentLog}. */
function runOf<T>(request: FastifyRequest, work: () => T): T {
  return runFor(clientOf(request.raw.socket, request.ip), () => requests.run(request, work));
}

function toPlain(request: FastifyRequest): HttpRequest {
  const target = request.raw.url ?? "";
  const mark = target.indexOf("?");
  return {
    method: request.method,
    search: mark === -1 ? "" : target.slice(mark + 1),
    headers: request.headers,
    body: request.body instanceof Buffer ? request.body : null,
  };
}

/** Aborted when the client is gone before its answer. */
function abortWith(reply: FastifyReply): AbortController {
  const abort = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) {
      abort.abort();
    }
  });
  return abort;
}

/** The log of the request that the calling code runs for, which names its id; undefined outside of one. */
export function currentLog(): FastifyBaseLogger | undefined {
  return requests.getStore()?.log;
}

const requests = new AsyncLocalStorage<FastifyRequest>();

/**
 * Sets what all of the gateway's routes share, on a scope of their own so that it leaves the application's other
 * routes alone: body parsing, errors as GraphQL has them, request ids, compression, CORS.
 */
export async function setUpScope(app: FastifyInstance, options: HttpOptions): Promise<void> {
  // The handler parses, since it decides by media type and names what is wrong in GraphQL's own error form.
  app.removeAllContentTypeParsers();
  const slow = options.bodyDeadline === null ? null : new SlowBodies(app, options.bodyDeadline);
  const readBody = async (request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> => {
    const body = new Body(payload, { room: options.bodyRoom, client: clientOf(request.raw.socket, request.ip) });
    slow?.begin(request);
    const tooLarge = Number(request.headers["content-length"] ?? 0) > options.bodyLimit;
    try {
      if (tooLarge || !(await body.arrive(options.bodyLimit + 1))) {
        throw new PuffError("PUFF_BODY_TOO_LARGE", `the body is larger than ${options.bodyLimit} bytes`);
      }
      return body.take(options.bodyLimit);
    } finally {
      body.drop();
      slow?.end(request);
    }
  };
  // JSON is named beside "everything", since Fastify remembers only the types that it finds by name.
  for (const type of ["application/json", "*"]) {
    app.addContentTypeParser(type, readBody);
  }
  app.setErrorHandler((error: FastifyError, request, reply) => answerFailure(error, request, reply));
  app.addHook("onRequest", (request, reply, done) => {
    if (!options.guard.refuses(request, reply)) {
      reply.header("x-request-id", request.id);
      done();
    }
  });
  app.addHook("onResponse", logResponse);
  await app.register(compress, {
    // Below this a packet is saved at best, and compressing costs more than the whole of a small answer.
    threshold: compressionThreshold,
    // In this order where a client takes several: zstd needs half of gzip's time for the same size (40 against 83 µs
    // for an answer of 6 kB, 133 against 812 µs for one of 120 kB).
    encodings: ["zstd", "br", "gzip"],
    // A compressed body could grow past any limit while it is unpacked: operations are small, so none is read.
    globalDecompression: false,
  });
  await options.origins.addTo(app);
}

/** Answers what failed before a handler ran, or where none expected it. */
export function answerFailure(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const form = negotiate(request.headers.accept).form ?? "json";
  const refusal = describeFailure(error);
  if (refusal.code === "PUFF_BODY_TOO_LARGE" || refusal.code === "PUFF_BODIES_BUSY") {
    reply.header("connection", "close"); // the rest of it is not waited for
  }
  if (isHidden(refusal)) {
    request.log.error({ err: error }, "a request failed inside the gateway");
  }
  const status = refusal.code === "PUFF_REQUEST_INVALID" ? error.statusCode : undefined;
  return send(reply, errorResponse(refusal, form, status));
}

/** Bytes of an answer from which it is compressed. */
const compressionThreshold = 1400;

/**
 * A request's id: the caller's `x-request-id` where it is short and plain, so that it can be followed through logs
 * and nothing can be smuggled into them; else a new one.
 */
export function generateRequestId(request: { readonly headers: { readonly [name: string]: unknown } }): string {
  const given = request.headers["x-request-id"];
  if (typeof given === "string" && /^[\w.:=+/-]{1,100}$/.test(given)) {
    return given;
  }
  requestCount += 1;
  return `${processId}-${requestCount.toString(36)}`;
}

let requestCount = 0;
// Tells this process's ids from those of others that write to the same log.
const processId = randomBytes(6).toString("base64url");

function logResponse(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  if (reply.statusCode >= 500) {
    request.log.warn(describeResponse(request, reply), "request failed");
  } else if (request.log.level === "debug" || request.log.level === "trace") {
    request.log.debug(describeResponse(request, reply), "request");
  }
  done();
}

function describeResponse(request: FastifyRequest, reply: FastifyReply): object {
  return {
    method: request.method,
    // Without the search: it may hold variables with a person's data.
    url: request.raw.url?.split("?", 1)[0],
    status: reply.statusCode,
    duration: Math.round(reply.elapsedTime * 10) / 10,
  };
}

/** Fastify's own errors arise before the handler runs: a body over its limit, headers that contradict it. */
function describeFailure(error: FastifyError): PuffError {
  if (error instanceof PuffError) {
    return error;
  }
  if (error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new PuffError("PUFF_UNSUPPORTED_MEDIA_TYPE", "the content-type is not a media type", { cause: error });
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return new PuffError("PUFF_REQUEST_INVALID", error.message, { cause: error });
  }
  return new PuffError("PUFF_INTERNAL", "the gateway failed", { cause: error });
}
