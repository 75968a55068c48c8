/** One WebSocket that a Python function serves: what has arrived waits for it here, and it waits for what it sends. */
import type { WebSocket } from "ws";
import { TimeLimit } from "../../python-bridge/index.ts";
import { PuffError } from "../../schema/index.ts";
import type { Handshake } from "../http/sockets/sockets.ts";
import { startDeadline } from "../terminal/prompts.ts";

export interface ConnectionLimits {
  /**
   * Milliseconds for the function to accept the socket, for a client to take what waits for it, and for the function to
   * end once its client is gone.
   */
  readonly deadline: number;
  /** Bytes that may wait for the function, and for the client. */
  readonly queueLimit: number;
}

export interface Message {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** The socket is closed, as Python is told. */
export class SocketClosed extends Error {
  readonly code = "CLOSED";
  readonly data: readonly [code: number, reason: string];

  constructor(code: number, reason: string) {
    super(`the WebSocket is closed: ${code}${reason === "" ? "" : ` ${reason}`}`);
    this.data = [code, reason];
  }
}

/** Close code of a client that does not read, here as for GraphQL. */
const slowCode = 4413;
/** Messages that may wait, however short. */
const mostWaiting = 1_000;

export class SocketConnection {
  readonly #handshake: Handshake;
  readonly #limits: ConnectionLimits;
  readonly #end = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  readonly #receivers = new Set<() => void>();
  #opening: Promise<WebSocket> | null = null;
  #socket: WebSocket | null = null;
  #why: SocketClosed | null = null;
  #timer: NodeJS.Timeout;
  #finished = false;

  constructor(handshake: Handshake, limits: ConnectionLimits) {
    this.#handshake = handshake;
    this.#limits = limits;
    const late = () =>
      this.#end.abort(
        new PuffError("PUFF_REQUEST_DEADLINE", `the WebSocket was not accepted in ${limits.deadline} ms`),
      );
    this.#timer = startDeadline(limits.deadline, late);
  }

  /** Aborts when the function is to end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether the client is gone. */
  get closed(): boolean {
    return this.#why !== null;
  }

  /** Completes the handshake; once. */
  async accept(protocol: string | null): Promise<void> {
    if (this.#opening !== null) {
      throw new Error("the WebSocket is already accepted: call accept() before receive() and send()");
    }
    await this.#open(protocol);
  }

  /** The next message; null if none came within this many milliseconds. Fails with {@link SocketClosed}. */
  async receive(timeout: number | null, signal: AbortSignal): Promise<Message | null> {
    const socket = await this.#open();
    const limit = new TimeLimit(timeout, signal);
    const { late } = limit;
    try {
      return await this.#receive(socket, limit.signal);
    } catch (error) {
      if (late.aborted && error === late.reason) {
        return null;
      }
      throw error;
    } finally {
      limit.end();
    }
  }

  /** Waits where the client has much to read still. Fails with {@link SocketClosed}. */
  async send({ data, isBinary }: Message): Promise<void> {
    const socket = await this.#open();
    if (this.#why !== null) {
      throw this.#why;
    }
    const written = Promise.withResolvers<void>();
    socket.send(data, { binary: isBinary }, () => written.resolve());
    if (socket.bufferedAmount <= this.#limits.queueLimit) {
      return;
    }
    const timer = setTimeout(() => this.#endSlow(socket), this.#limits.deadline);
    await Promise.race([written.promise, this.#closed.promise]);
    clearTimeout(timer);
    if (this.#why !== null) {
      throw this.#why;
    }
  }

  /** @throws TypeError for a code or reason that no frame can have */
  async close(code: number, reason: string): Promise<void> {
    const socket = await this.#open();
    socket.close(code, reason);
    socket.resume(); // the client's answer is to be read
  }

  /** The function has ended: with a close code, or the status where it did not accept. */
  finish(status: number, code: number, reason: string): void {
    this.#finished = true;
    clearTimeout(this.#timer);
    if (this.#opening === null) {
      this.#handshake.refuse(status);
    } else if (this.#socket !== null) {
      this.#socket.removeAllListeners("message");
      this.#socket.close(code, reason);
      this.#socket.resume();
    }
  }

  async #receive(socket: WebSocket, signal: AbortSignal): Promise<Message> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        this.#waitingBytes -= message.data.length;
        if (socket.isPaused && !this.#isFull()) {
          socket.resume();
        }
        return message;
      }
      if (this.#why !== null) {
        throw this.#why;
      }
      signal.throwIfAborted();
      await this.#arrival(signal);
    }
  }

  #open(protocol: string | null = null): Promise<WebSocket> {
    this.#opening ??= this.#accept(protocol);
    return this.#opening;
  }

  async #accept(protocol: string | null): Promise<WebSocket> {
    const socket = await this.#handshake.accept(protocol).catch(() => {
      throw new SocketClosed(1006, "");
    });
    clearTimeout(this.#timer);
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      this.#waiting.push({ data, isBinary });
      this.#waitingBytes += data.length;
      if (this.#isFull()) {
        socket.pause(); // the client waits, too
      }
      this.#tellReceivers();
    });
    socket.once("close", (code, reason) => this.#noteClosed(new SocketClosed(code, String(reason))));
    return socket;
  }

  #isFull(): boolean {
    return this.#waitingBytes > this.#limits.queueLimit || this.#waiting.length >= mostWaiting;
  }

  #tellReceivers(): void {
    for (const receiver of this.#receivers) {
      receiver();
    }
  }

  /** Resolves when something has come, the socket is closed, or the signal aborts. */
  #arrival(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#receivers.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#receivers.add(done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  #noteClosed(why: SocketClosed): void {
    if (this.#why === null) {
      this.#why = why;
      this.#closed.resolve();
      this.#tellReceivers();
      if (!this.#finished) {
        this.#timer = setTimeout(() => this.#end.abort(why), this.#limits.deadline);
      }
    }
  }

  /** The close frame comes after what waits for the client; ws breaks off where it is not answered in 30 s. */
  #endSlow(socket: WebSocket): void {
    const reason = "PUFF_SUBSCRIBER_SLOW";
    socket.close(slowCode, reason);
    this.#noteClosed(new SocketClosed(slowCode, reason));
  }
}
