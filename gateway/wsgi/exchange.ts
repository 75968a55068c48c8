/** One request to a WSGI application and its response, while they are under way. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PuffError } from "../../schema/index.ts";
import { Body, type BodyOptions } from "../http/messages/body.ts";
import { startDeadline } from "../terminal/prompts.ts";

/** `200 OK` and the headers, as the application gave them to `start_response`. */
export type Head = readonly [status: string, headers: readonly (readonly [name: string, value: string])[]];

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
  readonly #body: Body;
  /** Since when the next piece of the body is waited for. */
  #awaitedSince: number | null = null;

  /**
   * @param patience - milliseconds that may pass without a byte that comes from the client or goes to it, and that a
   *   client may be late in all
   * @param waiting - where what has arrived of the body waits, and whose it is
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    patience: number,
    waiting: Pick<BodyOptions, "room" | "client">,
  ) {
    this.#request = request;
    this.#response = response;
    this.#requestId = requestId;
    this.#patience = patience;
    this.#body = new Body(request, { ...waiting, onPiece: (bytes) => this.#arrived(bytes) });
    this.#timer = startDeadline(patience, () => {
      this.#end.abort(
        this.#awaitedSince !== null
          ? new PuffError("PUFF_REQUEST_SLOW", `the request's body did not arrive within ${patience} ms`)
          : new PuffError("PUFF_WSGI_DEADLINE", `the application did not answer within ${patience} ms`, {
              remedy: "Make the view quicker, or raise the limit request_deadline.",
            }),
      );
    });
    response.once("close", () => {
      clearTimeout(this.#timer);
      this.#body.drop();
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

  /** Lets the beginning of the body come before it is read. */
  begin(): void {
    this.#body.begin();
  }

  /**
   * Waits until this many bytes of the body have arrived. True: all of it has.
   *
   * @throws the signal's reason where the client does not send them in time
   */
  async arrive(bytes: number): Promise<boolean> {
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(this.signal.reason);
    this.signal.addEventListener("abort", end, { once: true });
    ended.promise.catch(() => undefined); // who reads is told
    this.#awaitedSince = performance.now();
    try {
      return await Promise.race([this.#body.arrive(bytes), ended.promise]);
    } catch (error) {
      const isBroken = error instanceof PuffError && error.code === "PUFF_REQUEST_INVALID";
      this.#end.abort(isBroken ? new ClientGone() : error); // the first reason stays
      throw error;
    } finally {
      this.#awaitedSince = null;
      this.signal.removeEventListener("abort", end);
      this.#timer.refresh();
    }
  }

  /** What has arrived of the body and was not read, `size` bytes at most. */
  take(size: number): Buffer {
    return this.#body.take(size);
  }

  /** More of the body, `size` bytes at most; none at its end. What is not read stays with the client. */
  async read(size: number): Promise<Buffer> {
    await this.arrive(1);
    return this.#body.take(size);
  }

  start([status, headers]: Head): void {
    if (this.#response.destroyed) {
      return;
    }
    const flat = headers.flat();
    if (!headers.some(([name]) => name.toLowerCase() === "x-request-id")) {
      flat.push("x-request-id", this.#requestId);
    }
    if (this.#request.headers.expect !== undefined && !this.#body.begun) {
      // Whether the body comes now is the client's choice.
      flat.push("connection", "close");
    }
    try {
      this.#response.writeHead(Number(status.slice(0, 3)), status.slice(4), flat);
    } catch (error) {
      this.#end.abort(error);
      throw error;
    }
  }

  write(data: Uint8Array): void {
    if (this.signal.aborted) {
      return; // where the head could not be sent, Node would make one up
    }
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
    this.#body.leave();
    this.#response.end(data);
  }

  /** Ends a response that can't be completed, so that its client sees that. */
  breakOff(): void {
    clearTimeout(this.#timer);
    this.#response.destroy();
  }

  #arrived(bytes: number): void {
    if (this.#awaitedSince !== null) {
      this.#waitedFor(bytes, this.#awaitedSince);
      this.#awaitedSince = performance.now();
    }
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
}

/** The client has closed its connection. */
export class ClientGone extends Error {}
