/** Everything that no other route answers goes to the WSGI application. */
import { type IncomingMessage, METHODS, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { CallAnswer, Python } from "../../python-bridge/index.ts";
import { isSecurityCode, PuffError } from "../../schema/index.ts";
import { Admission } from "../fairness/admission.ts";
import type { BodyRoom } from "../fairness/body-room.ts";
import { clientOf, runFor } from "../fairness/client.ts";
import type { Guard } from "../http/guard/guard.ts";
import { noteSecurity } from "../http/messages/security.ts";
import { generateRequestId } from "../http/routes.ts";
import { environOf } from "./environ.ts";
import { ClientGone, Exchange, type Head } from "./exchange.ts";
import type { Exchanges } from "./exchanges.ts";

export interface WsgiOptions {
  readonly guard: Pick<Guard, "refuses">;
  /** Asked for at each request, since a reload replaces its interpreters. */
  python(): Python;
  readonly exchanges: Exchanges;
  readonly workers: number;
  /** Whether other interpreters run the same application. */
  readonly multiprocess: boolean;
  /** Milliseconds that may pass without a byte from the client or to it. */
  readonly deadline: number;
  /** Requests in the application at a time, in each interpreter. */
  readonly concurrency: number;
  /** Requests that may wait for it. */
  readonly queueLimit: number;
  /** Where what has arrived of bodies waits. */
  readonly bodyRoom: BodyRoom;
  /** Percent of both that one client may hold while others want it. */
  readonly share: number;
  /** Whether clients see no tracebacks. */
  readonly maskErrors: boolean;
}

/** Adds the routes, of all methods that HTTP knows. */
export async function addWsgiRoutes(app: FastifyInstance, options: WsgiOptions): Promise<void> {
  const places = options.concurrency * options.workers;
  const admissions: Admissions = {
    all: admissionOf(places, options),
    uploads: admissionOf(Math.max(1, places - Math.ceil((places * options.share) / 100)), options),
  };
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method) && method !== "CONNECT") {
      app.addHttpMethod(method, { hasBody: true });
    }
  }
  app.server.on("checkContinue", continueWhenRead);
  const routes: FastifyPluginAsync = async (scope) => {
    scope.setGenReqId(generateRequestId);
    scope.addHook("onRequest", (request, reply, done) => {
      if (!options.guard.refuses(request, reply)) {
        done();
      }
    });
    scope.removeAllContentTypeParsers();
    // The body stays on its stream: the application reads it.
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    scope.all("/*", (request, reply) =>
      runFor(clientOf(request.raw.socket, request.ip), serve, request, reply, admissions, options),
    );
  };
  await app.register(routes);
}

interface Admissions {
  readonly all: Admission;
  /** Of requests whose bodies arrive while they run: however slow their clients are, a share of places stays for others. */
  readonly uploads: Admission;
}

function admissionOf(places: number, { queueLimit, share }: WsgiOptions): Admission {
  return new Admission({
    places,
    queueLimit,
    share,
    oldAfter,
    busy: (waiting) =>
      new PuffError("PUFF_WSGI_BUSY", `${waiting} requests are already waiting for the application`, {
        remedy: "Try again in a moment.",
      }),
  });
}

/** Asks a client for the body that it holds back when the body is read: an application may refuse it by its headers. */
function continueWhenRead(this: Server, request: IncomingMessage, response: ServerResponse): void {
  const onListener = (event: string | symbol) => {
    if (event === "data" || event === "readable") {
      request.off("newListener", onListener);
      response.writeContinue();
    }
  };
  request.on("newListener", onListener);
  this.emit("request", request, response);
}

/** What `puff._serve.wsgi:serve` returns: the head of a response whose body is in the buffers, or null if it has been sent. */
type Answer = { readonly head: Head | null } | { readonly failure: string } | { readonly busy: true };

/** Bodies up to this many bytes travel with the call. */
const smallBody = 262_144;
/** Those up to this many do though the client asks first whether to send them; larger ones the application may refuse. */
const smallExpected = 65_536;
/** Milliseconds after which a view waits, in all likelihood, for something or for its client. */
const oldAfter = 1_000;

async function serve(
  request: FastifyRequest,
  reply: FastifyReply,
  { all, uploads }: Admissions,
  options: WsgiOptions,
): Promise<void> {
  reply.hijack();
  const waiting = { room: options.bodyRoom, client: clientOf(request.raw.socket, request.ip) };
  const exchange = new Exchange(request.raw, reply.raw, request.id, options.deadline, waiting);
  try {
    const body = await bodyOf(request, exchange);
    const run = () => all.run(exchange.signal, () => call(request, exchange, body, options));
    const { value, buffers } = await (body === null ? uploads.run(exchange.signal, run) : run());
    const answer = value as unknown as Answer; // as puff._serve.wsgi writes it
    if ("busy" in answer) {
      throw new PuffError("PUFF_POOL_BUSY", "all connections to the database are in use");
    }
    if ("failure" in answer) {
      throw new PuffError("PUFF_WSGI_FAILED", "the application failed", { cause: tracebackError(answer.failure) });
    }
    if (answer.head !== null) {
      exchange.start(answer.head);
    }
    exchange.finish(buffers[0]);
  } catch (error) {
    if (error instanceof ClientGone || exchange.signal.reason instanceof ClientGone) {
      return;
    }
    refuse(request, exchange, toPuffError(error), options.maskErrors);
  }
}

/** A small body, before the request takes a place of others; null: it is larger, and the application reads it. */
async function bodyOf({ raw: { headers } }: FastifyRequest, exchange: Exchange): Promise<Buffer | null> {
  const mostFirst = headers.expect === undefined ? smallBody : smallExpected;
  if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > mostFirst) {
    if (headers.expect === undefined) {
      exchange.begin();
    }
    return null;
  }
  return headers["content-length"] !== undefined && (await exchange.arrive(smallBody + 1))
    ? exchange.take(smallBody)
    : Buffer.alloc(0);
}

async function call(
  request: FastifyRequest,
  exchange: Exchange,
  body: Buffer | null,
  options: WsgiOptions,
): Promise<CallAnswer> {
  const environ = environOf(request.raw, {
    prefix: request.server.prefix,
    scheme: request.protocol,
    client: request.ip,
    multiprocess: options.multiprocess,
  });
  return options.exchanges.with(exchange, (id) =>
    options.python().call("puff._serve.wsgi:serve", [environ, id, body === null], {
      ...(body === null || body.length === 0 ? {} : { buffers: [body] }),
      // The exchange has one that begins anew with each byte.
      deadline: null,
      signal: exchange.signal,
    }),
  );
}

function toPuffError(error: unknown): PuffError {
  if (!(error instanceof PuffError)) {
    return new PuffError("PUFF_INTERNAL", "the gateway failed", { cause: error });
  }
  return error.code === "PUFF_CALL_DEADLINE"
    ? new PuffError("PUFF_WSGI_DEADLINE", "the application computed for too long", {
        remedy: "Make the view quicker, or raise the limit python_deadline.",
        cause: error,
      })
    : error;
}

/** Answers in the application's stead, or breaks the response off where it has begun. */
function refuse(request: FastifyRequest, exchange: Exchange, error: PuffError, maskErrors: boolean): void {
  const traceback = error.cause instanceof Error ? error.cause.stack : undefined;
  const { code } = error;
  if (isSecurityCode(code)) {
    noteSecurity(request.log, { code, address: request.ip, what: () => error.message });
  } else {
    const details = { code, method: request.method, url: request.raw.url?.split("?", 1)[0] };
    request.log.error({ ...details, ...(traceback === undefined ? {} : { traceback }) }, error.message);
  }
  if (exchange.started) {
    exchange.breakOff();
    return;
  }
  const failed = code === "PUFF_WSGI_FAILED" || code === "PUFF_CALL_FAILED" || code === "PUFF_INTERNAL";
  const status = failed ? 500 : error.status < 500 ? error.status : 503;
  const reason = STATUS_CODES[status] ?? "";
  // Where the application did not fail, the stack is the gateway's own.
  const shown = failed ? (traceback ?? error.message) : error.message;
  const isShown = maskErrors ? error.safe : true;
  const body = Buffer.from(`${reason} [${code}]${isShown ? `\n\n${shown}\n` : ""}`);
  exchange.start([
    `${status} ${reason}`,
    [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(body.length)],
      ["Cache-Control", "no-store"],
      ...(code === "PUFF_BODY_TOO_LARGE" || code === "PUFF_BODIES_BUSY" ? [["Connection", "close"] as const] : []),
      ...(status === 503 ? [["Retry-After", "1"] as const] : []),
    ],
  ]);
  exchange.finish(body);
}

function tracebackError(traceback: string): Error {
  const error = new Error(traceback.trimEnd().split("\n").at(-1));
  error.stack = traceback;
  return error;
}
