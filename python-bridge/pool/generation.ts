/** The interpreters that run one state of the user's files, and the jobs for them. */
import { type Backoff, PuffError, pauseAfter } from "../../schema/index.ts";
import type { Job } from "../jobs/job.ts";
import type { Engine } from "../lanes/lane.ts";
import type { InterpreterSettings, Loaded, LogRecord } from "../protocol/messages.ts";
import { longestTimer } from "../protocol/timers.ts";
import { type HostService, Sessions } from "../services/services.ts";
import { refusal } from "./errors.ts";
import { JobQueues } from "./job-queues.ts";
import type { LostJob } from "./lost-jobs.ts";
import { Remote } from "./remote.ts";
import { removeTemporaryFolder } from "./temporary.ts";

export interface GenerationOptions {
  /** The generation closes it. */
  readonly engine: Engine;
  readonly settings: InterpreterSettings;
  readonly workers: number;
  readonly queueLimit: number;
  /** See PythonOptions. */
  readonly retirement: number;
  readonly services: ReadonlyMap<string, HostService>;
  onLog(record: LogRecord): void;
  onReplaced(why: Replaced): void;
}

/** Why an interpreter was replaced: it ended, or its memory had grown. */
export type Replaced = "death" | "memory";

/** A job is given up after it ended this many interpreters. Others run again for as long as they are wanted. */
const deathBound = 3;
/** Between tries to start interpreters. */
const restart: Backoff = { first: 200, longest: 5_000 };
/** Failed starts in a row after which those who wait are told. */
const failedStartBound = 3;
/** What is left to run when the interpreters are to end may take so much longer than its deadline, milliseconds. */
const closeGrace = 2000;

export class Generation {
  readonly #options: GenerationOptions;
  /** Each with a number, the lowest that is free. */
  readonly #remotes = new Map<Remote, number>();
  readonly #queues = new JobQueues(this.#remotes);
  #unanswered = 0;
  #closing = false;
  #hasStarted = false;
  #failedStarts = 0;
  #pause: NodeJS.Timeout | null = null;
  #started: PromiseWithResolvers<Loaded> | null = null;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(options: GenerationOptions) {
    this.#options = options;
  }

  /** Resolves when the first interpreter serves; the others follow, quicker since its memory is on disk then. */
  async start(): Promise<Loaded> {
    this.#started = Promise.withResolvers();
    this.#addInterpreter();
    return this.#started.promise;
  }

  /** Bytes of memory of those that serve, by their numbers. */
  get memory(): Map<number, number> {
    const serving = [...this.#remotes].filter(([remote]) => remote.memory > 0);
    return new Map(serving.map(([remote, number]) => [number, remote.memory]));
  }

  /** Jobs waiting or running. */
  get unanswered(): number {
    return this.#unanswered;
  }

  run(job: Job, signal: AbortSignal): void {
    const waiting = this.#queues.count(job.kind);
    if (waiting >= this.#options.queueLimit) {
      job.fail(
        new PuffError("PUFF_PYTHON_BUSY", `${waiting} calls wait for Python already`, {
          remedy: "Try again in a moment, or run more workers.",
        }),
      );
      return;
    }
    const onAbort = () => this.#giveUp(job, signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#unanswered++;
    const answered = () => {
      signal.removeEventListener("abort", onAbort);
      this.#unanswered--;
      if (this.#unanswered === 0) {
        this.#idle?.resolve();
      }
    };
    job.result.then(answered, answered);
    this.#queues.add(job);
    this.#queues.dispatchSoon();
  }

  /** Lets what runs end, for as long as it may take, and ends the interpreters. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#unanswered > 0) {
      this.#idle = Promise.withResolvers();
      const longest = Math.min(this.#options.settings.deadline + closeGrace, longestTimer);
      const bound = setTimeout(() => {
        if ([...this.#remotes.keys()].some(({ isDebugged }) => isDebugged)) {
          bound.refresh();
        } else {
          this.#idle?.resolve();
        }
      }, longest);
      await this.#idle.promise;
      clearTimeout(bound);
    }
    if (this.#pause !== null) {
      clearTimeout(this.#pause);
    }
    for (const remote of [...this.#remotes.keys()]) {
      remote.end("it was closed");
    }
    for (const job of this.#queues.takeAll()) {
      job.fail(new PuffError("PUFF_SHUTTING_DOWN", "the gateway is stopping"));
    }
    await this.#options.engine.close();
    await removeTemporaryFolder(this.#options.settings.temporaryFolder);
  }

  #addInterpreter(): void {
    const sessions = new Sessions(this.#options.services, this.#options.onLog);
    const remote: Remote = new Remote(this.#options.engine, this.#options.settings, sessions, {
      onReady: (loaded) => {
        this.#failedStarts = 0;
        this.#hasStarted = true;
        this.#started?.resolve(loaded);
        this.#retireGrown();
        this.#queues.dispatchSoon();
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
            message: `interpreters start slowly: each imports the application anew, since ${problem}`,
          });
        }
        this.#addMissing();
      },
      onOutcome: (job, outcome) => {
        job.settle(outcome);
        this.#queues.dispatchSoon();
      },
      onDeath: (lost, reason) => this.#replace(remote, lost, reason),
      onGrown: () => this.#addOne(),
      onLogs: (records) => {
        for (const record of records) {
          this.#options.onLog(record);
        }
      },
    });
    const taken = new Set(this.#remotes.values());
    let number = 1;
    while (taken.has(number)) {
      number++;
    }
    this.#remotes.set(remote, number);
  }

  #addMissing(): void {
    while (this.#addOne()) {}
  }

  /**
   * Adds an interpreter if one is missing. One whose memory has grown is, too: it serves on until its successor does. One
   * successor starts at a time, and once the one before it has ended, so that their memory does not add up.
   */
  #addOne(): boolean {
    const { workers } = this.#options;
    const lasting = [...this.#remotes.keys()].filter(({ isGrown }) => !isGrown).length;
    const adds = !this.#closing && lasting < workers && this.#remotes.size <= workers;
    if (adds) {
      this.#addInterpreter();
    }
    return adds;
  }

  /** Once there are enough others. */
  #retireGrown(): void {
    const { workers, retirement } = this.#options;
    if ([...this.#remotes.keys()].filter(({ isReady }) => isReady).length > workers) {
      [...this.#remotes.keys()].find(({ isGrown }) => isGrown)?.retire(retirement);
    }
  }

  #replace(remote: Remote, lost: readonly LostJob[], reason: string): void {
    this.#remotes.delete(remote);
    const again: Job[] = [];
    for (const { job, state } of lost) {
      job.deaths += state === "guilty" ? 1 : 0;
      job.suspect ||= state === "guilty" || state === "suspect";
      if (state === "overdue") {
        job.failComputed(this.#options.settings.deadline);
      } else if (state === "waiting" || (job.repeatable && job.deaths < deathBound)) {
        again.push(job);
      } else {
        job.failDied(reason);
      }
    }
    if (this.#closing) {
      for (const job of [...again, ...this.#queues.takeAll()]) {
        job.failDied(reason);
      }
      return;
    }
    this.#queues.putBack(again);
    if (remote.wasReady) {
      this.#options.onReplaced(remote.isRetired ? "memory" : "death");
      this.#options.onLog({
        level: "warning",
        logger: "puff",
        message: `an interpreter ended and is replaced: ${reason}`,
      });
      this.#addOne();
    } else {
      this.#tryAgain(reason);
    }
    this.#queues.dispatchSoon();
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
      for (const job of this.#queues.takeAll()) {
        job.fail(failure);
      }
    }
    const pause = pauseAfter(this.#failedStarts, restart);
    this.#pause = setTimeout(() => this.#addMissing(), pause);
  }

  #giveUp(job: Job, reason: unknown): void {
    if (job.settled) {
      return;
    }
    for (const remote of [...this.#remotes.keys()]) {
      remote.cancel(job);
    }
    this.#queues.remove(job);
    job.fail(reason);
  }
}
