/** A batch of resolver calls. */
import { PuffError, type ResolveBatch, type ResolveBatchResult } from "../../schema/index.ts";
import type { WireJob } from "../protocol/messages.ts";
import { Job } from "./job.ts";

export class Batch extends Job<ResolveBatchResult> {
  readonly kind = "batch";
  readonly repeatable: boolean;
  readonly name: string;
  readonly #json: string;

  constructor(batch: ResolveBatch, deadline: number) {
    super(deadline);
    this.#json = JSON.stringify(batch);
    this.repeatable = batch.repeatable;
    this.name = nameFields(batch.calls.map((call) => call.field));
  }

  get wire(): WireJob {
    return { kind: "batch", id: this.id, repeatable: this.repeatable, deadline: this.deadline, json: this.#json };
  }

  failDeadline(): void {
    this.fail(
      new PuffError("PUFF_RESOLVER_DEADLINE", `${this.name} did not answer within ${this.deadline} ms`, {
        remedy: "Make the resolver faster, or raise the resolvers' deadline.",
      }),
    );
  }

  /** The same limit, seen from the thread that it kept. */
  failComputed(): void {
    this.failDeadline();
  }

  failRaised(message: string): void {
    this.fail(
      new PuffError("PUFF_RESOLVER_FAILED", `calling ${this.name} failed in Python`, { cause: new Error(message) }),
    );
  }

  protected read(json: string): ResolveBatchResult {
    // As puff._bridge.resolve writes it.
    return JSON.parse(json);
  }
}

/** `resolver Query.posts`, `resolvers Query.posts, Query.users and 3 more`. */
function nameFields(fields: readonly string[]): string {
  const names = [...new Set(fields)];
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.length === 1 ? "resolver" : "resolvers"} ${shown}${more}`;
}
