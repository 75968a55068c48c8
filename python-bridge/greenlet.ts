/** Calls into Python under way, and what they wait for. */
import type { HostResult, WireBatch } from "./messages.ts";

/** A batch that Python has begun. */
export interface Greenlet {
  readonly batch: WireBatch;
  /** On the clock that stands still while others keep the thread busy. */
  readonly began: number;
  /** On the wall. */
  readonly entered: number;
  readonly hostCalls: Set<number>;
}

/** Calls of host functions that are not answered yet. */
export class HostCalls {
  readonly #pending = new Map<number, PendingHostCall>();
  #last = 0;

  /** `greenlet`: who calls; null where that isn't known. */
  begin(greenlet: Greenlet | null): { readonly call: number; readonly result: Promise<string> } {
    const call = ++this.#last;
    greenlet?.hostCalls.add(call);
    const result = new Promise<string>((resolve, reject) => this.#pending.set(call, { greenlet, resolve, reject }));
    return { call, result };
  }

  /** Wakes the greenlet that has called, which goes on some microtasks later, and returns it. */
  end(result: HostResult): Greenlet | null {
    const pending = this.#pending.get(result.call);
    if (pending === undefined) {
      return null;
    }
    this.#pending.delete(result.call);
    pending.greenlet?.hostCalls.delete(result.call);
    if ("json" in result) {
      pending.resolve(result.json);
    } else {
      pending.reject(new Error(result.error));
    }
    return pending.greenlet;
  }
}

interface PendingHostCall {
  readonly greenlet: Greenlet | null;
  resolve(json: string): void;
  reject(error: Error): void;
}
