/** The life of the connections to one server: opened when they are wanted, and ended when they rest or are spoiled. */

import type { Exchange } from "../wire/exchange.ts";
import { RawClient, type RawClientConfig, type RawConnection } from "../wire/raw-client.ts";

/** A connection, and what is under way on it. */
export interface Slot {
  readonly client: RawClient;
  /** Whether a transaction has it. */
  lent: boolean;
  /** Whether all that is under way on it is quick. */
  quick: boolean;
  /** Milliseconds that what it has gathered in this turn of the event loop usually takes. */
  gatheredTime: number;
  idleSince: number;
  /** Whether what runs on it is being cancelled. */
  cancelling: boolean;
  /** Those under way that are the pool's own, which end soon. */
  readonly own: Set<Exchange<RawConnection>>;
}

export interface SlotsOptions {
  readonly connect: RawClientConfig;
  /** Connections at most. */
  readonly size: number;
  /** Called when one was opened or lost, or another may be attempted. */
  changed(): void;
  /** Called when a statement on one has ended. */
  answered(slot: Slot, query: Exchange<RawConnection>): void;
  /** Called when the only one that was attempted could not be opened. */
  unreachable(error: unknown): void;
}

/** Milliseconds that an idle connection is kept. */
const idleLimit = 300_000;
/** Milliseconds without a further attempt where the server refused one connection more, but has given others. */
const pauseAfterFailure = 1_000;

export class Slots {
  readonly #options: SlotsOptions;
  readonly #slots = new Set<Slot>();
  readonly #opening = new Set<Promise<void>>();
  /** Runs while no further connection is attempted. */
  #pause: NodeJS.Timeout | null = null;
  readonly #idleTimer = setInterval(() => this.#endIdle(), idleLimit / 5).unref();

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** Those that are open. */
  get open(): ReadonlySet<Slot> {
    return this.#slots;
  }

  /** How many are being opened. */
  get opening(): number {
    return this.#opening.size;
  }

  /** Connections that nobody uses, or that can be opened. */
  get free(): number {
    let free = this.#pause === null ? this.#options.size : this.#slots.size;
    for (const { lent, cancelling, client } of this.#slots) {
      free -= lent || cancelling || client.load > 0 ? 1 : 0;
    }
    return free;
  }

  /** Opens another, where there may be one. */
  grow(): void {
    const { size, connect, changed } = this.#options;
    const connections = this.#slots.size + this.#opening.size;
    if (connections >= size || (connections > 0 && this.#pause !== null)) {
      return;
    }
    const opening = this.#open(new RawClient(connect));
    this.#opening.add(opening);
    void opening.finally(() => this.#opening.delete(opening)).then(changed);
  }

  async end(slot: Slot): Promise<void> {
    this.#slots.delete(slot);
    await slot.client.end();
  }

  /** Ends all, those that are being opened too. */
  async close(): Promise<void> {
    await Promise.all(this.#opening);
    clearInterval(this.#idleTimer);
    await Promise.all([...this.#slots].map((slot) => this.end(slot)));
  }

  async #open(client: RawClient): Promise<void> {
    const { changed, answered, unreachable } = this.#options;
    try {
      await client.connect();
    } catch (error) {
      void client.end();
      clearTimeout(this.#pause ?? undefined);
      this.#pause = setTimeout(() => {
        this.#pause = null;
        changed(); // what waits would else do so until another ends
      }, pauseAfterFailure).unref();
      if (this.#slots.size === 0 && this.#opening.size === 1) {
        unreachable(error);
      }
      return;
    }
    const slot: Slot = {
      client,
      lent: false,
      quick: false,
      gatheredTime: 0,
      idleSince: performance.now(),
      cancelling: false,
      own: new Set(),
    };
    client.onAnswered = (query) => answered(slot, query);
    const forget = (): void => {
      this.#slots.delete(slot);
      changed();
    };
    client.once("error", forget).once("end", forget);
    this.#slots.add(slot);
  }

  #endIdle(): void {
    for (const slot of this.#slots) {
      if (!slot.lent && slot.client.load === 0 && performance.now() - slot.idleSince > idleLimit) {
        void this.end(slot);
      }
    }
  }
}

/** Whether its session isn't as it was. */
export function isSpoiled(client: RawClient): boolean {
  return client.connection.spoiled || client.getTransactionStatus() !== "I";
}
