/** Clients that don't take their answers: what waits for them is memory. */
import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Ends connections whose clients take nothing for a while of what was sent to them.
 *
 * The timeout of a socket begins anew with each byte that the system takes, even of one large write; it is set only while
 * something waits, since in between a client may wait for us, and Node has one of its own there.
 */
export class StalledClients {
  readonly #patience: number;
  readonly #sockets = new Set<Socket>();
  readonly #stalled = new WeakSet<Socket>();

  /** @param patience Milliseconds. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Watches a server's connections until it closes. */
  watch(server: Server): void {
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    const timer = setInterval(() => this.#look(), this.#patience / 4).unref();
    server.once("close", () => clearInterval(timer));
  }

  /** A connection becomes a WebSocket, which sees to itself. */
  leave(socket: Socket): void {
    this.#sockets.delete(socket);
  }

  #look(): void {
    for (const socket of this.#sockets) {
      const waits = socket.writableLength > 0;
      if (waits && !this.#stalled.has(socket)) {
        this.#stalled.add(socket);
        socket.setTimeout(this.#patience); // node:http ends the socket then
      } else if (!waits && this.#stalled.delete(socket) && socket.timeout === this.#patience) {
        socket.setTimeout(0);
      }
    }
  }
}
