/** A batch of resolver calls on the main thread, from the request that wants it to its answer. */
import { PuffError, type ResolveBatch, type ResolveBatchResult } from "../schema/index.ts";

let nextId = 1;

export class Batch {
  readonly id: number;
  readonly json: string;
  readonly repeatable: boolean;
  readonly result: Promise<ResolveBatchResult>;
  /** Deaths of interpreters while they ran it. */
  deaths = 0;
  /** Interpreters that died with it begun. */
  losses = 0;
  /** Answered, failed or given up. */
  settled = false;
  readonly #fields: string;
  #resolve!: (result: ResolveBatchResult) => void;
  #reject!: (error: unknown) => void;

  constructor(batch: ResolveBatch) {
    // Control.running is an Int32 that keeps 0 for itself.
    this.id = nextId;
    nextId = (nextId % 0x7fff_ffff) + 1;
    this.json = JSON.stringify(batch);
    this.repeatable = batch.repeatable;
    this.#fields = nameFields(batch.calls.map((call) => call.field));
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  succeed(json: string): void {
    this.settled = true;
    try {
      this.#resolve(JSON.parse(json));
    } catch (error) {
      this.#reject(new PuffError("PUFF_INTERNAL", "an interpreter's answer is not JSON", { cause: error }));
    }
  }

  fail(error: unknown): void {
    this.settled = true;
    this.#reject(error);
  }

  failDeadline(deadline: number): void {
    this.fail(
      new PuffError("PUFF_RESOLVER_DEADLINE", `${this.#fields} did not answer within ${deadline} ms`, {
        remedy: "Make the resolver quicker, or raise the resolvers' deadline.",
      }),
    );
  }

  failDied(cause: string): void {
    this.fail(
      new PuffError("PUFF_INTERPRETER_DIED", `the Python interpreter that ran ${this.#fields} died`, {
        remedy: this.repeatable ? "Its log tells why." : "What it has changed may stand: look before trying again.",
        cause: new Error(cause),
      }),
    );
  }

  failRaised(message: string): void {
    this.fail(
      new PuffError("PUFF_RESOLVER_FAILED", `calling ${this.#fields} failed in Python`, { cause: new Error(message) }),
    );
  }
}

/** `resolver Query.posts`, `resolvers Query.posts, Query.users and 3 more`. */
function nameFields(fields: readonly string[]): string {
  const names = [...new Set(fields)];
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.length === 1 ? "resolver" : "resolvers"} ${shown}${more}`;
}
