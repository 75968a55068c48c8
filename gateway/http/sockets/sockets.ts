/** WebSockets: which upgrades become one, how they are kept alive, and how they are written to. */
import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { handleProtocols } from "graphql-ws";
import { type WebSocket, WebSocketServer } from "ws";
import type { Planner } from "../../../planner/index.ts";
import { type ErrorCode, PuffError } from "../../../schema/index.ts";
import { clientOf, runFor } from "../../fairness/client.ts";
import type { RequestDocuments } from "../documents/request-documents.ts";
import type { Guard } from "../guard/guard.ts";
import type { Origins } from "../guard/origins.ts";
import { noteSecurity } from "../messages/security.ts";
import { serveOperations } from "./socket-operations.ts";
import type { Ending, Subscribers } from "./subscribers.ts";

export interface SocketOptions {
  /** Bytes that one message may have. */
  readonly messageLimit: number;
  /** Operations that may run at a time on one socket. */
  readonly operationLimit: number;
  /** Bytes of answers that may wait for one socket's client. */
  readonly queueLimit: number;
  /** Milliseconds that a query, a mutation or the beginning of a subscription may take. */
  readonly deadline: number;
  readonly guard: Guard;
  readonly origins: Origins;
  readonly subscribers: Subscribers;
  readonly application?: ApplicationSockets;
}

/** What answers GraphQL on the WebSockets of a path. */
export interface SocketApi {
  /** Asked for at each upgrade, since a reload swaps it. */
  planner(): Planner;
  readonly documents: RequestDocuments;
}

/** WebSockets at other URLs than the APIs'. */
export interface ApplicationSockets {
  /** What serves the sockets at a path, until it resolves; null: nothing does. */
  find(path: string): ((handshake: Handshake) => Promise<void>) | null;
}

/** A request to become a WebSocket. */
export interface Handshake {
  readonly request: IncomingMessage;
  /** The client's address, as far as trusted proxies tell. */
  readonly address: string;
  /** Fails where the client is gone or breaks the protocol. */
  accept(protocol: string | null): Promise<WebSocket>;
  refuse(status: number): void;
}

/** Milliseconds between two pings; who has not answered one by the next is gone. */
const pingInterval = 12_000;
/** Milliseconds for a client to close its end, once the gateway stops. */
const closeTime = 1_000;

/** Codes with which this side closes a socket, beside those of the protocol. */
const endings = {
  stopping: { code: 1001, reason: "The gateway stops" },
  reloaded: { code: 1012, reason: "The schema was reloaded" },
} as const satisfies { [ending in Ending]: { readonly code: number; readonly reason: string } };

/** Serves graphql-transport-ws at URL paths, each with its schema, and the application's sockets. */
export function addSockets(app: FastifyInstance, apis: ReadonlyMap<string, SocketApi>, options: SocketOptions): void {
  /** Of requests for the application. */
  const chosen = new WeakMap<IncomingMessage, string | false>();
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: options.messageLimit,
    handleProtocols: (offered, request) => chosen.get(request) ?? protocolOf(offered),
    // Compressing takes a third of a megabyte a socket.
    perMessageDeflate: false,
    // One message after the other, each begun before the next is read: a client may complete what it has just begun.
    allowSynchronousEvents: false,
  });
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    const api = apis.get(path) ?? apis.get(path.replace(/\/$/, ""));
    const serveApplication =
      api === undefined && path.startsWith(app.prefix)
        ? (options.application?.find(path.slice(app.prefix.length)) ?? null)
        : null;
    if (api === undefined && serveApplication === null) {
      if (app.server.listenerCount("upgrade") === 1) {
        refuse(socket, 404); // else it is for another of the application's
      }
      return;
    }
    const wrong = options.guard.check(request);
    const address = options.guard.proxies.addressOf(request);
    const note = (code: ErrorCode, what: string) => noteSecurity(app.log, { code, address, what: () => what });
    const refuseFor = ({ code, message, status }: PuffError) => {
      note(code, message);
      refuse(socket, status);
    };
    if (wrong !== null) {
      refuseFor(wrong);
      return;
    }
    if (!mayConnect(request, options)) {
      refuseFor(new PuffError("PUFF_CSRF", `a page of ${request.headers.origin} opens a WebSocket`));
      return;
    }
    const client = clientOf(socket, address);
    let opened: WebSocket | null = null;
    const open = (use: (webSocket: WebSocket) => void) =>
      server.handleUpgrade(request, socket, head, (webSocket) => {
        opened = webSocket;
        keepAlive(webSocket);
        use(webSocket);
      });
    let left: () => void;
    try {
      left = options.subscribers.add((why) => {
        opened === null ? socket.destroy() : opened.close(endings[why].code, endings[why].reason);
      }, client);
    } catch (error) {
      if (!(error instanceof PuffError)) {
        throw error;
      }
      refuseFor(error);
      return;
    }
    if (api !== undefined) {
      const { documents } = api;
      socket.once("close", left);
      open((webSocket) => {
        if (webSocket.protocol === oldProtocol) {
          refuseOldProtocol(webSocket);
          return;
        }
        serveOperations(webSocket, request.headers, api.planner(), {
          ...options,
          documents,
          client,
          note,
          log: app.log,
        });
      });
    } else if (serveApplication !== null) {
      const handshake: Handshake = {
        request,
        address,
        accept: (protocol) =>
          new Promise((resolve, reject) => {
            chosen.set(request, protocol ?? false);
            const gone = () => reject(new Error("the client is gone"));
            if (socket.destroyed) {
              gone(); // before, so that no event tells
              return;
            }
            socket.once("close", gone);
            open(resolve);
          }),
        refuse: (status) => refuse(socket, status),
      };
      socket.on("error", () => undefined); // its end tells
      void runFor(client, serveApplication, handshake).finally(left);
    }
  };
  app.server.on("upgrade", upgrade);
  const pings = setInterval(() => pingAll(server), pingInterval);
  app.addHook("preClose", async () => {
    app.server.off("upgrade", upgrade);
    clearInterval(pings);
    setTimeout(() => {
      for (const client of server.clients) {
        client.terminate();
      }
    }, closeTime).unref();
  });
}

/** That of subscriptions-transport-ws, whose messages are others than those of graphql-ws. */
const oldProtocol = "graphql-ws";

function protocolOf(offered: Set<string>): string | false {
  return handleProtocols(offered) || (offered.has(oldProtocol) ? oldProtocol : false);
}

/** Tells a client of the old protocol why it is not served, in the one way that it shows to its user. */
function refuseOldProtocol(webSocket: WebSocket): void {
  const message = "the protocol of subscriptions-transport-ws is not supported: use graphql-ws (graphql-transport-ws)";
  webSocket.send(JSON.stringify({ type: "connection_error", payload: { message } }));
  webSocket.close(4406, message);
}

const unanswered = new WeakSet<WebSocket>();

function pingAll(server: WebSocketServer): void {
  for (const client of server.clients) {
    if (client.isPaused) {
      continue; // its answer is not read
    }
    if (unanswered.has(client)) {
      client.terminate();
    } else {
      unanswered.add(client);
      client.ping();
    }
  }
}

function keepAlive(webSocket: WebSocket): void {
  webSocket.on("pong", () => unanswered.delete(webSocket));
  // A frame that breaks the protocol or its size: ws closes with the code that RFC 6455 has for it.
  webSocket.on("error", () => undefined);
}

/**
 * A page of any site can open a WebSocket here with the cookies of its visitor, and no preflight asks for leave. So an
 * origin must be the gateway's own, or one that was named, which `*` is not; a client that sends none is not a browser.
 */
function mayConnect(request: IncomingMessage, { guard, origins }: SocketOptions): boolean {
  const { origin } = request.headers;
  return origin === undefined || origins.trusts(origin, guard.proxies.hostOf(request));
}

function refuse(socket: Duplex, status: number): void {
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
