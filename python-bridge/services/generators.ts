/**
 * Generators that run in Python, each in a call of its own. The host service `generators` takes what they yield: Python
 * gives a value and waits until the next one is wanted.
 */
import type { JsonValue, ResolveBatch, ResolveResult } from "../../schema/index.ts";
import type { CallOptions } from "../jobs/call.ts";
import { number, trusted } from "./kinds.ts";
import { method, methods, nothing } from "./methods.ts";
import type { HostService, HostSession } from "./services.ts";

export class Generators implements HostService {
  readonly #open = new Map<number, Iteration>();
  #last = 0;

  /** Begins the call of a batch's one resolver; it ends with the generator, or the signal. */
  iterate(
    batch: ResolveBatch,
    call: (target: string, args: readonly JsonValue[], options: CallOptions) => Promise<unknown>,
    signal: AbortSignal,
  ): AsyncIterator<ResolveResult> {
    this.#last += 1;
    const id = this.#last;
    const iteration = new Iteration();
    this.#open.set(id, iteration);
    const args = [id, batch as unknown as JsonValue]; // it is made of JSON
    call("puff._bridge:iterate", args, { deadline: null, signal })
      .then(
        () => iteration.end(null),
        (error: unknown) => iteration.end({ error }),
      )
      .finally(() => this.#open.delete(id));
    return iteration;
  }

  open(): HostSession {
    return {
      call: methods("generators", {
        give: method([number, trusted<ResolveResult>("a resolver's result")], async ([id, result]) => {
          await this.#open.get(id)?.give(result);
          return nothing;
        }),
      }),
      close: () => undefined,
    };
  }
}

class Iteration implements AsyncIterator<ResolveResult> {
  #given: ResolveResult | null = null;
  #asked: PromiseWithResolvers<IteratorResult<ResolveResult>> | null = null;
  #continue: () => void = () => undefined;
  #end: { readonly error: unknown } | "complete" | null = null;

  /** Resolves when there is to be another. */
  give(result: ResolveResult): Promise<void> {
    if (this.#asked === null) {
      this.#given = result;
    } else {
      this.#asked.resolve({ done: false, value: result });
      this.#asked = null;
    }
    return new Promise((resolve) => {
      this.#continue = resolve;
    });
  }

  /** Null: it came to its end. */
  end(failure: { readonly error: unknown } | null): void {
    this.#end = failure ?? "complete";
    const asked = this.#asked;
    this.#asked = null;
    asked?.resolve(this.#ending());
  }

  next(): Promise<IteratorResult<ResolveResult>> {
    const given = this.#given;
    if (given !== null) {
      this.#given = null;
      return Promise.resolve({ done: false, value: given });
    }
    if (this.#end !== null) {
      return this.#ending();
    }
    this.#asked = Promise.withResolvers();
    this.#continue();
    return this.#asked.promise;
  }

  async #ending(): Promise<IteratorResult<ResolveResult>> {
    const end = this.#end;
    this.#end = "complete";
    if (end === null || end === "complete") {
      return { done: true, value: undefined };
    }
    throw end.error;
  }
}
