/** Connections of Python's HTTP, mail and Redis clients, with TLS, and those that its servers accept. */
import { once } from "node:events";
import { connect as connectTcp, type IpcNetConnectOpts, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { TimeLimit } from "../protocol/timers.ts";
import { type Address, Listener } from "./listener.ts";
import type { HostAnswer, HostService, HostSession } from "./services.ts";

/** `puff._cooperative._streams` and `_servers` call it. */
export const streamsService: HostService = { open: () => new StreamSession() };

/** Connections that one interpreter may have. */
const connectionBound = 1000;

/** How Python wants a connection to be secured. */
interface Security {
  readonly servername: string;
  readonly verify: boolean;
  readonly checkHostname: boolean;
  /** PEM; null: those that Node trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly passphrase: string | null;
}

class StreamSession implements HostSession {
  readonly #sockets = new Map<number, Socket>();
  readonly #listeners = new Map<number, Listener>();
  #last = 0;

  /** Waits no longer than its first argument says, in milliseconds; null: for as long as its greenlet lives. */
  async call(
    method: string,
    [timeout, ...args]: readonly unknown[],
    buffers: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<HostAnswer> {
    // The arguments are as _streams.py writes them.
    const limit = new TimeLimit(typeof timeout === "number" ? timeout : null, signal);
    const { signal: bound, late } = limit;
    try {
      switch (method) {
        case "connect":
          return this.#handOver(await this.#connect(placeOf(String(args[0]), args[1]), bound));
        case "secure":
          return this.#handOver(await this.#secure(Number(args[0]), args[1] as Security, bound));
        case "listen":
          return this.#handOver(await this.#listen(String(args[0]), Number(args[1]), args[2] === 6 ? 6 : 4, bound));
        case "wait":
          await (this.#listeners.get(Number(args[0]))?.arrival(bound) ?? readiness(this.#socket(args[0]), bound));
          return { value: null };
        case "accept":
          return this.#handOver(await (this.#listeners.get(Number(args[0])) ?? throwClosed()).accept(bound));
        case "read":
          return { value: null, buffers: [await readFrom(this.#socket(args[0]), Number(args[1]), bound)] };
        case "write":
          await writeTo(this.#socket(args[0]), buffers[0] ?? new Uint8Array(0), bound);
          return { value: null };
        case "readable":
          return { value: isReadable(this.#socket(args[0])) };
        case "end":
          this.#socket(args[0]).end();
          return { value: null };
        default:
          this.#close(Number(args[0]));
          return { value: null };
      }
    } catch (error) {
      if (late.aborted && !signal.aborted) {
        throw Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
      }
      throw error;
    } finally {
      limit.end();
    }
  }

  close(): void {
    for (const handle of [...this.#listeners.keys()]) {
      this.#close(handle);
    }
    for (const socket of this.#sockets.values()) {
      socket.destroy();
    }
    this.#sockets.clear();
  }

  /** What Python never learns of it can't close. */
  #handOver(value: number | [handle: number, host: string, port: number]): HostAnswer {
    const handle = typeof value === "number" ? value : value[0];
    return { value, unclaimed: () => this.#close(handle) };
  }

  async #connect(
    place: TcpNetConnectOpts | IpcNetConnectOpts,
    signal: AbortSignal,
  ): Promise<[handle: number, host: string, port: number]> {
    this.#checkBound();
    const socket = connectTcp(place);
    const handle = this.#keep(socket);
    try {
      await once(socket, "connect", { signal });
    } catch (error) {
      this.#close(handle);
      throw firstOf(error);
    }
    return [handle, socket.remoteAddress ?? "", socket.remotePort ?? 0];
  }

  /** Gives the new handle: the old one is part of it. */
  async #secure(handle: number, security: Security, signal: AbortSignal): Promise<number> {
    const plain = this.#socket(handle);
    this.#sockets.delete(handle);
    const { servername, verify, checkHostname, ca, cert, key, passphrase } = security;
    const socket: TLSSocket = connectTls({
      socket: plain,
      // An address is no name that a server could be told apart by.
      servername: /^[\d.]+$|:/.test(servername) ? "" : servername,
      host: servername,
      rejectUnauthorized: verify,
      ...(checkHostname ? {} : { checkServerIdentity: () => undefined }),
      ...(ca === null ? {} : { ca }),
      ...(cert === null ? {} : { cert, key: key ?? cert }),
      ...(passphrase === null ? {} : { passphrase }),
    });
    const secured = this.#keep(socket);
    try {
      await once(socket, "secureConnect", { signal });
    } catch (error) {
      this.#close(secured);
      throw error;
    }
    return secured;
  }

  async #listen(
    host: string,
    port: number,
    family: 4 | 6,
    signal: AbortSignal,
  ): Promise<[handle: number, ...address: Address]> {
    this.#checkBound();
    const listener = new Listener((socket) => (this.#isFull ? null : this.#keep(socket)));
    const handle = ++this.#last;
    this.#listeners.set(handle, listener);
    try {
      return [handle, ...(await listener.open(host, port, family, signal))];
    } catch (error) {
      this.#close(handle);
      throw error;
    }
  }

  get #isFull(): boolean {
    return this.#sockets.size + this.#listeners.size >= connectionBound;
  }

  #checkBound(): void {
    if (this.#isFull) {
      throw Object.assign(
        new Error(`there are ${connectionBound} connections already: an interpreter can't have more`),
        { code: "EMFILE" },
      );
    }
  }

  #keep(socket: Socket): number {
    const handle = ++this.#last;
    // Whoever waits is told; nobody else is to be.
    socket.on("error", () => {});
    this.#sockets.set(handle, socket);
    return handle;
  }

  #socket(handle: unknown): Socket {
    return this.#sockets.get(Number(handle)) ?? throwClosed();
  }

  #close(handle: number): void {
    this.#sockets.get(handle)?.destroy();
    this.#sockets.delete(handle);
    for (const waiting of this.#listeners.get(handle)?.close() ?? []) {
      this.#close(waiting);
    }
    this.#listeners.delete(handle);
  }
}

function throwClosed(): never {
  throw Object.assign(new Error("the connection is closed"), { code: "EBADF" });
}

/** Where there is no port, it is the path of a Unix socket. */
function placeOf(host: string, port: unknown): TcpNetConnectOpts | IpcNetConnectOpts {
  return port === null ? { path: host } : { host, port: Number(port), noDelay: true };
}

/** The next bytes, at most so many; none at the end. What is not read stays with the server. */
async function readFrom(socket: Socket, most: number, signal: AbortSignal): Promise<Uint8Array> {
  for (;;) {
    if (socket.errored !== null) {
      throw socket.errored;
    }
    const bytes: Buffer | null = socket.read(Math.min(most, socket.readableLength) || undefined);
    if (bytes !== null) {
      return bytes;
    }
    if (socket.readableEnded || socket.destroyed) {
      return new Uint8Array(0);
    }
    await change(socket, signal);
  }
}

/** Waits until reading would not wait. */
async function readiness(socket: Socket, signal: AbortSignal): Promise<void> {
  if (!isReadable(socket)) {
    await change(socket, signal);
  }
}

function isReadable(socket: Socket): boolean {
  return socket.readableLength > 0 || socket.readableEnded || socket.destroyed;
}

/** Waits until there are more bytes, or the end. */
async function change(socket: Socket, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const either = { signal: AbortSignal.any([signal, done.signal]) };
  try {
    await Promise.race([once(socket, "readable", either), once(socket, "end", either), once(socket, "close", either)]);
  } finally {
    done.abort();
  }
}

/** Returns when the bytes are on their way, so that a slow server slows down who writes. */
async function writeTo(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const written = Promise.withResolvers<void>();
  const onAbort = () => written.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.write(bytes, (error) => (error ? written.reject(error) : written.resolve()));
  try {
    await written.promise;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Of the addresses tried, the first one's failure. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError ? (error.errors[0] ?? error) : error;
}
