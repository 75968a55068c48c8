/** The main thread's end of one interpreter: sends it jobs, hands on what they come to, tells when it dies. */
import type { Job } from "../jobs/job.ts";
import type { Engine, Lane } from "../lanes/lane.ts";
import {
  Control,
  type InterpreterSettings,
  type JobOutcome,
  type LoadError,
  type Loaded,
  type LogRecord,
  type ServiceAnswer,
  type ServiceCall,
  type ToMain,
  type WireJob,
} from "../protocol/messages.ts";
import type { Sessions } from "../services/services.ts";
import { page } from "../wasm/wasm.ts";
import { findLost, type LostJob, type SentJob } from "./lost-jobs.ts";
import { loadDeadline, StuckWatch } from "./stuck-watch.ts";

export interface RemoteEvents {
  onReady(loaded: Loaded): void;
  /** The user's code does not load. */
  onRefused(error: LoadError): void;
  onImage(problem: string | null): void;
  onOutcome(job: Job, outcome: JobOutcome): void;
  /** `lost`: jobs that it had not answered. */
  onDeath(lost: readonly LostJob[], reason: string): void;
  /** Its memory has grown past its bound, which ending it alone gives back. */
  onGrown(): void;
  onLogs(records: readonly LogRecord[]): void;
}

/**
 * Jobs that one interpreter is given at a time; the others wait where an interpreter's death does not touch them.
 * Batches end soon. Calls may wait for hours, at some 20 KB each.
 */
const windows = { batch: 1000, call: 10_000 };
const endlessImport: LoadError = {
  code: "PUFF_SCHEMA_IMPORT",
  place: null,
  message: `importing the schemas did not end within ${loadDeadline / 1000} s`,
  remedy: "Look for a loop, or something that waits, at the top level of their modules.",
  traceback: null,
};
/** An interpreter busy with one piece of Python for this long gets no new jobs if others are free, milliseconds. */
const busyAfter = 50;

export class Remote {
  readonly #events: RemoteEvents;
  readonly #lane: Lane;
  /** In the order they were sent. */
  readonly #inFlight = new Map<number, SentJob>();
  readonly #inFlightOf = { batch: 0, call: 0 };
  readonly #sessions: Sessions;
  readonly #answers: ServiceAnswer[] = [];
  #state: "starting" | "ready" | "ending" | "dead" = "starting";
  #wasReady = false;
  #sent = 0;
  /** Bytes of memory where that is past its bound; else null. */
  #grown: number | null = null;
  /** Ends it at the latest, once it is to end; else null. */
  #retirement: NodeJS.Timeout | null = null;
  readonly #watch: StuckWatch;

  constructor(engine: Engine, settings: InterpreterSettings, sessions: Sessions, events: RemoteEvents) {
    this.#events = events;
    this.#sessions = sessions;
    this.#lane = engine.open(settings, {
      onMessage: (message) => this.#receive(message),
      onEnd: (reason) => this.#die(reason),
    });
    this.#watch = new StuckWatch(this.#lane, settings.deadline, {
      phase: () => this.#phase(),
      endlessImport: () => events.onRefused(endlessImport),
      die: (reason) => this.#die(reason),
    });
    this.#watch.on();
  }

  /** Whether it ever served. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** Whether its memory is past its bound. */
  get isGrown(): boolean {
    return this.#grown !== null;
  }

  /** Whether it gets no more jobs, see {@link retire}. */
  get isRetired(): boolean {
    return this.#retirement !== null;
  }

  /** Bytes of its memory; 0 until it serves. */
  get memory(): number {
    return this.#lane.look(Control.pages) * page;
  }

  /** Whether a person is at a debugger's prompt. */
  get isDebugged(): boolean {
    return this.#lane.look(Control.prompts) > 0;
  }

  /** Whether it could run a job alone. */
  get isEmpty(): boolean {
    return this.#state === "ready" && this.#inFlight.size === 0;
  }

  /** Whether nothing reaches it any more. */
  get #isOver(): boolean {
    return this.#state === "ending" || this.#state === "dead";
  }

  /** Whether it runs a suspect, alone. */
  get #isolates(): boolean {
    return this.#inFlight.size === 1 && [...this.#inFlight.values()].some(({ job }) => job.suspect);
  }

  /** Room for further jobs of this kind; the greater the better. Zero: none. */
  room(kind: WireJob["kind"]): number {
    if (this.#state !== "ready" || this.#isolates || this.isRetired) {
      return 0;
    }
    const room = windows[kind] - this.#inFlightOf[kind];
    const avoided = this.#grown !== null || (this.#inFlight.size > 0 && this.#watch.stuckFor() > busyAfter);
    return avoided ? room / windows[kind] : room;
  }

  send(jobs: readonly Job[]): void {
    if (this.#inFlight.size === 0) {
      this.#watch.sawTurn();
    }
    for (const job of jobs) {
      this.#inFlight.set(job.id, { job, position: ++this.#sent });
      this.#inFlightOf[job.kind]++;
    }
    this.#lane.post({ kind: "jobs", jobs: jobs.map(({ wire }) => wire) });
    this.#watch.on();
  }

  #phase(): "starting" | "idle" | "busy" {
    if (this.#state === "starting") {
      return "starting";
    }
    return this.#state === "ready" && this.#inFlight.size === 0 ? "idle" : "busy";
  }

  /** Nobody waits for this job any more. */
  cancel(job: Job): void {
    if (this.#takeOff(job.id) !== null && !this.#isOver) {
      this.#lane.post({ kind: "cancel", ids: [job.id] });
      this.#endIfRetired();
    }
  }

  /** Gives it no more jobs, and ends it when it has answered those that it has, after `bound` milliseconds at the latest. */
  retire(bound: number): void {
    const timer = setTimeout(() => {
      if (this.isDebugged) {
        timer.refresh();
      } else {
        this.#die(this.#whyRetired());
      }
    }, bound);
    this.#retirement = timer;
    this.#endIfRetired();
  }

  /** Ends the interpreter, whatever it does. */
  end(reason: string): void {
    this.#die(reason);
  }

  #endIfRetired(): void {
    if (this.isRetired && this.#inFlight.size === 0) {
      this.#die(this.#whyRetired());
    }
  }

  #whyRetired(): string {
    return `its memory had grown to ${Math.round((this.#grown ?? 0) / 1e6)} MB`;
  }

  #takeOff(id: number): Job | null {
    const sent = this.#inFlight.get(id);
    if (sent === undefined) {
      return null;
    }
    this.#inFlight.delete(id);
    this.#inFlightOf[sent.job.kind]--;
    return sent.job;
  }

  #receive(message: ToMain): void {
    // What it answered and logged counts; all else is over.
    if (this.#state === "dead" || (this.#state === "ending" && message.kind !== "results" && message.kind !== "logs")) {
      return;
    }
    switch (message.kind) {
      case "ready":
        this.#state = "ready";
        this.#wasReady = true;
        this.#watch.sawTurn();
        this.#events.onReady(message);
        break;
      case "refused":
        this.#events.onRefused(message.error);
        break;
      case "image":
        this.#events.onImage(message.problem);
        break;
      case "results":
        for (const outcome of message.results) {
          const job = this.#takeOff(outcome.id);
          if (job !== null) {
            this.#events.onOutcome(job, outcome);
          }
        }
        this.#endIfRetired();
        break;
      case "serviceCalls":
        for (const call of message.calls) {
          void this.#callService(call);
        }
        break;
      case "receipts":
        this.#sessions.arrived(message.receipts);
        break;
      case "ended":
        this.#sessions.end(message.greenlets);
        break;
      case "logs":
        this.#events.onLogs(message.records);
        break;
      case "grown":
        this.#grown = message.bytes;
        this.#events.onGrown();
        break;
      case "broken":
        this.#die(message.reason);
        break;
    }
  }

  async #callService(call: ServiceCall): Promise<void> {
    const job = this.#inFlight.get(call.greenlet)?.job;
    const answer = await (job === undefined
      ? this.#sessions.call(call)
      : job.inContext(() => this.#sessions.call(call)));
    if (call.call === 0 || this.#isOver) {
      return;
    }
    this.#answers.push(answer);
    // Those that are ready at the same time go together.
    if (this.#answers.length === 1) {
      setImmediate(() => {
        const answers = this.#answers.splice(0);
        if (!this.#isOver) {
          this.#lane.post({ kind: "answers", answers });
        }
      });
    }
  }

  #die(reason: string): void {
    if (this.#isOver) {
      return;
    }
    this.#state = "ending";
    this.#watch.off();
    clearTimeout(this.#retirement ?? undefined);
    this.#lane.end(() => this.#bury(reason));
  }

  #bury(reason: string): void {
    this.#state = "dead";
    const lost = findLost([...this.#inFlight.values()], this.#lane, this.#watch.overdue);
    this.#inFlight.clear();
    this.#sessions.close();
    this.#events.onDeath(lost, reason);
  }
}
