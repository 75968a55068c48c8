/** The process's HTTP server: the one place that creates it, listens, and stops it without losing a request. */
import type { AddressInfo } from "node:net";
import { constants } from "node:os";
import { inspect } from "node:util";
import closeWithGrace from "close-with-grace";
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyPluginAsync,
  fastify,
  LogController,
} from "fastify";
import { longestTimer } from "../../python-bridge/index.ts";
import { PuffError } from "../../schema/index.ts";
import { createGateway } from "../app/plugin.ts";
import { type Deadlines, deadlinesOf, defaultDeadlines, lookInterval } from "../http/deadlines.ts";
import { isLoopback } from "../http/guard/guard.ts";
import { TrustedProxies } from "../http/guard/proxies.ts";
import { errorResponse } from "../http/messages/error-response.ts";
import { reuseMemory, send } from "../http/messages/send.ts";
import { answerFailure } from "../http/routes.ts";
import { defaultLimits, type GatewayOptions } from "../options/options.ts";
import { answerClientError } from "./client-errors.ts";
import { settleBeforeExit } from "./exit.ts";
import { StalledClients } from "./stalled.ts";
import { stopServer, stopSignals } from "./stop.ts";
import { VanishedClients } from "./vanished.ts";

export interface ListenOptions {
  /** Address to listen at. Default: `127.0.0.1`, this machine alone. `0.0.0.0` or `::` means all addresses. */
  readonly address?: string;
  /** TCP port. Default: 7777. 0: one that is free. */
  readonly port?: number;
  /** A pino logger. Default: none, nothing is logged. */
  readonly logger?: FastifyBaseLogger;
  /** Milliseconds in which requests in flight may end after a signal to stop. Default: the request deadline and 5 s. */
  readonly stopDeadline?: number;
  /** Milliseconds until an idle connection is closed. Default: 72 s, more than the 60 s that proxies commonly keep theirs. */
  readonly keepAlive?: number;
  /** Whether SIGTERM, SIGINT, SIGQUIT and SIGHUP stop it. Default: true. */
  readonly signals?: boolean;
  /** Whether other processes may listen at the same port, and the system (Linux) spreads connections. Default: false. */
  readonly reusePort?: boolean;
  /**
   * Runs last of all, once, when the gateway has stopped: ends what was started for it, such as an embedded Postgres.
   * It does not run where the gateway does not start.
   */
  onStopped?(): Promise<void>;
}

/** A server that listens. */
export interface RunningServer {
  readonly app: FastifyInstance;
  /** `http://127.0.0.1:7777`, without a trailing slash. */
  readonly url: string;
  /** Stops accepting, lets requests in flight end, then stops what answered them. */
  close(): Promise<void>;
}

/**
 * Starts a gateway with a server of its own. SIGTERM and SIGINT stop it gracefully; a second signal ends it at once.
 *
 * @throws PuffError for a user's mistake: `PUFF_PORT_TAKEN`, `PUFF_SCHEMA_NOT_FOUND`, `PUFF_DATABASE_UNAVAILABLE`, …
 * @example const server = await startServer({ schemas: [{ spec: "schema.py" }], port: 0 });
 */
export function startServer(options: GatewayOptions & ListenOptions): Promise<RunningServer> {
  const requestDeadline = options.limits?.requestDeadline ?? defaultLimits.requestDeadline;
  const address = options.address ?? defaultAddress;
  // Names of elsewhere come to a server of this machine alone by a page that has its name point here (DNS rebinding).
  const isPrivate = isLoopback(address) && process.env["NODE_ENV"] !== "production";
  const hosts = isPrivate ? { allowedHosts: [] } : {};
  return serve(createGateway({ ...hosts, ...options }), {
    stopDeadline: Math.min(requestDeadline + 5_000, longestTimer),
    ...deadlinesOf(options),
    ...options,
  });
}

const defaultAddress = "127.0.0.1";

/** Starts a server for any plugin; see {@link startServer}. */
export async function serve(
  plugin: FastifyPluginAsync,
  options: ListenOptions & Pick<GatewayOptions, "trustProxy"> & Partial<Deadlines>,
): Promise<RunningServer> {
  const trusted = options.trustProxy ?? [];
  const proxies = new TrustedProxies(trusted);
  const deadlines = { ...defaultDeadlines, ...options };
  const stalled = new StalledClients(deadlines.send);
  const app = fastify({
    ...(options.logger === undefined ? {} : { loggerInstance: options.logger }),
    // The gateway logs what is worth it: two lines a request would cost more than most requests do.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "requestId" }),
    trustProxy: trusted.length > 0 && ((address) => proxies.has(address)),
    // While it stops, a request on a connection that was open before is still answered: none is lost.
    return503OnClosing: false,
    forceCloseConnections: "idle",
    requestTimeout: deadlines.request,
    // What the gateway waits for at start has deadlines of its own, some longer than Fastify's 10 s for a plugin.
    pluginTimeout: 0,
    keepAliveTimeout: deadlines.keepAlive,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, app.log),
    frameworkErrors: (error, request, reply) => void answerFailure(error, request, reply),
    // Java's client and curl offer HTTP/2 with each request, which is to be ignored (RFC 9110, 7.8), not refused.
    http: {
      // A client that dribbles can't hold a connection.
      headersTimeout: deadlines.head,
      requestTimeout: deadlines.request,
      connectionsCheckingInterval: lookInterval,
      shouldUpgradeCallback({ headers, socket }) {
        const isWebSocket = headers.upgrade?.toLowerCase() === "websocket";
        if (isWebSocket) {
          stalled.leave(socket);
        }
        return isWebSocket;
      },
    },
    routerOptions: { ignoreTrailingSlash: true },
  });
  addNotFound(app);
  app.setErrorHandler((error: FastifyError, request, reply) => answerFailure(error, request, reply));
  stalled.watch(app.server);
  new VanishedClients(deadlines.send).watch(app.server);
  reuseMemory(app.server);
  try {
    await app.register(plugin);
    app.addHook("preClose", async () => {
      if (app.server.listening) {
        await stopServer(app.server, deadlines.leave);
      }
    });
    await app.ready();
    await listen(app, options.address ?? defaultAddress, options.port ?? 7777, options.reusePort ?? false);
  } catch (error) {
    await app.close();
    throw error;
  }
  let closed: Promise<void> | null = null;
  const close = () => {
    closed ??= app.close().then(() => options.onStopped?.());
    return closed;
  };
  const signals = closeWithGrace(
    {
      delay: options.stopDeadline ?? defaultLimits.requestDeadline + 5_000,
      logger: false,
      skip: otherSignals(options.signals === false ? [] : stopSignals),
    },
    async ({ err, signal }) => {
      if (err !== undefined) {
        app.log.fatal({ err }, "an error that nobody caught: stopping");
        if (options.logger === undefined) {
          process.stderr.write(`${inspect(err)}\n`);
        }
      } else {
        app.log.info({ signal }, "stopping: finishing the requests in flight");
      }
      await close();
      await settleBeforeExit(); // close-with-grace ends the process
    },
  );
  return {
    app,
    url: describeAddress(app),
    async close() {
      signals.uninstall();
      await close();
    },
  };
}

/** The signals that close-with-grace would take and must not: {@link stopSignals} says why. */
function otherSignals(handled: readonly string[]): closeWithGrace.AllEvents[] {
  const isOther = (name: string): name is closeWithGrace.AllEvents => !handled.includes(name);
  return Object.keys(constants.signals).filter(isOther);
}

async function listen(app: FastifyInstance, address: string, port: number, reusePort: boolean): Promise<void> {
  try {
    await app.listen({ host: address, port, ...{ reusePort } }); // node:net's; Fastify's type does not know it
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    const place = `${address}:${port}`;
    if (code === "EADDRINUSE") {
      throw new PuffError("PUFF_PORT_TAKEN", `port ${port} is in use`, {
        place,
        remedy: "Stop the program that uses it, or choose another with --port.",
        cause: error,
      });
    }
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN") {
      throw new PuffError("PUFF_CONFIG_INVALID", `can't listen there (${code})`, {
        place,
        remedy: "Choose an address of this machine and a port that you may use.",
        cause: error,
      });
    }
    throw error;
  }
}

/** Where a client of this machine finds it: an address that means all of them is not a place to go to. */
function describeAddress(app: FastifyInstance): string {
  // After listen() on TCP, node:http has an AddressInfo.
  const { address, family, port } = app.server.address() as AddressInfo;
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "::1" : address;
  return `http://${family === "IPv6" ? `[${host}]` : host}:${port}`;
}

/** A wrong URL gets the list of the right ones. */
function addNotFound(app: FastifyInstance): void {
  const urls = new Set<string>();
  app.addHook("onRoute", ({ url }) => {
    if (!url.includes("*")) {
      urls.add(url);
    }
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.split("?", 1)[0] ?? "";
    const error = new PuffError("PUFF_NOT_FOUND", `nothing is served at ${path}`, {
      extensions: { urls: [...urls] },
    });
    return send(reply, errorResponse(error, "json"));
  });
}
