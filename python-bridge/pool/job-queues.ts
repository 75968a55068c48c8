/** Jobs that wait for an interpreter, and which of them gets it. */
import type { Job } from "../jobs/job.ts";
import type { Remote } from "./remote.ts";

export class JobQueues {
  readonly #remotes: ReadonlyMap<Remote, number>;
  /** Apart from each other: calls may last for long, and batches are not to wait behind them. */
  readonly #queues = { batch: [] as Job[], call: [] as Job[] };
  /** Those that may have ended an interpreter: each runs alone in one. */
  readonly #suspects: Job[] = [];
  #dispatching = false;

  /** @param remotes The interpreters, which come and go. */
  constructor(remotes: ReadonlyMap<Remote, number>) {
    this.#remotes = remotes;
  }

  /** How many jobs of a kind wait. */
  count(kind: Job["kind"]): number {
    return this.#queues[kind].length;
  }

  add(job: Job): void {
    this.#queues[job.kind].push(job);
  }

  /** Puts jobs before all others, in their order. */
  putBack(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) {
      this.#queueOf(job).unshift(job);
    }
  }

  /** Nobody waits for this job any more. */
  remove(job: Job): void {
    const queue = this.#queueOf(job);
    const index = queue.indexOf(job);
    if (index >= 0) {
      queue.splice(index, 1);
    }
  }

  /** Takes all of them out. */
  takeAll(): Job[] {
    return this.#all.flatMap((queue) => queue.splice(0));
  }

  /** Gives out what came in the same turn of the event loop together. */
  dispatchSoon(): void {
    if (!this.#dispatching && this.#all.some((queue) => queue.length > 0)) {
      this.#dispatching = true;
      setImmediate(() => {
        this.#dispatching = false;
        this.#isolateSuspects();
        const shares = new Map<Remote, Job[]>();
        for (const queue of Object.values(this.#queues)) {
          this.#share(queue, shares);
        }
        for (const [remote, jobs] of shares) {
          remote.send(jobs);
        }
      });
    }
  }

  /** Gives suspects to interpreters that have nothing to do: one is, where another has just been ended. */
  #isolateSuspects(): void {
    for (const remote of this.#remotes.keys()) {
      const suspect = remote.isEmpty ? this.#suspects.shift() : undefined;
      if (suspect !== undefined) {
        remote.send([suspect]);
      }
    }
  }

  /** Gives each job of a queue to the interpreter with the most room, while there is any. */
  #share(queue: Job[], shares: Map<Remote, Job[]>): void {
    const [first] = queue;
    const rooms =
      first === undefined ? [] : [...this.#remotes.keys()].map((remote) => ({ remote, room: remote.room(first.kind) }));
    for (;;) {
      // Few interpreters: looking at each is quick.
      const best = rooms.reduce<(typeof rooms)[number] | null>(
        (one, other) => (one === null || other.room > one.room ? other : one),
        null,
      );
      if (best === null || best.room <= 0) {
        break;
      }
      const job = queue.shift();
      if (job === undefined) {
        break;
      }
      best.room -= 1;
      const share = shares.get(best.remote) ?? [];
      share.push(job);
      shares.set(best.remote, share);
    }
  }

  #queueOf(job: Job): Job[] {
    return job.suspect ? this.#suspects : this.#queues[job.kind];
  }

  get #all(): Job[][] {
    return [this.#suspects, ...Object.values(this.#queues)];
  }
}
