/** Calls into Python under way. */
import type { WireJob } from "../protocol/messages.ts";

/** A call into Python that has begun and has not ended. */
export interface Greenlet {
  /** Its job's; negative: Python spawned it; 0: what imports the user's modules. */
  readonly id: number;
  readonly job: WireJob | null;
  /** Id of the job that it runs for, which spawned it or what spawned it; 0: none. */
  readonly origin: number;
  /** Interrupts meant for others that have hit its job so far. */
  readonly interrupts: number;
  /** When it began the piece of Python that runs, on the wall. */
  since: number;
  /** Whether a piece of it computed for too long before it waited, as at a debugger's prompt. */
  overran: boolean;
  /** What it waits for: more than one thing where it runs an event loop. */
  readonly waits: Set<number>;
  /** Whether the host knows of it, having been called. */
  known: boolean;
  /** Whether its job is answered: its end matters to nobody. */
  answered: boolean;
  /** Why it is to end: what it waits for fails. It may still wait for a moment, to leave things in order. */
  ending: string | null;
  /** Whether it was told: what it waited for may have come just before. */
  told: boolean;
  /** Whether that moment is over, too. */
  over: boolean;
}

export function newGreenlet(id: number, job: WireJob | null, origin: number, interrupts = 0): Greenlet {
  return {
    id,
    job,
    origin,
    interrupts,
    since: performance.now(),
    overran: false,
    waits: new Set(),
    known: false,
    answered: false,
    ending: null,
    told: false,
    over: false,
  };
}
