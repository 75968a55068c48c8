/** For how long greenlets may be. */
import type { Greenlet } from "./greenlet.ts";

/** How often deadlines are looked at, milliseconds. */
const tick = 20;

/**
 * Watches deadlines on a clock that ticks while there are any. It advances by little where something kept the thread
 * busy: those who waited meanwhile are not to blame.
 */
export class Deadlines {
  readonly #onTick: (over: readonly Greenlet[]) => void;
  /** Those with the same deadline in the order of their beginnings. */
  readonly #groups = new Map<number, Map<Greenlet, number>>();
  #clock = 0;
  #lastTick = 0;
  #timer: NodeJS.Timeout | null = null;
  #holds = 0;

  /** `onTick` gets those whose time is over; they are no longer watched. */
  constructor(onTick: (over: readonly Greenlet[]) => void) {
    this.#onTick = onTick;
  }

  add(greenlet: Greenlet, deadline: number): void {
    const group = this.#groups.get(deadline) ?? new Map<Greenlet, number>();
    group.set(greenlet, this.#clock);
    this.#groups.set(deadline, group);
    if (this.#timer === null) {
      this.#lastTick = performance.now();
      this.#timer = setInterval(() => this.#tick(), tick);
    }
  }

  delete(greenlet: Greenlet): void {
    for (const [deadline, group] of this.#groups) {
      if (group.delete(greenlet) && group.size === 0) {
        this.#groups.delete(deadline);
      }
    }
  }

  /** The clock stands still from `true` to `false`. */
  hold(isHeld: boolean): void {
    this.#holds += isHeld ? 1 : -1;
  }

  #tick(): void {
    const now = performance.now();
    this.#clock += this.#holds > 0 ? 0 : Math.min(now - this.#lastTick, 3 * tick);
    this.#lastTick = now;
    const over = this.#findOver();
    for (const greenlet of over) {
      this.delete(greenlet);
    }
    this.#onTick(over);
    if (this.#groups.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #findOver(): Greenlet[] {
    const over: Greenlet[] = [];
    for (const [deadline, group] of this.#groups) {
      for (const [greenlet, began] of group) {
        if (this.#clock - began <= deadline) {
          break;
        }
        over.push(greenlet);
      }
    }
    return over;
  }
}
