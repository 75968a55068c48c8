/** A client of graphql-transport-ws that sends what it is told, right or wrong. */
import { EventEmitter, once } from "node:events";
import { WebSocket } from "ws";

export interface SocketOptions {
  readonly protocol?: string;
  readonly headers?: { readonly [name: string]: string };
  /** The address of this machine that it comes from. */
  readonly localAddress?: string;
}

export class TestSocket extends EventEmitter {
  readonly messages: { readonly type: string; readonly id?: string; readonly payload?: unknown }[] = [];
  readonly socket: WebSocket;
  /** Code and reason, once it is closed; the status, where there was no upgrade. */
  closed: readonly [code: number, reason: string] | null = null;

  constructor(url: string, { protocol = "graphql-transport-ws", headers = {}, localAddress }: SocketOptions = {}) {
    super();
    this.socket = new WebSocket(url.replace("http", "ws"), protocol === "" ? [] : protocol, {
      headers,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
    this.socket.on("message", (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.emit("changed");
    });
    this.socket.on("close", (code, reason) => {
      this.closed ??= [code, String(reason)];
      this.emit("changed");
    });
    this.socket.on("unexpected-response", (_request, response) => {
      this.closed = [response.statusCode ?? 0, ""];
      this.emit("changed");
    });
    this.socket.on("error", () => undefined);
  }

  async opened(): Promise<this> {
    await once(this.socket, "open");
    return this;
  }

  /** Opens, and is acknowledged. */
  async connected(payload?: unknown): Promise<this> {
    await this.opened();
    this.send({ type: "connection_init", payload });
    await this.until(({ messages }) => messages.length === 1);
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables?: object): void {
    this.send({ id, type: "subscribe", payload: { query, variables } });
  }

  async until(done: (socket: this) => boolean): Promise<void> {
    while (!done(this)) {
      await once(this, "changed");
    }
  }

  async untilClosed(): Promise<readonly [code: number, reason: string] | null> {
    await this.until(({ closed }) => closed !== null);
    return this.closed;
  }
}
