/** What a worker tells the main thread. */
import type { MessagePort } from "node:worker_threads";
import type { BatchOutcome, HostCall, LogRecord, ToMain } from "./messages.ts";

/** Collects what is ready at the same time into one message of a kind. */
export class Outbox {
  readonly #port: MessagePort;
  #results: BatchOutcome[] = [];
  #hostCalls: HostCall[] = [];
  #logs: LogRecord[] = [];
  #scheduled = false;
  #held = false;
  #flushedAt = 0;
  #dropped = 0;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  send(message: ToMain): void {
    this.flush();
    this.#port.postMessage(message);
  }

  result(outcome: BatchOutcome): void {
    this.#results.push(outcome);
    this.#schedule();
  }

  hostCall(call: HostCall): void {
    this.#hostCalls.push(call);
    this.#schedule();
  }

  log(record: LogRecord): void {
    if (this.#logs.length >= logBound) {
      this.#dropped++;
    } else {
      this.#logs.push(record);
    }
    this.#schedule();
  }

  /** Between two pieces of Python that follow each other: posts what has been held for long enough. */
  hold(): void {
    this.#held = true;
    if (performance.now() - this.#flushedAt > heldFor) {
      this.flush();
    }
  }

  /** After the last piece. */
  release(): void {
    this.#held = false;
    this.flush();
  }

  flush(): void {
    this.#flushedAt = performance.now();
    if (this.#logs.length > 0) {
      if (this.#dropped > 0) {
        this.#logs.push({
          level: "warning",
          logger: "puff",
          message: `${this.#dropped} more log records at once: left out`,
        });
        this.#dropped = 0;
      }
      this.#port.postMessage({ kind: "logs", records: this.#logs } satisfies ToMain);
      this.#logs = [];
    }
    if (this.#hostCalls.length > 0) {
      this.#port.postMessage({ kind: "hostCalls", calls: this.#hostCalls } satisfies ToMain);
      this.#hostCalls = [];
    }
    if (this.#results.length > 0) {
      this.#port.postMessage({ kind: "results", results: this.#results } satisfies ToMain);
      this.#results = [];
    }
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        if (!this.#held) {
          this.flush();
        }
      });
    }
  }
}

/** How long results wait for others to go with them while more Python follows, milliseconds: a post costs 10 to 20 µs. */
const heldFor = 1;
/** Records that one turn of the event loop may log. */
const logBound = 1000;
