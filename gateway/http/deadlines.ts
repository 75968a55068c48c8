/** How long a server waits for what a client sends: its head, its body, its next request. */
import type { Server } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { longestTimer } from "../../python-bridge/index.ts";
import { defaultLimits, type GatewayOptions, type Limits } from "../options/options.ts";

/** All in milliseconds. */
export interface Deadlines {
  /** To send the head of a request, from the connection or the head's first byte on. */
  readonly head: number;
  /** To send a whole request. Some routes want it earlier, see {@link endSlowBodies}. */
  readonly request: number;
  /** In which a client may take nothing of its answer. */
  readonly send: number;
  /** Until an idle connection is closed: longer than proxies keep theirs, which is 60 s commonly. */
  readonly keepAlive: number;
  /** For clients of a server that stops: to send one more request on a connection they keep, and learn of the end. */
  readonly leave: number;
}

export const defaultDeadlines: Deadlines = {
  head: defaultLimits.requestDeadline,
  request: defaultLimits.requestDeadline,
  send: defaultLimits.requestDeadline,
  keepAlive: 72_000,
  leave: 500,
};

/** Milliseconds between two looks for what is late: each deadline holds to a second or so. */
export const lookInterval = 1_000;

/** The deadlines of a gateway's server: whatever serves uploads gives them the time of one. */
export function deadlinesOf(options: GatewayOptions): Omit<Deadlines, "keepAlive" | "leave"> {
  const { requestDeadline, uploadDeadline }: Limits = { ...defaultLimits, ...options.limits };
  const short = Math.min(requestDeadline, longestTimer);
  return {
    head: Math.min(short, defaultDeadlines.head),
    request: hasUploads(options) ? Math.min(Math.max(short, uploadDeadline), longestTimer) : short,
    send: short,
  };
}

/** Whether there is an application, which may take uploads. */
export function hasUploads({ wsgi, django }: Pick<GatewayOptions, "wsgi" | "django">): boolean {
  return wsgi != null || (django != null && (django.start ?? "serve") === "serve");
}

/**
 * Ends requests to a scope whose bodies don't arrive in time, where other routes of the server wait for longer. Node
 * answers them as it does requests that are late altogether.
 */
export function endSlowBodies(app: FastifyInstance, deadline: number): void {
  /** Since when their bodies are awaited, the oldest first. */
  const awaited = new Map<FastifyRequest, number>();
  app.addHook("onRequest", (request, _reply, done) => {
    awaited.set(request, performance.now());
    done();
  });
  app.addHook("preValidation", (request, _reply, done) => {
    awaited.delete(request);
    done();
  });
  app.addHook("onResponse", (request, _reply, done) => {
    awaited.delete(request);
    done();
  });
  const look = setInterval(() => {
    const late = performance.now() - deadline;
    for (const [request, since] of awaited) {
      if (since > late) {
        break;
      }
      awaited.delete(request);
      endLate(app.server, request);
    }
  }, lookInterval).unref();
  app.addHook("onClose", (_app, done) => {
    clearInterval(look);
    done();
  });
}

function endLate(server: Server, { raw }: FastifyRequest): void {
  server.emit(
    "clientError",
    Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" }),
    raw.socket,
  );
}
