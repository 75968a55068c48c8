/** Connections of HTTP, mail and Redis clients in Python, with TLS, and those that Python's servers accept. */
import { once } from "node:events";
import { connect as connectTcp, type IpcNetConnectOpts, type Socket, type TcpNetConnectOpts } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { TimeLimit } from "../protocol/timers.ts";
import { either, flag, type Kind, nullable, number, object, text, type ValueOf, type ValuesOf } from "./kinds.ts";
import { type Address, Listener } from "./listener.ts";
import { type CallContext, type Method, method, methods, nothing } from "./methods.ts";
import type { HostAnswer, HostService, HostSession } from "./services.ts";

/** `puff._cooperative._streams` and `_servers` call it. */
export const streamsService: HostService = { open: () => new StreamSession() };

/** Connections that one interpreter may have. */
const connectionBound = 1000;

/** How Python wants a connection to be secured. */
const security = object({
  servername: text,
  verify: flag,
  checkHostname: flag,
  /** PEM; null: those that Node trusts. */
  ca: nullable(text),
  cert: nullable(text),
  key: nullable(text),
  passphrase: nullable(text),
});
type Security = ValueOf<typeof security>;

class StreamSession implements HostSession {
  readonly #sockets = new Map<number, Socket>();
  readonly #listeners = new Map<number, Listener>();
  #last = 0;

  readonly call = methods("streams", {
    connect: timed([text, nullable(either(number, text))], async ([host, port], { signal }) =>
      this.#handOver(await this.#connect(placeOf(host, port), signal)),
    ),
    secure: timed([number, security], async ([plain, wanted], { signal }) =>
      this.#handOver(await this.#secure(plain, wanted, signal)),
    ),
    listen: timed([text, either(number, text), number], async ([host, port, version], { signal }) =>
      this.#handOver(await this.#listen(host, Number(port), version === 6 ? 6 : 4, signal)),
    ),
    wait: timed([number], async ([one], { signal }) => {
      await (this.#listeners.get(one)?.arrival(signal) ?? readiness(this.#socket(one), signal));
      return nothing;
    }),
    accept: timed([number], async ([one], { signal }) =>
      this.#handOver(await (this.#listeners.get(one) ?? throwClosed()).accept(signal)),
    ),
    read: timed([number, number], async ([one, size], { signal }) => ({
      value: null,
      buffers: [await readFrom(this.#socket(one), size, signal)],
    })),
    write: timed([number], async ([one], { buffers: [bytes = new Uint8Array(0)], signal }) => {
      await writeTo(this.#socket(one), bytes, signal);
      return nothing;
    }),
    readable: timed([number], ([one]) => ({ value: isReadable(this.#socket(one)) })),
    end: timed([number], ([one]) => {
      this.#socket(one).end();
      return nothing;
    }),
    close: timed([number], ([one]) => {
      this.#close(one);
      return nothing;
    }),
  });

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
      // An address is not a name by which a server tells its sites apart.
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
    // The call that waits reports it; nobody else needs it.
    socket.on("error", () => {});
    this.#sockets.set(handle, socket);
    return handle;
  }

  #socket(handle: number): Socket {
    return this.#sockets.get(handle) ?? throwClosed();
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

/** A method that waits no longer than its first argument says, in milliseconds; null: for as long as its greenlet lives. */
function timed<const Kinds extends readonly Kind<unknown>[]>(
  kinds: Kinds,
  run: (args: ValuesOf<Kinds>, context: CallContext) => HostAnswer | Promise<HostAnswer>,
): Method {
  return method([nullable(number), ...kinds], async ([timeout, ...args], { buffers, signal }) => {
    const limit = new TimeLimit(timeout, signal);
    try {
      return await run(args, { buffers, signal: limit.signal });
    } catch (error) {
      if (limit.late.aborted && !signal.aborted) {
        throw Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });
      }
      throw error;
    } finally {
      limit.end();
    }
  });
}

function throwClosed(): never {
  throw Object.assign(new Error("the connection is closed"), { code: "EBADF" });
}

/** Where there is no port, it is the path of a Unix socket. */
function placeOf(host: string, port: number | string | null): TcpNetConnectOpts | IpcNetConnectOpts {
  return port === null ? { path: host } : { host, port: Number(port), noDelay: true };
}

/** The next bytes, at most this many; none at the end. What is not read stays with the server. */
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
