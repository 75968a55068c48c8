/** Chooses a connection for each statement, and queues those for which none is free. */
import type { Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { Client } from "../../fairness/client.ts";
import { FairQueue, type Waiter } from "../../fairness/fair-queue.ts";
import { Places, type Refusal } from "../../fairness/places.ts";
import { asConnectError } from "../errors/unavailable.ts";
import type { Slot, Slots } from "./slots.ts";

export interface SlotQueueOptions {
  /** The database, without password, for messages. */
  readonly place: string;
  /** Connections at most. */
  readonly size: number;
  /** Statements and transactions that may wait for a connection. */
  readonly queueLimit: number;
  /** Milliseconds that one may wait. */
  readonly acquireTimeout: number;
  /** Percent of the connections, and of the queue, that one client may hold while others want them. */
  readonly clientShare: number;
}

export interface SlotWaiter extends Waiter {
  /** Called when there is a connection for one that waited. */
  start(slot: Slot): void;
  /** Absent: a transaction. */
  readonly statement?: Statement;
  /** Whether it may join others on a connection. */
  readonly quick: boolean;
  /** Milliseconds that it usually takes. */
  readonly time: number;
}

/** Statements under way on one connection. More would not be answered sooner. */
export const mostUnderWay = 8;
/** Milliseconds up to which statements of one turn of the event loop go to one connection, though others are free. */
const mostGathered = 2;

export class SlotQueue {
  readonly #slots: Slots;
  readonly #options: SlotQueueOptions;
  readonly #waiting: FairQueue<SlotWaiter>;
  /** Statements and transactions under way, by client. */
  readonly #held: Places;
  /** Where the last quick one went. */
  #gathering: Slot | null = null;

  constructor(slots: Slots, options: SlotQueueOptions) {
    this.#slots = slots;
    this.#options = options;
    const { size, queueLimit: limit, acquireTimeout: patience, clientShare: share } = options;
    this.#waiting = new FairQueue({ limit, share, patience, overdue: () => this.#overdueError() });
    this.#held = new Places(size, share);
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Counts a statement or a transaction of a client as under way. */
  hold(client: Client): void {
    this.#held.take(client);
  }

  /** It is no longer. */
  release(client: Client): void {
    this.#held.leave(client);
  }

  /** A connection for one that may start at once; null: it waits, or has failed. */
  take(waiter: SlotWaiter): Slot | null {
    // Where connections are free, those who wait have more than their share.
    const isNext = this.#waiting.length === 0 || (this.#held.isModest(waiter.client) && this.#slots.free > 0);
    const slot = isNext ? this.#choose(waiter) : "all";
    if (typeof slot === "object") {
      return slot;
    }
    const { size, queueLimit } = this.#options;
    if (!this.#waiting.push(waiter, queueLimit + size - this.#slots.open.size)) {
      waiter.fail(
        this.busyError(`all ${size} connections are busy and ${this.#waiting.length} statements are waiting for one`),
      );
    } else {
      this.serve();
    }
    return null;
  }

  /** Starts those who wait, as far as there are connections. */
  serve(): void {
    for (;;) {
      const next = this.#waiting.take<Slot>((waiter) => this.#choose(waiter));
      if (next === null) {
        return;
      }
      next.waiter.start(next.granted);
    }
  }

  /** Fails those who wait and whose statement is over. */
  fail(isOver: (statement: Statement | undefined) => boolean, error: Error): void {
    for (const waiter of this.#waiting.drop(({ statement }) => isOver(statement))) {
      waiter.fail(error);
    }
  }

  /** Fails all who wait: there is no connection at all. */
  failAll(error: unknown): void {
    this.#waiting.failAll(asConnectError(error, this.#options.place));
  }

  busyError(message: string): PuffError {
    return new PuffError("PUFF_POOL_BUSY", message, {
      place: this.#options.place,
      remedy: "Try again later; if it happens often, make the pool larger or the statements faster.",
    });
  }

  /** An idle connection, or else the least loaded one that takes more, while another is being opened. */
  #choose(waiter: SlotWaiter): Slot | Refusal {
    const slot = (waiter.quick ? this.#joinGathered(waiter) : null) ?? this.#find(waiter);
    if (typeof slot === "object" && waiter.quick) {
      slot.gatheredTime = slot.client.gathered === 0 ? waiter.time : slot.gatheredTime + waiter.time;
      this.#gathering = slot;
    }
    return slot;
  }

  /** Where others go at the end of this turn of the event loop; null if there are none, or enough. */
  #joinGathered({ time }: SlotWaiter): Slot | null {
    const slot = this.#gathering;
    return slot !== null &&
      slot.client.gathered > 0 &&
      slot.client.load < mostUnderWay &&
      slot.gatheredTime + time <= mostGathered &&
      !(slot.lent || slot.cancelling || slot.client.isHeld)
      ? slot
      : null;
  }

  #find({ client, quick }: SlotWaiter): Slot | Refusal {
    const refusal = this.#held.isModest(client) ? null : this.#held.refuse(client, this.#slots.free);
    let best: Slot | null = null;
    for (const slot of this.#slots.open) {
      const { load } = slot.client;
      if (slot.lent || slot.cancelling) {
        continue;
      }
      if (load === slot.own.size) {
        if (refusal === null) {
          return slot;
        }
      } else if (quick && slot.quick && !slot.client.isHeld && load < (best?.client.load ?? mostUnderWay)) {
        best = slot;
      }
    }
    if (refusal === null && this.#slots.opening < Math.max(1, this.#waiting.length)) {
      this.#slots.grow();
    }
    return best ?? refusal ?? "all";
  }

  #overdueError(): PuffError {
    const { size, acquireTimeout, place } = this.#options;
    return this.#slots.open.size === 0
      ? asConnectError(new Error("timeout: no connection was made"), place)
      : this.busyError(`none of the ${size} connections was free within ${acquireTimeout / 1000} s`);
  }
}
