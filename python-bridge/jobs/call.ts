/** One call of a Python function, which may have effects and is never made again. */
import { type JsonValue, PuffError } from "../../schema/index.ts";
import type { WireJob } from "../protocol/messages.ts";
import { wholeBuffers } from "../protocol/transfer.ts";
import { Job } from "./job.ts";

export interface CallAnswer {
  readonly value: JsonValue;
  readonly buffers: readonly Uint8Array[];
}

export interface CallOptions {
  /** Given to the function as `buffers: list[bytes]`; they are given away, see HostSession. */
  readonly buffers?: readonly Uint8Array[];
  /** Milliseconds it may take once begun; null: until the signal aborts. A single stretch of Python is bounded anyway. */
  readonly deadline: number | null;
  /** Ends it: `GreenletExit` is raised at its wait. */
  readonly signal: AbortSignal;
}

export class Call extends Job<CallAnswer> {
  readonly kind = "call";
  readonly repeatable = false;
  readonly name: string;
  readonly #target: string;
  readonly #args: string;
  readonly #buffers: readonly Uint8Array[];

  constructor(target: string, args: readonly JsonValue[], { buffers = [], deadline }: CallOptions) {
    super(deadline);
    this.name = `function ${target}`;
    this.#target = target;
    this.#args = JSON.stringify(args);
    this.#buffers = wholeBuffers(buffers);
  }

  get wire(): WireJob {
    const { id, deadline } = this;
    const job = { target: this.#target, args: this.#args, buffers: this.#buffers };
    return { kind: "call", id, repeatable: false, deadline, ...job };
  }

  failDeadline(): void {
    this.fail(
      new PuffError("PUFF_CALL_DEADLINE", `${this.name} did not answer within ${this.deadline} ms`, {
        remedy: "Make it faster, or raise its deadline.",
      }),
    );
  }

  failComputed(limit: number): void {
    this.fail(
      new PuffError("PUFF_CALL_DEADLINE", `${this.name} computed for longer than ${limit} ms without a pause`, {
        remedy: "Make it faster, or raise the limit python_deadline.",
      }),
    );
  }

  failRaised(message: string): void {
    this.fail(new PuffError("PUFF_CALL_FAILED", `${this.name} failed in Python`, { cause: new Error(message) }));
  }

  protected read(json: string, buffers: readonly Uint8Array[]): CallAnswer {
    // As puff._bridge.call writes it.
    const answer = JSON.parse(json) as
      | { readonly value: JsonValue }
      | { readonly error: { readonly type: string; readonly message: string; readonly traceback: string } };
    if ("value" in answer) {
      return { value: answer.value, buffers };
    }
    const { type, message, traceback } = answer.error;
    const cause = new Error(`${type}: ${message}`);
    cause.stack = traceback;
    throw new PuffError("PUFF_CALL_FAILED", `${this.name} raised ${type}: ${message}`, { cause });
  }
}
