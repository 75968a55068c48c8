/** The interpreters that run one state of the user's files: a Piscina pool of threads and the batches for them. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { PuffError } from "../schema/index.ts";
import type { Batch } from "./batch.ts";
import { refusal } from "./errors.ts";
import type { HostFunctions } from "./host.ts";
import type { BatchOutcome, InterpreterSettings, Loaded, LogRecord } from "./messages.ts";
import { type LostBatch, Remote } from "./remote.ts";

export interface GenerationOptions {
  readonly settings: InterpreterSettings;
  readonly workers: number;
  readonly queueLimit: number;
  readonly host: HostFunctions;
  onLog(record: LogRecord): void;
}

/** A batch that was running in so many interpreters that died is the likely cause. */
const deathBound = 3;
/** A batch begun in so many is given up, whoever was the cause. */
const lossBound = 10;
/** Pauses before the next try when interpreters don't start, milliseconds. */
const shortestPause = 100;
const longestPause = 5000;
/** Failed starts in a row after which those who wait are told. */
const failedStartBound = 3;
/** What is left to run when the interpreters are to end may take so much longer than its deadline, milliseconds. */
const closeGrace = 2000;

export class Generation {
  readonly #options: GenerationOptions;
  readonly #pool: Piscina;
  readonly #remotes = new Set<Remote>();
  readonly #queue: Batch[] = [];
  #dispatching = false;
  #unanswered = 0;
  #closing = false;
  #hasStarted = false;
  #failedStarts = 0;
  #pause: NodeJS.Timeout | null = null;
  #started: PromiseWithResolvers<Loaded> | null = null;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(options: GenerationOptions) {
    this.#options = options;
    this.#pool = new Piscina({
      // Runs from source as from what is built of it.
      filename: fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url)),
      name: "serve",
      minThreads: 1,
      maxThreads: options.workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The one task of a thread is its interpreter, whose event loop has to turn.
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
    });
    // A thread that fails beside its task: the task's end tells.
    this.#pool.on("error", () => {});
  }

  /** Resolves when the first interpreter serves; the others follow, quicker since its memory is on disk then. */
  async start(): Promise<Loaded> {
    this.#started = Promise.withResolvers();
    this.#addInterpreter();
    return this.#started.promise;
  }

  /** Batches waiting or running. */
  get unanswered(): number {
    return this.#unanswered;
  }

  run(batch: Batch, signal: AbortSignal): void {
    if (this.#queue.length >= this.#options.queueLimit) {
      batch.fail(
        new PuffError("PUFF_PYTHON_BUSY", `${this.#queue.length} calls wait for Python already`, {
          remedy: "Try again in a moment, or run more workers.",
        }),
      );
      return;
    }
    const onAbort = () => this.#giveUp(batch, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unanswered++;
    const answered = () => {
      signal.removeEventListener("abort", onAbort);
      this.#unanswered--;
      if (this.#unanswered === 0) {
        this.#idle?.resolve();
      }
    };
    batch.result.then(answered, answered);
    this.#queue.push(batch);
    this.#dispatchSoon();
  }

  /** Lets what runs end, for as long as it may take, and ends the interpreters. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#unanswered > 0) {
      this.#idle = Promise.withResolvers();
      const bound = setTimeout(() => this.#idle?.resolve(), this.#options.settings.deadline + closeGrace);
      await this.#idle.promise;
      clearTimeout(bound);
    }
    if (this.#pause !== null) {
      clearTimeout(this.#pause);
    }
    for (const remote of this.#remotes) {
      remote.end("it was closed");
    }
    for (const batch of this.#queue.splice(0)) {
      batch.fail(new PuffError("PUFF_SHUTTING_DOWN", "the gateway is stopping"));
    }
    await this.#pool.destroy();
  }

  #addInterpreter(): void {
    const remote: Remote = new Remote(this.#pool, this.#options.settings, {
      onReady: (loaded) => {
        this.#failedStarts = 0;
        this.#hasStarted = true;
        this.#started?.resolve(loaded);
        this.#dispatchSoon();
        if (loaded.from === "image") {
          this.#addMissing();
        }
      },
      onRefused: (error) => {
        this.#started?.reject(refusal(error));
        remote.end(error.message);
      },
      onImage: (problem) => {
        if (problem !== null) {
          this.#options.onLog({
            level: "info",
            logger: "puff",
            message: `interpreters start slowly: no image of their memory could be kept, since ${problem}`,
          });
        }
        this.#addMissing();
      },
      onOutcome: (batch, outcome) => this.#settle(batch, outcome),
      onDeath: (lost, reason) => this.#replace(remote, lost, reason),
      callHost: (call) => this.#options.host.call(call),
      onLogs: (records) => {
        for (const record of records) {
          this.#options.onLog(record);
        }
      },
    });
    this.#remotes.add(remote);
  }

  #addMissing(): void {
    while (!this.#closing && this.#remotes.size < this.#options.workers) {
      this.#addInterpreter();
    }
  }

  #settle(batch: Batch, outcome: BatchOutcome): void {
    if ("json" in outcome) {
      batch.succeed(outcome.json);
    } else if (outcome.failure === "deadline") {
      batch.failDeadline(this.#options.settings.deadline);
    } else {
      batch.failRaised(outcome.message);
    }
    this.#dispatchSoon();
  }

  #replace(remote: Remote, lost: readonly LostBatch[], reason: string): void {
    this.#remotes.delete(remote);
    const again: Batch[] = [];
    const known = lost.some(({ state }) => state === "running" || state === "overdue");
    for (const { batch, state } of lost) {
      batch.losses += state === "waiting" ? 0 : 1;
      batch.deaths += state === "running" || (state === "entered" && !known) ? 1 : 0;
      if (state === "overdue") {
        batch.failDeadline(this.#options.settings.deadline);
      } else if (state === "waiting" || (batch.repeatable && batch.deaths < deathBound && batch.losses < lossBound)) {
        again.push(batch);
      } else {
        batch.failDied(reason);
      }
    }
    this.#queue.unshift(...again);
    if (this.#closing) {
      for (const batch of this.#queue.splice(0)) {
        batch.failDied(reason);
      }
      return;
    }
    if (remote.wasReady) {
      this.#options.onLog({
        level: "warning",
        logger: "puff",
        message: `an interpreter ended and is replaced: ${reason}`,
      });
      this.#addInterpreter();
    } else {
      this.#tryAgain(reason);
    }
    this.#dispatchSoon();
  }

  /** After an interpreter that did not even start. */
  #tryAgain(reason: string): void {
    this.#failedStarts++;
    const failure = new PuffError("PUFF_INTERPRETER_DIED", "Python interpreters do not start", {
      remedy: "Run `puff-gateway doctor`.",
      cause: new Error(reason),
    });
    // Without effect if it has started or told a better reason.
    this.#started?.reject(failure);
    if (!this.#hasStarted) {
      return;
    }
    if (this.#failedStarts >= failedStartBound && this.#remotes.size === 0) {
      for (const batch of this.#queue.splice(0)) {
        batch.fail(failure);
      }
    }
    const pause = Math.min(shortestPause * 2 ** this.#failedStarts, longestPause);
    this.#pause = setTimeout(() => this.#addMissing(), pause);
  }

  #giveUp(batch: Batch, reason: unknown): void {
    if (batch.settled) {
      return;
    }
    for (const remote of this.#remotes) {
      remote.cancel(batch);
    }
    const index = this.#queue.indexOf(batch);
    if (index >= 0) {
      this.#queue.splice(index, 1);
    }
    batch.fail(reason);
  }

  /** Gives out what came in the same turn of the event loop together. */
  #dispatchSoon(): void {
    if (!this.#dispatching && this.#queue.length > 0) {
      this.#dispatching = true;
      setImmediate(() => {
        this.#dispatching = false;
        this.#dispatch();
      });
    }
  }

  #dispatch(): void {
    const shares = new Map<Remote, Batch[]>();
    const rooms = [...this.#remotes].map((remote) => ({ remote, room: remote.room }));
    for (;;) {
      // Few interpreters: looking at each is quick.
      const best = rooms.reduce<(typeof rooms)[number] | null>(
        (one, other) => (one === null || other.room > one.room ? other : one),
        null,
      );
      if (best === null || best.room <= 0) {
        break;
      }
      const batch = this.#queue.shift();
      if (batch === undefined) {
        break;
      }
      best.room -= 1;
      const share = shares.get(best.remote) ?? [];
      share.push(batch);
      shares.set(best.remote, share);
    }
    for (const [remote, batches] of shares) {
      remote.send(batches);
    }
  }
}
