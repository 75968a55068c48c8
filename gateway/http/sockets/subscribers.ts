/** The present subscribers: WebSockets and event streams, counted together, and ended together. */
import { PuffError } from "../../../schema/index.ts";
import { currentClient } from "../../fairness/client.ts";
import { Places } from "../../fairness/places.ts";

/** Why connections are ended from this side, which clients take for a reason to connect again. */
export type Ending = "stopping" | "reloaded";

export class Subscribers {
  readonly #limit: number;
  readonly #places: Places;
  readonly #ends = new Set<(why: Ending) => void>();

  /** @param share - percent that one client may always have, see {@link Places} */
  constructor(limit: number, share: number) {
    this.#limit = limit;
    this.#places = new Places(limit, share);
  }

  /**
   * Adds a subscriber, whom `end` ends; the function it gives takes it out again.
   *
   * @throws PuffError `PUFF_TOO_MANY_SUBSCRIPTIONS`
   */
  add(end: (why: Ending) => void, client = currentClient()): () => void {
    const count = this.#ends.size;
    const refusal = this.#places.refuse(client, this.#limit - count);
    if (refusal !== null) {
      const whose = refusal === "all" ? "the gateway" : "your address";
      throw new PuffError("PUFF_TOO_MANY_SUBSCRIPTIONS", `${whose} has reached its limit of subscribers`);
    }
    const own = (why: Ending) => end(why);
    this.#ends.add(own);
    this.#places.take(client);
    return () => {
      if (this.#ends.delete(own)) {
        this.#places.leave(client);
      }
    };
  }

  endAll(why: Ending): void {
    for (const end of [...this.#ends]) {
      end(why);
    }
  }
}
