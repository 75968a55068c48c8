/** One request to a WSGI application and its response, while they are under way. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PuffError } from "../../schema/index.ts";
import { startDeadline } from "../prompts.ts";

/** `200 OK` and the headers, as the application gave them to `start_response`. */
export type Head = readonly [status: string, headers: readonly (readonly [name: string, value: string])[]];

const nothing = Buffer.alloc(0);
/** Bytes a millisecond at which a client sends and takes at least. What it is slower by, it has the patience for in all. */
const slowest = 1;

/** The bytes of a request and of its response, and how long they may keep others waiting. */
export class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #requestId: string;
  readonly #end = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #patience: number;
  /** Milliseconds that the client has been waited for beyond what its bytes are worth. */
  #late = 0;
  #written = 0;
  /** Whether the next piece of the body has been asked for and has not come. */
  #awaited = false;
  #pieces: AsyncIterator<Buffer> | null = null;
  #rest: Buffer = nothing;

  /**
   * @param patience - milliseconds that may pass without a byte that comes from the client or goes to it, and that a
   *   client may be late in all
   */
  constructor(request: IncomingMessage, response: ServerResponse, requestId: string, patience: number) {
    this.#request = request;
    this.#response = response;
    this.#requestId = requestId;
    this.#patience = patience;
    this.#timer = startDeadline(patience, () => {
      this.#end.abort(
        this.#awaited
          ? new PuffError("PUFF_REQUEST_SLOW", `the request's body did not arrive within ${patience} ms`)
          : new PuffError("PUFF_WSGI_DEADLINE", `the application did not answer within ${patience} ms`, {
              remedy: "Make the view quicker, or raise the limit request_deadline.",
            }),
      );
    });
    response.once("close", () => {
      clearTimeout(this.#timer);
      if (!response.writableFinished) {
        this.#end.abort(new ClientGone());
      }
    });
  }

  /** Aborts when nobody waits for the response any more. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether the head of the response has been sent. */
  get started(): boolean {
    return this.#response.headersSent;
  }

  /**
   * The whole body, for requests that are known to be small.
   *
   * @throws the signal's reason where the client does not send it in time
   */
  async readAll(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    const ended = Promise.withResolvers<never>();
    this.signal.addEventListener("abort", () => ended.reject(this.signal.reason), { once: true });
    ended.promise.catch(() => undefined); // who reads is told
    for (;;) {
      const piece = await Promise.race([this.read(Number.POSITIVE_INFINITY), ended.promise]);
      if (piece.length === 0) {
        return Buffer.concat(pieces);
      }
      pieces.push(piece);
    }
  }

  /** More of the body, `size` bytes at most; none at its end. What is not read stays with the client. */
  async read(size: number): Promise<Buffer> {
    if (this.#rest.length === 0) {
      this.#pieces ??= this.#request.iterator({ destroyOnReturn: false });
      const since = performance.now();
      this.#awaited = true;
      const next = await this.#pieces.next();
      this.#awaited = false;
      if (next.done === true) {
        this.#timer.refresh();
        return nothing;
      }
      this.#waitedFor(next.value.length, since);
      this.#rest = next.value;
    }
    const piece = this.#rest.subarray(0, size);
    // The piece is given away, and what it is a part of with it.
    this.#rest = piece.length === this.#rest.length ? nothing : this.#rest.subarray(size);
    return piece;
  }

  start([status, headers]: Head): void {
    if (this.#response.destroyed) {
      return;
    }
    const flat = headers.flat();
    if (!headers.some(([name]) => name.toLowerCase() === "x-request-id")) {
      flat.push("x-request-id", this.#requestId);
    }
    if (this.#request.headers.expect !== undefined && this.#pieces === null) {
      // Whether the body comes now is the client's choice.
      flat.push("connection", "close");
    }
    this.#response.writeHead(Number(status.slice(0, 3)), status.slice(4), flat);
  }

  write(data: Uint8Array): void {
    this.#timer.refresh();
    this.#written += data.length;
    this.#response.write(data);
  }

  /** Waits until the client has taken most of what was written. */
  async drain(): Promise<void> {
    if (this.#response.writableNeedDrain && !this.#response.destroyed) {
      const since = performance.now();
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#response.off("drain", done).off("close", done);
          resolve();
        };
        this.#response.on("drain", done).on("close", done);
      });
      this.#waitedFor(this.#written, since);
    }
    this.#written = 0;
  }

  finish(data?: Uint8Array): void {
    clearTimeout(this.#timer);
    this.#letGo();
    this.#response.end(data);
  }

  /** Ends a response that can't be completed, so that its client sees that. */
  breakOff(): void {
    clearTimeout(this.#timer);
    this.#response.destroy();
  }

  /** A byte now and then is not enough: it would hold a place for hours. */
  #waitedFor(bytes: number, since: number): void {
    this.#late = Math.max(this.#late + performance.now() - since - bytes / slowest, 0);
    if (this.#late < this.#patience) {
      this.#timer.refresh();
      return;
    }
    this.#end.abort(
      new PuffError("PUFF_REQUEST_SLOW", `the client kept the request waiting for ${this.#patience} ms`, {
        remedy: "Send the body, and take the answer, at 1 kB a second or more.",
      }),
    );
  }

  /** What the application did not read of the body is for Node to skip. */
  #letGo(): void {
    void this.#pieces?.return?.();
  }
}

/** The client has closed its connection. */
export class ClientGone extends Error {}
