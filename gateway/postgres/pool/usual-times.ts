/** How long statements usually take, by their text. */
import { LRUCache } from "lru-cache";

/** Runs that are remembered of each. */
const mostRuns = 8;
/** Milliseconds past which one run of a statement speaks against it, however quick the others were. */
const slowRun = 100;
const mostTexts = 2_000;
/** What is held until the transaction ends, which is that of all who share a Sync: two of them could wait for each other. */
const holdsLocks = /advisory_xact/i;

/**
 * Remembers the last runs of each statement. On a busy machine most runs take longer than they would: what a third of them
 * took is what the statement takes.
 *
 * @example
 * times.note("SELECT 1", 0.2);
 * times.of("SELECT 1"); // 0.2
 */
export class UsualTimes {
  readonly #runs = new LRUCache<string, number[]>({ max: mostTexts });

  /** Milliseconds; infinite where nothing is known, or one of the last runs failed or was slow. */
  of(text: string): number {
    const runs = this.#runs.get(text) ?? [];
    return usual(runs);
  }

  /** Remembers a run. Infinite milliseconds: it failed, or nobody may run beside it. */
  note(text: string, elapsed: number): void {
    let runs = this.#runs.get(text);
    if (runs === undefined) {
      runs = holdsLocks.test(text) ? forEverAlone : [];
      this.#runs.set(text, runs);
    }
    if (runs !== forEverAlone) {
      runs.push(elapsed);
      runs.splice(0, runs.length - mostRuns);
    }
  }
}

const forEverAlone = [Number.POSITIVE_INFINITY];

function usual(runs: readonly number[]): number {
  const sorted = runs.toSorted((one, other) => one - other);
  const slowest = sorted.at(-1) ?? Number.POSITIVE_INFINITY;
  return slowest > slowRun ? Number.POSITIVE_INFINITY : (sorted[Math.floor((sorted.length - 1) / 3)] ?? slowest);
}
