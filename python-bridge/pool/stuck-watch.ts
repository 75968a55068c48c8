/** Watches how long one interpreter runs a piece of Python: interrupts it, and ends one that ignores that. */
import type { Lane } from "../lanes/lane.ts";
import { Control } from "../protocol/messages.ts";

/** Milliseconds from an interpreter's start until it imports the user's modules, at most: a busy machine needs many. */
const bootDeadline = 300_000;
/** Milliseconds that importing the user's modules may take. */
export const loadDeadline = 60_000;
/** Milliseconds in which an interrupted resolver must end. */
const grace = 1000;
/** Milliseconds between two looks at a running interpreter. */
const watchInterval = 25;

export interface Watched {
  /** Whether it starts, has nothing to do, or has jobs. */
  phase(): "starting" | "idle" | "busy";
  /** Called while its imports do not end. */
  endlessImport(): void;
  /** Ends it. */
  die(reason: string): void;
}

export class StuckWatch {
  readonly #lane: Lane;
  readonly #deadline: number;
  readonly #watched: Watched;
  #turns = 0;
  #turnedAt = performance.now();
  /** How often it was looked at since it was interrupted; null: it was not. */
  #looksSince: number | null = null;
  #overdue = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param deadline Milliseconds that a piece of Python may run. */
  constructor(lane: Lane, deadline: number, watched: Watched) {
    this.#lane = lane;
    this.#deadline = deadline;
    this.#watched = watched;
  }

  /** The id of the job that it was ended for; 0: of none. */
  get overdue(): number {
    return this.#overdue;
  }

  /** Looks at it from now on, until it has nothing to do. */
  on(): void {
    this.#timer ??= setInterval(() => {
      if (this.#watched.phase() === "idle") {
        this.off();
      } else {
        this.#look();
      }
    }, watchInterval);
  }

  off(): void {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** For how long no other piece of Python has begun and the event loop has not turned, milliseconds. */
  stuckFor(): number {
    if (this.#lane.look(Control.turns) !== this.#turns) {
      this.sawTurn();
    }
    return performance.now() - this.#turnedAt;
  }

  sawTurn(): void {
    this.#turns = this.#lane.look(Control.turns);
    this.#turnedAt = performance.now();
    this.#looksSince = null;
  }

  #look(): void {
    const stuck = this.stuckFor();
    if (this.#watched.phase() === "starting") {
      const imports = this.#turns > 0;
      if (imports && stuck > loadDeadline) {
        this.#watched.endlessImport();
      } else if (stuck > bootDeadline) {
        this.#watched.die(`it did not start within ${bootDeadline / 1000} s`);
      }
      return;
    }
    if (this.#looksSince !== null) {
      // Not by the clock: where the whole process stood still, an interpreter had no time to heed anything.
      this.#looksSince++;
      if (this.#looksSince * watchInterval > grace) {
        this.#overdue = this.#lane.look(Control.running);
        this.#watched.die("it ignored an interrupt");
      }
    } else if (stuck > this.#deadline) {
      this.#looksSince = 0;
      if (this.#lane.look(Control.running) === 0) {
        // The greenlets there may be waiting, and none of them has a deadline that would have the event loop turn.
        this.#lane.post({ kind: "ping" });
      } else {
        this.#lane.interrupt();
      }
    }
  }
}
