/** A port of the host on which a Python server listens. */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** As Python's sockets have it. */
export type Address = [host: string, port: number];

/** A connection that has arrived: the handle under which it is kept, and where it comes from. */
export type Arrival = [handle: number, ...from: Address];

export class Listener {
  readonly #server: Server;
  readonly #arrived: Arrival[] = [];
  readonly #closed = new AbortController();

  /** @param keep - gives a connection its handle; null: there are too many, and it is refused. */
  constructor(keep: (socket: Socket) => number | null) {
    // A client may end its half before it reads the answer.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const handle = keep(socket);
      if (handle === null) {
        socket.destroy();
      } else {
        this.#arrived.push([handle, socket.remoteAddress ?? "", socket.remotePort ?? 0]);
      }
    });
    // The call that waits reports it; nobody else needs it.
    this.#server.on("error", () => {});
  }

  /**
   * Listens at one address of the host's; "" means all of them.
   *
   * @throws the system's error, such as `EADDRINUSE`
   */
  async open(host: string, port: number, family: 4 | 6, signal: AbortSignal): Promise<Address> {
    const { address } = host === "" ? { address: family === 6 ? "::" : "0.0.0.0" } : await lookup(host, { family });
    const either = AbortSignal.any([signal, this.#closed.signal]);
    either.throwIfAborted();
    // A process of several does not share its port: a client that connects means this one.
    this.#server.listen({ host: address, port, exclusive: true });
    await once(this.#server, "listening", { signal: either });
    const bound = this.#server.address() as AddressInfo; // it listens on a port
    return [bound.address, bound.port];
  }

  /** Waits until there is a connection to {@link accept}. */
  async arrival(signal: AbortSignal): Promise<void> {
    while (this.#arrived.length === 0) {
      await once(this.#server, "connection", { signal: AbortSignal.any([signal, this.#closed.signal]) });
    }
  }

  /** The connection that has waited longest. */
  async accept(signal: AbortSignal): Promise<Arrival> {
    for (;;) {
      const first = this.#arrived.shift();
      if (first !== undefined) {
        return first;
      }
      await this.arrival(signal);
    }
  }

  /** Gives the handles of the connections that nobody has accepted. */
  close(): readonly number[] {
    this.#server.close();
    this.#closed.abort();
    return this.#arrived.map(([handle]) => handle);
  }
}
