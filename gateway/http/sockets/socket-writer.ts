/** What goes to a WebSocket: bounded, so that a client that does not read costs little. */
import type { WebSocket } from "ws";
import type { ErrorCode } from "../../../schema/index.ts";

/** Codes with which a socket is closed, beside those that graphql-ws closes it with. */
export const closeCodes = {
  badRequest: 4400,
  forbidden: 4403,
  slow: 4413,
  internal: 4500,
} as const;

/** Bytes that wait in a socket until more is held back. */
const highWater = 65_536;
/** Bytes of a reason that a close frame has room for. */
const longestReason = 123;
const suffix = Buffer.from("}");

export interface SocketWriterOptions {
  /** Bytes of answers that may wait for a client who reads slowly. */
  readonly queueLimit: number;
  /** Notes what was refused. */
  note(code: ErrorCode, what: string): void;
}

export class SocketWriter {
  readonly #webSocket: WebSocket;
  readonly #options: SocketWriterOptions;
  /** Bytes of the protocol's own messages, such as pongs, that the client has not taken yet. */
  #unread = 0;

  constructor(webSocket: WebSocket, options: SocketWriterOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
  }

  /**
   * A client may send as many pings as it wants without reading: what answers is bounded by itself. graphql-ws does not
   * wait for it, since it keeps an id until it has told its end, and the client may use it again before.
   */
  reply(message: string): void {
    this.#unread += message.length;
    if (this.#unread > this.#options.queueLimit) {
      this.closeSlow("PUFF_SUBSCRIBER_SLOW", "the client sends messages but does not read the responses");
    }
    void this.#write(message).then(() => {
      this.#unread -= message.length;
    });
  }

  /** Sends a message of an operation: `prefix`, the answer's body, and the message's end. */
  async send(prefix: Buffer, body: Buffer, signal: AbortSignal): Promise<void> {
    if (!signal.aborted) {
      await this.#write(Buffer.concat([prefix, body, suffix], prefix.length + body.length + 1));
    }
  }

  /** Closes the socket of a client that is too far behind. */
  closeSlow(code: ErrorCode, message: string): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN) {
      this.#options.note(code, message);
    }
    this.close(closeCodes.slow, `${code}: ${message}`);
  }

  close(code: number, reason = ""): void {
    this.#webSocket.close(code, Buffer.from(reason).subarray(0, longestReason));
  }

  /** Resolves when the socket has room for more. */
  #write(data: string | Buffer): Promise<void> {
    const webSocket = this.#webSocket;
    if (webSocket.readyState !== webSocket.OPEN) {
      return Promise.resolve();
    }
    if (webSocket.bufferedAmount + data.length < highWater) {
      webSocket.send(data, { binary: false });
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      webSocket.send(data, { binary: false }, () => resolve()); // a socket that fails also closes
    });
  }
}
