/** Rows of a statement that is running, a part at a time. */
import { type Column, noRows, RowSet, type RowStream } from "../../../planner/index.ts";
import type { CountingSink } from "./frames.ts";
import type { RawConnection } from "./raw-client.ts";

/** Bytes of rows up to which a result is one part: what is smaller is answered as a whole, errors and all. */
const firstPart = 1_048_576;
/** Bytes of each part that follows. */
const nextPart = 262_144;

/**
 * Takes rows as they come and gives them away in parts. While a part waits to be taken, the connection's socket is not
 * read, so that Postgres stops sending: memory holds one part, whatever the number of rows.
 */
export class RowBatches implements AsyncIterableIterator<RowSet> {
  readonly #signal: AbortSignal;
  #connection: RawConnection | null = null;
  #rows = noRows;
  #bytes = 0;
  /** Rows that were taken. */
  #countBefore = 0;
  #size = firstPart;
  /** Since when the connection waits for the reader of the rows; null: it does not. */
  #heldSince: number | null = null;
  #heldBefore = 0;
  #outcome: "running" | "ended" | Error = "running";
  #wake: () => void = () => undefined;

  /** `signal` ends the statement once its first part was given away. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** The rows of a run that begins, into a sink. */
  receive(columns: readonly Column[], connection: RawConnection, expected: number): CountingSink {
    this.#connection = connection;
    this.#rows = new RowSet(columns, Math.min(expected, this.#size));
    const batches = this;
    return {
      get count() {
        return batches.#countBefore + batches.#rows.count;
      },
      get size() {
        return batches.#rows.size;
      },
      add: (buffer, start, end, count) => {
        this.#rows.add(buffer, start, end, count);
        this.#bytes += end - start;
        if (this.#bytes >= this.#size) {
          connection.hold();
          this.#heldSince ??= performance.now();
          this.#wake();
        }
      },
    };
  }

  end(): void {
    this.#settle("ended");
  }

  fail(error: Error): void {
    this.#settle(error);
  }

  async first(): Promise<RowStream> {
    await this.#fill();
    if (this.#outcome === "ended") {
      return { first: this.#rows, rest: null };
    }
    const first = this.#take();
    this.#size = nextPart;
    this.#signal.addEventListener("abort", this.#stop, { once: true });
    if (this.#signal.aborted) {
      this.#stop();
    }
    return { first, rest: this };
  }

  /** Milliseconds that the connection has waited in all for the reader of the rows. */
  get heldTime(): number {
    return this.#heldBefore + (this.#heldSince === null ? 0 : performance.now() - this.#heldSince);
  }

  async next(): Promise<IteratorResult<RowSet, undefined>> {
    await this.#fill();
    return this.#rows.count === 0 ? { done: true, value: undefined } : { done: false, value: this.#take() };
  }

  async return(): Promise<IteratorResult<RowSet, undefined>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Waits until there is a part, or the last of them. */
  async #fill(): Promise<void> {
    while (this.#bytes < this.#size && this.#outcome === "running") {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      this.#heldBefore = this.heldTime;
      this.#heldSince = null;
      this.#connection?.stream.resume();
      await promise;
    }
    if (this.#outcome instanceof Error) {
      throw this.#outcome;
    }
  }

  #take(): RowSet {
    const rows = this.#rows;
    this.#countBefore += rows.count;
    this.#rows = new RowSet(rows.columns, this.#size);
    this.#bytes = 0;
    return rows;
  }

  /** Postgres would go on sending: only the end of the connection tells it that nobody wants the rows. */
  readonly #stop = (): void => {
    if (this.#outcome === "running") {
      this.#connection?.giveUp(new Error("nobody wants the rows any more"));
    }
  };

  #settle(outcome: "ended" | Error): void {
    this.#outcome = outcome;
    this.#signal.removeEventListener("abort", this.#stop);
    this.#connection?.stream.resume();
    this.#wake();
  }
}
