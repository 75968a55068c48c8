/** The operations of one WebSocket: each runs until it has ended, or its client completes it. */
import type { Caller, Planner, PreparedOperation } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { type Client, runFor } from "../../fairness/client.ts";
import { startDeadline } from "../../terminal/prompts.ts";
import { NotExecuted } from "./operation-errors.ts";
import type { SocketWriter } from "./socket-writer.ts";

/** An operation that a client asked for. */
export interface Job {
  readonly id: string;
  readonly operation: PreparedOperation;
  readonly variables: { readonly [name: string]: unknown };
}

export interface RunningOptions {
  /** Milliseconds in which a query, a mutation, or the start of a subscription must end. */
  readonly deadline: number;
  /** Bytes of answers that may wait for a client who reads slowly. */
  readonly queueLimit: number;
  readonly client: Client;
}

export class RunningOperations {
  readonly #planner: Planner;
  readonly #writer: SocketWriter;
  readonly #options: RunningOptions;
  #count = 0;

  constructor(planner: Planner, writer: SocketWriter, options: RunningOptions) {
    this.#planner = planner;
    this.#writer = writer;
    this.#options = options;
  }

  /** Those that have not ended, be it that their client has completed them. */
  get count(): number {
    return this.#count;
  }

  /** Runs one. Nothing is iterated over: graphql-ws learns its end, or {@link NotExecuted}. */
  run(job: Job, caller: Caller): AsyncIterableIterator<never> {
    const left = new AbortController();
    let completed = false;
    this.#count++;
    const finished = runFor(this.#options.client, () => this.#answer(job, caller, left)).finally(() => {
      this.#count--;
    });
    finished.catch(() => undefined); // next() tells
    return {
      next: () =>
        new Promise((resolve, reject) => {
          // Nothing follows a completed operation, and its id may be another's by now: graphql-ws learns no end of it.
          const settle = (end: () => void) => (completed ? undefined : end());
          finished.then(
            () => settle(() => resolve({ done: true, value: undefined })),
            (error) => settle(() => reject(error)),
          );
        }),
      // Called when the client completes the operation, and when it is gone.
      async return() {
        completed = true;
        left.abort();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Writes an operation's answers. */
  async #answer(job: Job, caller: Caller, left: AbortController): Promise<void> {
    const { deadline } = this.#options;
    const prefix = Buffer.from(`{"id":${JSON.stringify(job.id)},"type":"next","payload":`);
    const timer = startDeadline(deadline, () => {
      left.abort(new PuffError("PUFF_REQUEST_DEADLINE", `it took longer than ${deadline / 1000} s`));
    });
    try {
      if (job.operation.type === "subscription") {
        await this.#subscribe(job, caller, prefix, left.signal, () => clearTimeout(timer));
      } else {
        await this.#execute(job, caller, prefix, left.signal);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async #execute({ operation, variables }: Job, caller: Caller, prefix: Buffer, signal: AbortSignal): Promise<void> {
    const response = await this.#planner.execute(operation, variables, caller, { signal });
    if (signal.reason instanceof PuffError) {
      throw signal.reason; // the deadline: a client that left needs no answer
    }
    if (!response.executed) {
      throw new NotExecuted(response);
    }
    await this.#writer.send(prefix, response.body, signal);
  }

  /** `begun` is called when it has begun: events may take as long as they want. */
  async #subscribe(
    { operation, variables }: Job,
    caller: Caller,
    prefix: Buffer,
    signal: AbortSignal,
    begun: () => void,
  ): Promise<void> {
    const subscribed = await this.#planner.subscribe(operation, variables, caller, {
      signal,
      queueBytes: this.#options.queueLimit,
      behind: ({ code, message }) => this.#writer.closeSlow(code, message),
    });
    begun();
    if (subscribed.kind === "refused") {
      throw new NotExecuted(subscribed.response);
    }
    const { answers } = subscribed;
    signal.addEventListener("abort", () => void answers.return?.(), { once: true });
    if (signal.aborted) {
      await answers.return?.();
    }
    for await (const body of answers) {
      await this.#writer.send(prefix, body, signal);
    }
  }
}
