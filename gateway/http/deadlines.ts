/** How long a server waits for what a client sends: its head, its body, its next request. */
import type { Server } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { longestTimer } from "../../python-bridge/index.ts";
import { defaultLimits, type GatewayOptions, type Limits } from "../options/options.ts";

/** All in milliseconds. */
export interface Deadlines {
  /** To send the head of a request, from the connection or the head's first byte on. */
  readonly head: number;
  /** To send a whole request. Some routes want it earlier, see {@link SlowBodies}. */
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
 * Bodies that don't arrive in time, where other routes of the server wait for longer. Node answers their requests as it
 * does those that are late altogether.
 */
export class SlowBodies {
  /** Since when their bodies are awaited, the oldest first. */
  readonly #awaited = new Map<FastifyRequest, number>();

  constructor(app: FastifyInstance, deadline: number) {
    const look = setInterval(() => this.#endLate(app.server, performance.now() - deadline), lookInterval).unref();
    app.addHook("onClose", (_app, done) => {
      clearInterval(look);
      done();
    });
  }

  /** A request's body is awaited from now on. */
  begin(request: FastifyRequest): void {
    this.#awaited.set(request, performance.now());
  }

  /** It is there, or nobody waits for it any more. */
  end(request: FastifyRequest): void {
    this.#awaited.delete(request);
  }

  #endLate(server: Server, late: number): void {
    for (const [request, since] of this.#awaited) {
      if (since > late) {
        break;
      }
      this.end(request);
      endLate(server, request);
    }
  }
}

function endLate(server: Server, { raw }: FastifyRequest): void {
  server.emit(
    "clientError",
    Object.assign(new Error("Request timeout"), { code: "ERR_HTTP_REQUEST_TIMEOUT" }),
    raw.socket,
  );
}
