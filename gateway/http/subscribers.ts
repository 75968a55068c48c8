/** Who is subscribed at present: WebSockets and event streams, counted together, and ended together. */
import { PuffError } from "../../schema/index.ts";

/** Why connections are ended from this side, which clients take for a reason to connect again. */
export type Ending = "stopping" | "reloaded";

export class Subscribers {
  readonly #limit: number;
  readonly #ends = new Set<(why: Ending) => void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Adds a subscriber, whom `end` ends; the function it gives takes it out again.
   *
   * @throws PuffError `PUFF_TOO_MANY_SUBSCRIPTIONS`
   */
  add(end: (why: Ending) => void): () => void {
    if (this.#ends.size >= this.#limit) {
      throw new PuffError("PUFF_TOO_MANY_SUBSCRIPTIONS", `the gateway has ${this.#limit} subscribers already`);
    }
    const own = (why: Ending) => end(why);
    this.#ends.add(own);
    return () => this.#ends.delete(own);
  }

  endAll(why: Ending): void {
    for (const end of [...this.#ends]) {
      end(why);
    }
  }
}
