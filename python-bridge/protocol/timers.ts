/** Node's timers take no more milliseconds: longer ones go off after one. */
export const longestTimer = 2 ** 31 - 1;

/**
 * Bounds a wait: aborts when this many milliseconds have passed, or with another signal. Unlike `AbortSignal.timeout`, which
 * stays in memory until its time has come, it is gone with what it bounds.
 *
 * @example
 * const limit = new TimeLimit(timeout, signal);
 * try { await wait(limit.signal); } finally { limit.end(); }
 */
export class TimeLimit {
  /** Aborts in either case. */
  readonly signal: AbortSignal;
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param milliseconds - null: there is no limit. */
  constructor(milliseconds: number | null, signal: AbortSignal) {
    const isBound = milliseconds !== null;
    this.#timer = isBound ? setTimeout(() => this.#late.abort(), Math.min(milliseconds, longestTimer)) : undefined;
    this.signal = isBound ? AbortSignal.any([signal, this.#late.signal]) : signal;
  }

  /** Aborts when the time has passed. */
  get late(): AbortSignal {
    return this.#late.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
