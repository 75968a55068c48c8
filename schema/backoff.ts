/** How long to wait before the next attempt: twice as long after each failure in a row, up to a bound. */
export interface Backoff {
  /** Milliseconds after the first failure. */
  readonly first: number;
  /** Milliseconds at most. */
  readonly longest: number;
}

/** For connections to Postgres and Redis. */
export const reconnect: Backoff = { first: 50, longest: 2_000 };

/**
 * Milliseconds to wait after this many failures in a row.
 *
 * @example pauseAfter(3, { first: 50, longest: 2_000 }); // 200
 */
export function pauseAfter(failures: number, { first, longest }: Backoff): number {
  return Math.min(first * 2 ** (failures - 1), longest);
}
