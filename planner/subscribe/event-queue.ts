import { PuffError } from "../../schema/index.ts";

export interface QueueOptions {
  /** How many bytes may wait, where more than one answer does. */
  readonly limit: number;
  /** Whether only the newest waits. */
  readonly latest: boolean;
  /** Called when the reader is too far behind: the queue has ended with this error by then. */
  behind?(error: PuffError): void;
  /** Called once, when nothing more will be read. */
  left(): void;
}

/** Answers that wait for one subscriber, bounded, and iterated over by one reader. */
export class EventQueue implements AsyncIterableIterator<Buffer> {
  readonly #options: QueueOptions;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #reader: PromiseWithResolvers<IteratorResult<Buffer>> | null = null;
  #end: { readonly error: unknown } | null = null;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Past the limit the queue ends with `PUFF_SUBSCRIBER_SLOW`. */
  push(value: Buffer): void {
    if (this.#end !== null) {
      return;
    }
    if (this.#reader !== null) {
      this.#reader.resolve({ done: false, value });
      this.#reader = null;
      return;
    }
    if (this.#options.latest) {
      this.#waiting = [value];
      this.#bytes = value.length;
      return;
    }
    this.#waiting.push(value);
    this.#bytes += value.length;
    if (this.#waiting.length > 1 && this.#bytes > this.#options.limit) {
      const message = `the client reads more slowly than events come: more than ${this.#options.limit} bytes wait for it`;
      const error = new PuffError("PUFF_SUBSCRIBER_SLOW", message);
      this.fail(error);
      this.#options.behind?.(error);
    }
  }

  /** Ends the queue: its reader fails with the error, and what waits is dropped. */
  fail(error: unknown): void {
    if (this.#end === null) {
      this.#finish({ error });
    }
  }

  next(): Promise<IteratorResult<Buffer>> {
    const value = this.#waiting.shift();
    if (value !== undefined) {
      this.#bytes -= value.length;
      return Promise.resolve({ done: false, value });
    }
    if (this.#end !== null) {
      const { error } = this.#end;
      this.#end = { error: null };
      return error === null ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(error);
    }
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  async return(): Promise<IteratorResult<Buffer>> {
    if (this.#end === null) {
      this.#finish({ error: null });
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error: unknown }): void {
    this.#waiting = [];
    this.#end = end;
    if (this.#reader !== null) {
      const reader = this.#reader;
      this.#reader = null;
      this.#end = { error: null };
      if (end.error === null) {
        reader.resolve({ done: true, value: undefined });
      } else {
        reader.reject(end.error);
      }
    }
    this.#options.left();
  }
}
