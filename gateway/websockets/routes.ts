/** WebSockets of the application's: which Python function serves a path, and how its call and its socket end. */
import type { FastifyBaseLogger } from "fastify";
import type { Python } from "../../python-bridge/index.ts";
import { type ErrorCode, type JsonValue, PuffError } from "../../schema/index.ts";
import { currentClient } from "../fairness/client.ts";
import { Places } from "../fairness/places.ts";
import type { ApplicationSockets, Handshake } from "../http/sockets/sockets.ts";
import { type ConnectionLimits, SocketConnection } from "./socket-connection.ts";
import type { SocketService } from "./socket-service.ts";

export interface SocketRoutesOptions extends ConnectionLimits {
  /** Asked for at each request, since a reload replaces its interpreters. */
  python(): Python;
  readonly service: SocketService;
  readonly workers: number;
  /** Percent of the sockets that one client may always have. */
  readonly share: number;
  readonly log: FastifyBaseLogger;
}

/** Sockets at a time on each interpreter, which has room for twice as many calls. */
const socketsOfWorker = 5_000;

/** What `puff._serve.websockets:serve` returns. */
type Answer = null | { readonly denied: number; readonly reason: string } | { readonly failure: string };

/** @example addRoutes(app, { …, application: createSocketRoutes(options) }); */
export function createSocketRoutes(options: SocketRoutesOptions): ApplicationSockets {
  const limit = socketsOfWorker * options.workers;
  const places = new Places(limit, options.share);
  let count = 0;
  return {
    find(path) {
      const route = match(options.python().sockets, path);
      if (route === null) {
        return null;
      }
      return async (handshake) => {
        const client = currentClient();
        if (places.refuse(client, limit - count) !== null) {
          handshake.refuse(503);
          return;
        }
        count++;
        places.take(client);
        try {
          await serve(handshake, route, options);
        } finally {
          count--;
          places.leave(client);
        }
      };
    },
  };
}

interface Route {
  readonly pattern: string;
  readonly values: { readonly [name: string]: string };
}

/** Those with the fewest names come first. */
function match(patterns: readonly string[], path: string): Route | null {
  const parts = path.replace(/(?<=.)\/$/, "").split("/");
  const names = (pattern: string) => pattern.split("{").length;
  for (const pattern of patterns.toSorted((one, other) => names(one) - names(other))) {
    const values = read(pattern.replace(/(?<=.)\/$/, "").split("/"), parts);
    if (values !== null) {
      return { pattern, values };
    }
  }
  return null;
}

function read(pattern: readonly string[], parts: readonly string[]): Route["values"] | null {
  if (pattern.length !== parts.length) {
    return null;
  }
  const values: { [name: string]: string } = {};
  for (const [index, part] of parts.entries()) {
    const expected = pattern[index] ?? "";
    let text: string;
    try {
      text = decodeURIComponent(part);
    } catch {
      return null; // a percent sign that stands for nothing
    }
    if (expected.startsWith("{") && text !== "") {
      values[expected.slice(1, -1)] = text;
    } else if (expected !== text) {
      return null;
    }
  }
  return values;
}

async function serve(
  handshake: Handshake,
  { pattern, values }: Route,
  { python, service, log, ...limits }: SocketRoutesOptions,
): Promise<void> {
  const connection = new SocketConnection(handshake, limits);
  const { request } = handshake;
  const fail = (error: PuffError) => {
    const traceback = error.cause instanceof Error ? error.cause.stack : undefined;
    const url = request.url?.split("?", 1)[0];
    log.error({ code: error.code, url, ...(traceback === undefined ? {} : { traceback }) }, error.message);
    connection.finish(error.status, closeCodeOf(error.code), error.code);
  };
  try {
    const { value } = await service.with(connection, (id) =>
      python().call("puff._serve.websockets:serve", [id, pattern, values, describeRequest(handshake)], {
        deadline: null,
        signal: connection.signal,
      }),
    );
    const answer = value as unknown as Answer; // as puff._serve.websockets writes it
    if (answer === null) {
      connection.finish(403, 1000, "");
    } else if ("denied" in answer) {
      connection.finish(answer.denied, 1008, answer.reason);
    } else {
      const cause = new Error(answer.failure.trimEnd().split("\n").at(-1));
      cause.stack = answer.failure;
      fail(new PuffError("PUFF_WEBSOCKET_FAILED", `the function that serves ${pattern} failed`, { cause }));
    }
  } catch (error) {
    if (connection.closed && connection.signal.aborted) {
      connection.finish(403, 1000, ""); // it went on for too long after its client had left
    } else {
      fail(error instanceof PuffError ? error : new PuffError("PUFF_INTERNAL", "the gateway failed", { cause: error }));
    }
  }
}

function describeRequest({ request: { url = "/", headers }, address }: Handshake): JsonValue {
  const [path = "", query = ""] = url.split(/\?(.*)/s, 2);
  const texts = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]);
  return { path, query, headers: Object.fromEntries(texts), client: address };
}

/** 1012 has clients connect again: another interpreter serves them. */
function closeCodeOf(code: ErrorCode): number {
  return code === "PUFF_INTERPRETER_DIED" || code === "PUFF_SHUTTING_DOWN" ? 1012 : 1011;
}
