/** What greenlets wait for: answers of services, timers, each other. */

import type { ServiceAnswer } from "../protocol/messages.ts";
import { longestTimer } from "../protocol/timers.ts";
import { wholeBuffers } from "../protocol/transfer.ts";
import type { Greenlet } from "./greenlet.ts";
import type { Outbox } from "./outbox.ts";

/** What the waits need of the door. */
export interface WaitsDoor {
  /** The greenlet that runs, and so the one that waits; null if that isn't known. */
  running(): Greenlet | null;
  /** Has the greenlet that `wakeUp` returns go on when it is its turn. */
  wake(wakeUp: () => Greenlet | null): void;
}

export class Waits {
  readonly #door: WaitsDoor;
  readonly #outbox: Outbox;
  readonly #pending = new Map<
    number,
    { readonly greenlet: Greenlet | null; readonly key: number | null; resolve(outcome: unknown): void }
  >();
  /** Waits of {@link Waits.park} by their keys. */
  readonly #parked = new Map<number, { readonly wait: number; readonly timer: NodeJS.Timeout | undefined }>();
  #last = 0;
  /** The service called last; null: none was. */
  calledService: string | null = null;

  constructor(door: WaitsDoor, outbox: Outbox) {
    this.#door = door;
    this.#outbox = outbox;
  }

  callService(service: string, method: string, args: string, buffers: readonly Uint8Array[]): Promise<unknown> {
    const { wait, outcome, ends } = this.#begin(null);
    if (!ends) {
      this.#send(wait, service, method, args, buffers);
    }
    return outcome;
  }

  tellService(service: string, method: string, args: string, buffers: readonly Uint8Array[]): void {
    this.#send(0, service, method, args, buffers);
  }

  answer({ call, json, buffers, wantsReceipt }: ServiceAnswer): void {
    const answer = buffers.length === 0 ? json : [json, ...buffers];
    this.#door.wake(() => {
      if (wantsReceipt) {
        this.#outbox.receipt({ call, claimed: this.#pending.has(call) });
      }
      return this.#end(call, answer);
    });
  }

  park(key: number, milliseconds: number | undefined): Promise<unknown> {
    const { wait, outcome, ends } = this.#begin(key);
    if (ends) {
      return outcome;
    }
    const bounded = Math.min(milliseconds ?? 0, longestTimer);
    const timer = bounded > 0 ? setTimeout(() => this.unpark(key), bounded) : undefined;
    this.#parked.set(key, { wait, timer });
    if (milliseconds === 0) {
      // It only lets others go first.
      this.unpark(key);
    }
    return outcome;
  }

  unpark(key: number): void {
    const parked = this.#forget(key);
    if (parked !== undefined) {
      this.#door.wake(() => this.#end(parked.wait, ""));
    }
  }

  /** What a greenlet waits for fails. */
  cancel(greenlet: Greenlet, reason: string): void {
    for (const wait of greenlet.waits) {
      this.#fail(wait, reason);
    }
  }

  /** `ends`: the greenlet is not to wait, so that its wait fails. */
  #begin(key: number | null): { readonly wait: number; readonly outcome: Promise<unknown>; readonly ends: boolean } {
    const greenlet = this.#door.running();
    const wait = ++this.#last;
    greenlet?.waits.add(wait);
    const outcome = new Promise((resolve) => this.#pending.set(wait, { greenlet, key, resolve }));
    const ends = greenlet !== null && greenlet.ending !== null && (greenlet.over || !greenlet.told);
    if (ends) {
      this.#fail(wait, greenlet.ending ?? "");
    }
    return { wait, outcome, ends };
  }

  #fail(wait: number, reason: string): void {
    this.#door.wake(() => {
      const greenlet = this.#end(wait, cancelled(reason));
      if (greenlet !== null) {
        greenlet.told = true;
      }
      return greenlet;
    });
  }

  /** Its greenlet goes on some microtasks later; null if it does not wait any more. */
  #end(wait: number, outcome: unknown): Greenlet | null {
    const pending = this.#pending.get(wait);
    if (pending === undefined) {
      return null;
    }
    this.#pending.delete(wait);
    if (pending.key !== null) {
      this.#forget(pending.key); // where it was cancelled
    }
    pending.greenlet?.waits.delete(wait);
    pending.resolve(outcome);
    return pending.greenlet;
  }

  #forget(key: number): { readonly wait: number } | undefined {
    const parked = this.#parked.get(key);
    clearTimeout(parked?.timer);
    this.#parked.delete(key);
    return parked;
  }

  #send(call: number, service: string, method: string, args: string, buffers: readonly Uint8Array[]): void {
    const greenlet = this.#door.running();
    if (greenlet !== null) {
      greenlet.known = true;
    }
    this.calledService = service;
    const id = greenlet?.id ?? 0;
    this.#outbox.serviceCall({ call, greenlet: id, service, method, args, buffers: wholeBuffers(buffers) });
  }
}

/** What a wait gives to Python where it is to end. */
function cancelled(reason: string): string {
  return JSON.stringify({ cancelled: reason });
}
