/** Lets a bounded amount of work begin at a time, and a bounded amount wait, fairly between clients. */
import { type Client, currentClient } from "./client.ts";
import { FairQueue } from "./fair-queue.ts";
import { Places } from "./places.ts";

export interface AdmissionOptions {
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
interface Place {
  readonly client: Client;
  readonly since: number;
}

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #places: Places;
  readonly #seats: Places;
  readonly #queue = new FairQueue<Waiter>(Number.POSITIVE_INFINITY, () => null);
  /** Those that count in full, the oldest first. */
  readonly #young = new Set<Place>();
  /** Those that count for a share. */
  readonly #old = new Set<Place>();
  #aging: NodeJS.Timeout | null = null;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#places = new Places(options.places, options.share);
    this.#seats = new Places(options.queueLimit, options.share);
  }

  /**
   * Runs `work` when there is a place for it.
   *
   * @throws what `busy` gives where too much waits already, or the signal's reason where it aborts first
   */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const client = currentClient();
    const place =
      this.#queue.length === 0 && this.#places.refuse(client, this.#free) === null
        ? this.#begin(client)
        : await this.#wait(client, signal);
    try {
      return await work();
    } finally {
      this.#places.leave(client);
      this.#young.delete(place);
      this.#old.delete(place);
      this.#serve();
    }
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

  async #wait(client: Client, signal: AbortSignal): Promise<Place> {
    const { length } = this.#queue;
    signal.throwIfAborted();
    if (this.#seats.refuse(client, this.#options.queueLimit - length) !== null && !this.#hasPlaceFor(client)) {
      throw this.#options.busy(length);
    }
    const { promise, resolve, reject } = Promise.withResolvers<Place>();
    const waiter: Waiter = { client, enter: resolve, fail: reject };
    const leave = () => {
      if (this.#queue.remove(waiter)) {
        this.#seats.leave(client);
        reject(signal.reason);
      }
    };
    this.#seats.take(client);
    this.#queue.push(waiter);
    signal.addEventListener("abort", leave, { once: true });
    this.#serve(); // it may be the others who are past their shares
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #hasPlaceFor(client: Client): boolean {
    return this.#places.refuse(client, this.#free) === null;
  }

  #serve(): void {
    this.#age();
    for (;;) {
      const next = this.#queue.take<Client>(({ client }) => this.#places.refuse(client, this.#free) ?? client);
      if (next === null) {
        return;
      }
      this.#seats.leave(next.granted);
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
