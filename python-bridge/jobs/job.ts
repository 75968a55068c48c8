/** What an interpreter is to do, as the main thread sees it: from the request to its answer. */
import { AsyncLocalStorage } from "node:async_hooks";
import { PuffError } from "../../schema/index.ts";
import type { JobOutcome, WireJob } from "../protocol/messages.ts";

let nextId = 1;

export abstract class Job<Answer = unknown> {
  readonly id: number;
  abstract readonly repeatable: boolean;
  /** Milliseconds it may take once begun; null: as long as it is wanted. */
  readonly deadline: number | null;
  /** Deaths of interpreters that it has caused, as far as is known. */
  deaths = 0;
  /** Whether it may have caused one: then it runs alone. */
  suspect = false;
  /** Answered, failed or given up. */
  settled = false;
  /** Runs what Python asks of the host for it in the asynchronous context of its maker, which tells whose it is. */
  readonly inContext = AsyncLocalStorage.snapshot();
  readonly #answer = Promise.withResolvers<unknown>();

  constructor(deadline: number | null) {
    // Control.running is an Int32 that keeps 0 and below for others.
    this.id = nextId;
    nextId = (nextId % 0x7fff_ffff) + 1;
    this.deadline = deadline;
  }

  /** What the worker is sent. */
  abstract get wire(): WireJob;
  /** What messages call it: `resolver Query.posts`. */
  abstract get name(): string;
  abstract get kind(): WireJob["kind"];

  get result(): Promise<Answer> {
    return this.#answer.promise as Promise<Answer>; // what read() gave
  }

  settle(outcome: JobOutcome): void {
    if ("json" in outcome) {
      this.settled = true;
      try {
        this.#answer.resolve(this.read(outcome.json, outcome.buffers ?? []));
      } catch (error) {
        this.#answer.reject(error);
      }
    } else if (outcome.failure === "deadline") {
      this.failDeadline();
    } else if (outcome.failure === "computed") {
      this.failComputed(outcome.limit);
    } else {
      this.failRaised(outcome.message);
    }
  }

  fail(error: unknown): void {
    this.settled = true;
    this.#answer.reject(error);
  }

  abstract failDeadline(): void;
  /** It ran for longer than this many milliseconds without a pause. */
  abstract failComputed(limit: number): void;
  abstract failRaised(message: string): void;

  failDied(cause: string): void {
    this.fail(
      new PuffError("PUFF_INTERPRETER_DIED", `the Python interpreter that ran ${this.name} died`, {
        remedy: this.repeatable ? "The log says why." : "Its changes may have been saved: check before trying again.",
        cause: new Error(cause),
      }),
    );
  }

  /** Reads what Python answered; a throw is the job's failure. */
  protected abstract read(json: string, buffers: readonly Uint8Array[]): Answer;
}
