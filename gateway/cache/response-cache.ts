/** Responses that are kept, bounded in bytes, each fetched once however many wait for it. */
import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { OperationResponse } from "../../planner/index.ts";
import type { CachePolicy } from "../../schema/index.ts";
import type { TableWrites } from "./table-writes.ts";

/** What became of a request. */
export type CacheOutcome = "hit" | "miss" | "shared" | "unkept";

/** A response, and the tables that it was read from. */
export interface Fetched {
  readonly response: OperationResponse;
  readonly tables: readonly string[];
}

interface Kept {
  readonly body: Buffer;
  readonly tables: readonly string[];
  /** Before all that it was read from. */
  readonly point: number;
  readonly made: number;
  readonly policy: CachePolicy;
  readonly tag: string;
}

/** How often one waits for what another fetches, which may turn out to be of no use to it. */
const MOST_WAITS = 2;

/** What is kept beside a body, about. */
const BYTES_PER_RESPONSE = 1_000;

export class ResponseCache {
  readonly #kept: LRUCache<string, Kept>;
  readonly #writes: TableWrites;
  readonly #count: (outcome: CacheOutcome) => void;
  /** Those that are being fetched; null: it can't be kept. */
  readonly #fetching = new Map<string, Promise<Kept | null>>();

  constructor(bytes: number, writes: TableWrites, count: (outcome: CacheOutcome) => void) {
    this.#kept = new LRUCache({
      maxSize: bytes,
      sizeCalculation: ({ body }) => BYTES_PER_RESPONSE + body.length,
    });
    this.#writes = writes;
    this.#count = count;
  }

  /** Bytes of all responses. */
  get bytes(): number {
    return this.#kept.calculatedSize;
  }

  /**
   * The response that is kept under a key, or a fresh one.
   *
   * @param parts - what the response depends on
   * @param fetch - asks for it, and tells its tables; of a response that can't be kept: null
   */
  async serve(
    parts: readonly unknown[],
    policy: CachePolicy,
    signal: AbortSignal,
    fetch: () => Promise<Fetched & { readonly keeps: boolean }>,
  ): Promise<OperationResponse> {
    const key = hash("sha256", JSON.stringify(parts), "base64url");
    for (let waits = 0; ; waits++) {
      const kept = this.#find(key);
      if (kept !== null) {
        return respond(kept);
      }
      const fetching = this.#fetching.get(key);
      if (fetching === undefined) {
        break;
      }
      if (waits === MOST_WAITS) {
        this.#count("unkept"); // those that it waited for could not be kept
        return (await fetch()).response;
      }
      const joined = await this.#join(fetching, signal);
      if (joined !== null) {
        return respond(joined);
      }
    }
    const done = Promise.withResolvers<Kept | null>();
    this.#fetching.set(key, done.promise);
    let made: Kept | null = null;
    try {
      const point = this.#writes.now;
      const { response, tables, keeps } = await fetch();
      // From here to the end nothing waits, so that no write comes in between.
      made = keeps && !this.#writes.since(point, tables) ? this.#keep(key, response.body, tables, point, policy) : null;
      if (made === null) {
        this.#count("unkept");
        return response;
      }
      this.#count("miss");
      response.release?.(); // there is a copy of it
      return respond(made);
    } finally {
      this.#fetching.delete(key);
      done.resolve(made);
    }
  }

  #find(key: string): Kept | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) {
      return null;
    }
    if (Date.now() >= kept.made + kept.policy.seconds * 1000 || this.#writes.since(kept.point, kept.tables)) {
      this.#kept.delete(key);
      return null;
    }
    this.#count("hit");
    return kept;
  }

  /** Waits for one that is being fetched; a write meanwhile means that it is not kept. */
  async #join(fetching: Promise<Kept | null>, signal: AbortSignal): Promise<Kept | null> {
    const kept = await Promise.race([fetching, aborted(signal)]);
    if (kept === null || this.#writes.since(kept.point, kept.tables)) {
      return null;
    }
    this.#count("shared");
    return kept;
  }

  #keep(key: string, body: Buffer, tables: readonly string[], point: number, policy: CachePolicy): Kept {
    // A copy: an answer may be a slice of a larger buffer.
    const own = Buffer.from(body);
    const tag = hash("sha256", own, "base64url").slice(0, 22);
    const kept = { body: own, tables, point, made: Date.now(), policy, tag };
    this.#kept.set(key, kept);
    return kept;
  }
}

function respond({ body, made, policy, tag }: Kept): OperationResponse {
  const age = Math.max(0, Math.floor((Date.now() - made) / 1000));
  const kept = { scope: policy.scope, seconds: policy.seconds, age, tag };
  return { body, rest: null, executed: true, status: 200, headers: {}, kept };
}

/** Resolves with null when nobody waits any more. */
function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(null);
    }
    signal.addEventListener("abort", () => resolve(null), { once: true });
  });
}
