/** Those who wait: addresses take turns, an address's connections among them, and each waits for a bounded time. */
import type { Client } from "./client.ts";
import { Places, type Refusal } from "./places.ts";

export interface Waiter {
  readonly client: Client;
  fail(error: unknown): void;
}

export interface FairQueueOptions {
  /** How many may wait. */
  readonly limit: number;
  /** Percent of that that one client may have while others wait, see {@link Places}. */
  readonly share: number;
  /** Milliseconds that each waits at most. Default: until it is taken out. */
  readonly patience?: number;
  /** The error for those who waited that long. */
  overdue?(): unknown;
}

export class FairQueue<W extends Waiter> {
  readonly #options: FairQueueOptions;
  readonly #places: Places;
  /** In the order of their turns. */
  readonly #addresses = new Map<string, Map<object, Set<W>>>();
  /** In the order in which they came, each with the time until which it waits. */
  readonly #deadlines = new Map<W, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: FairQueueOptions) {
    this.#options = options;
    this.#places = new Places(options.limit, options.share);
  }

  get length(): number {
    return this.#deadlines.size;
  }

  /** Adds one. False if it can't wait: there is no room, or its client has too much of it. */
  push(waiter: W, limit: number = this.#options.limit): boolean {
    const { address, connection } = waiter.client;
    if (this.#places.refuse(waiter.client, limit - this.length) !== null) {
      return false;
    }
    this.#places.take(waiter.client);
    const connections = ensure(this.#addresses, address, () => new Map<object, Set<W>>());
    ensure(connections, connection, () => new Set<W>()).add(waiter);
    const { patience = Number.POSITIVE_INFINITY } = this.#options;
    this.#deadlines.set(waiter, performance.now() + patience);
    if (patience !== Number.POSITIVE_INFINITY) {
      this.#timer ??= setTimeout(() => this.#endOverdue(), patience);
    }
    return true;
  }

  /**
   * Takes the next one out for whom `choose` finds something; `choose` sees the first of each connection, until it says
   * that there is nothing for anyone.
   */
  take<T extends object>(choose: (waiter: W) => T | Refusal): { readonly waiter: W; readonly granted: T } | null {
    for (const connections of this.#addresses.values()) {
      for (const [waiter] of connections.values()) {
        if (waiter === undefined) {
          continue;
        }
        const granted = choose(waiter);
        if (granted === "all") {
          return null;
        }
        if (granted === "address") {
          break;
        }
        if (granted !== "connection") {
          this.remove(waiter);
          return { waiter, granted };
        }
      }
    }
    return null;
  }

  /** Takes one out, after whom it is the others' turn. False if it has been taken out already. */
  remove(waiter: W): boolean {
    if (!this.#deadlines.delete(waiter)) {
      return false;
    }
    this.#places.leave(waiter.client);
    if (this.#deadlines.size === 0 && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    const { address, connection } = waiter.client;
    const connections = this.#addresses.get(address);
    const waiting = connections?.get(connection);
    waiting?.delete(waiter);
    toEnd(connections, connection, waiting);
    toEnd(this.#addresses, address, connections);
    return true;
  }

  /** Takes those out that are not to wait any more. */
  drop(isOver: (waiter: W) => boolean): W[] {
    return [...this.#deadlines.keys()].filter(isOver).filter((waiter) => this.remove(waiter));
  }

  failAll(error: unknown): void {
    for (const waiter of this.drop(() => true)) {
      waiter.fail(error);
    }
  }

  #endOverdue(): void {
    this.#timer = null;
    const now = performance.now();
    for (const [waiter, deadline] of this.#deadlines) {
      if (deadline > now) {
        this.#timer = setTimeout(() => this.#endOverdue(), deadline - now);
        return;
      }
      this.remove(waiter);
      waiter.fail(this.#options.overdue?.());
    }
  }
}

function ensure<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Gives a key the last turn, or none where nothing waits under it. */
function toEnd<Key, Value extends { readonly size: number }>(
  map: Map<Key, Value> | undefined,
  key: Key,
  value: Value | undefined,
): void {
  if (map !== undefined && value !== undefined) {
    map.delete(key);
    if (value.size > 0) {
      map.set(key, value);
    }
  }
}
