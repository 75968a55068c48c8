/** What a worker tells the main thread. */
import type { MessagePort } from "node:worker_threads";
import type { JobOutcome, LogRecord, Receipt, ServiceCall, ToMain } from "../protocol/messages.ts";
import { transferList } from "../protocol/transfer.ts";

/** Collects what is ready at the same time into one message of a kind. */
export class Outbox {
  readonly #port: MessagePort;
  #results: JobOutcome[] = [];
  #serviceCalls: ServiceCall[] = [];
  #receipts: Receipt[] = [];
  #ended: number[] = [];
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
    this.#post(message);
  }

  result(outcome: JobOutcome): void {
    this.#results.push(outcome);
    this.#schedule();
  }

  serviceCall(call: ServiceCall): void {
    this.#serviceCalls.push(call);
    this.#schedule();
  }

  receipt(receipt: Receipt): void {
    this.#receipts.push(receipt);
    this.#schedule();
  }

  /** A greenlet that has called services has ended. */
  ended(greenlet: number): void {
    this.#ended.push(greenlet);
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
      this.#post({ kind: "logs", records: this.#logs });
      this.#logs = [];
    }
    // In this order: what a greenlet calls last comes before its end.
    if (this.#serviceCalls.length > 0) {
      this.#post({ kind: "serviceCalls", calls: this.#serviceCalls }, transferList(this.#serviceCalls));
      this.#serviceCalls = [];
    }
    if (this.#receipts.length > 0) {
      this.#post({ kind: "receipts", receipts: this.#receipts });
      this.#receipts = [];
    }
    if (this.#ended.length > 0) {
      this.#post({ kind: "ended", greenlets: this.#ended });
      this.#ended = [];
    }
    if (this.#results.length > 0) {
      this.#post({ kind: "results", results: this.#results }, transferList(this.#results));
      this.#results = [];
    }
  }

  #post(message: ToMain, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
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
