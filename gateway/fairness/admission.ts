/** Lets a bounded amount of work begin at a time, and a bounded amount wait, fairly between clients. */
import { type Client, currentClient } from "./client.ts";
import { FairQueue, type FairQueueOptions } from "./fair-queue.ts";
import { Places } from "./places.ts";

/** `patience` and `overdue` are the queue's. */
export interface AdmissionOptions extends Pick<FairQueueOptions, "patience" | "overdue"> {
  /** What may be under way at a time. */
  readonly places: number;
  /** What may wait. */
  readonly queueLimit: number;
  /** Percent of both that a client may hold while others want it, see {@link Places}. */
  readonly share: number;
  /**
   * Milliseconds after which work that is under way counts for a share of a place, since it waits rather than computes.
   * Default: it never does.
   */
  readonly oldAfter?: number;
  /** The error for what can't even wait, while so much waits. */
  busy(waiting: number): Error;
}

interface Waiter {
  readonly client: Client;
  enter(place: Place): void;
  fail(error: unknown): void;
}

/** What work that is under way holds. */
export interface Place {
  readonly client: Client;
  readonly since: number;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #places: Places;
  readonly #queue: FairQueue<Waiter>;
  /** Those that count in full, the oldest first. */
  readonly #young = new Set<Place>();
  /** Those that count for a share. */
  readonly #old = new Set<Place>();
  #aging: NodeJS.Timeout | null = null;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#places = new Places(options.places, options.share);
    this.#queue = new FairQueue({ ...options, limit: options.queueLimit });
  }

  /**
   * Runs `work` when there is a place for it.
   *
   * @throws what `busy` gives if too much waits already, what `overdue` gives where it waited for too long, or the
   *   signal's reason where it aborts first
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const place = await this.enter(signal);
    try {
      return await work();
    } finally {
      this.leave(place);
    }
  }

  /** Takes a place when there is one; the caller then calls {@link leave}. Throws as {@link run} does. */
  async enter(signal: AbortSignal | null = null): Promise<Place> {
    const client = currentClient();
    // A client that waits though something is free has more than its share.
    const isNext = this.#queue.length === 0 || this.#places.isModest(client);
    return isNext && this.#places.refuse(client, this.#free) === null
      ? this.#begin(client)
      : await this.#wait(client, signal);
  }

  leave(place: Place): void {
    this.#places.leave(place.client);
    this.#young.delete(place);
    this.#old.delete(place);
    this.#serve();
  }

  /** What waits for a place. */
  get waiting(): number {
    return this.#queue.length;
  }

  get #free(): number {
    const { places, share } = this.#options;
    return places - this.#young.size - Math.ceil((this.#old.size * share) / 100);
  }

  #begin(client: Client): Place {
    const place = { client, since: performance.now() };
    this.#young.add(place);
    this.#places.take(client);
    return place;
  }

  async #wait(client: Client, signal: AbortSignal | null): Promise<Place> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    const waiter: Waiter = { client, enter: resolve, fail: reject };
    if (!this.#queue.push(waiter)) {
      throw this.#options.busy(this.#queue.length);
    }
    const leave = () => {
      if (this.#queue.remove(waiter)) {
        reject(signal?.reason);
      }
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#serve();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  #serve(): void {
    this.#age();
    for (;;) {
      const next = this.#queue.take<Client>(({ client }) => this.#places.refuse(client, this.#free) ?? client);
      if (next === null) {
        return;
      }
      next.waiter.enter(this.#begin(next.granted));
    }
  }

  /** Where something waits, looks again when the oldest place counts for less. */
  #age(): void {
    const { oldAfter = Number.POSITIVE_INFINITY } = this.#options;
    clearTimeout(this.#aging ?? undefined);
    this.#aging = null;
    if (this.#queue.length === 0) {
      return;
    }
    const now = performance.now();
    for (const place of this.#young) {
      const rest = place.since + oldAfter - now;
      if (rest > 0) {
        this.#aging = rest === Number.POSITIVE_INFINITY ? null : setTimeout(() => this.#serve(), rest + 1).unref();
        return;
      }
      this.#young.delete(place);
      this.#old.add(place);
    }
  }
}
