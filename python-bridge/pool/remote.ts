/** The main thread's end of one interpreter: sends it jobs, watches how long they run, tells when it dies. */
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

/** What became of a job in an interpreter that died. */
export interface LostJob {
  readonly job: Job;
  /**
   * `bystander`: it had begun, and another is the cause. `suspect`: it had begun, and the cause is not known. `guilty`: it
   * is the cause. `overdue`: the interpreter was ended because of it.
   */
  readonly state: "waiting" | "bystander" | "suspect" | "guilty" | "overdue";
}

/**
 * Jobs that one interpreter is given at a time; the others wait where an interpreter's death does not touch them.
 * Batches end soon. Calls may wait for hours, at some 20 KB each.
 */
const windows = { batch: 1000, call: 10_000 };
/** What an interpreter may take until it begins to import the user's modules, milliseconds; on a busy machine much. */
const bootDeadline = 300_000;
/** What importing the user's modules may take, milliseconds. */
const loadDeadline = 60_000;
const endlessImport: LoadError = {
  code: "PUFF_SCHEMA_IMPORT",
  place: null,
  message: `importing the schemas did not end within ${loadDeadline / 1000} s`,
  remedy: "Look for a loop, or something that waits, at the top level of their modules.",
  traceback: null,
};
/** What an interrupted resolver may take to end, milliseconds. */
const grace = 1000;
/** How often running interpreters are looked at, milliseconds. */
const watchInterval = 25;
/** An interpreter busy with one piece of Python for this long gets no new jobs if others are free, milliseconds. */
const busyAfter = 50;

export class Remote {
  readonly #events: RemoteEvents;
  readonly #settings: InterpreterSettings;
  readonly #lane: Lane;
  /** In the order they were sent. */
  readonly #inFlight = new Map<number, { readonly job: Job; readonly position: number }>();
  readonly #inFlightOf = { batch: 0, call: 0 };
  readonly #sessions: Sessions;
  readonly #answers: ServiceAnswer[] = [];
  #state: "starting" | "ready" | "ending" | "dead" = "starting";
  #wasReady = false;
  #sent = 0;
  #turns = 0;
  #turnedAt = performance.now();
  /** How often it was looked at since it was interrupted; null: it was not. */
  #looksSince: number | null = null;
  #overdue = 0;
  /** Bytes of memory where that is past its bound; else null. */
  #grown: number | null = null;
  /** Ends it at the latest, once it is to end; else null. */
  #retirement: NodeJS.Timeout | null = null;
  #watch: NodeJS.Timeout | null = null;

  constructor(engine: Engine, settings: InterpreterSettings, sessions: Sessions, events: RemoteEvents) {
    this.#events = events;
    this.#sessions = sessions;
    this.#settings = settings;
    this.#lane = engine.open(settings, {
      onMessage: (message) => this.#receive(message),
      onEnd: (reason) => this.#die(reason),
    });
    this.#watchOn();
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
    const avoided = this.#grown !== null || (this.#inFlight.size > 0 && this.#stuckFor() > busyAfter);
    return avoided ? room / windows[kind] : room;
  }

  send(jobs: readonly Job[]): void {
    if (this.#inFlight.size === 0) {
      this.#sawTurn();
    }
    for (const job of jobs) {
      this.#inFlight.set(job.id, { job, position: ++this.#sent });
      this.#inFlightOf[job.kind]++;
    }
    this.#lane.post({ kind: "jobs", jobs: jobs.map(({ wire }) => wire) });
    this.#watchOn();
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
        this.#sawTurn();
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

  #watchOn(): void {
    this.#watch ??= setInterval(() => {
      if (this.#state === "ready" && this.#inFlight.size === 0) {
        this.#watchOff();
      } else {
        this.#look();
      }
    }, watchInterval);
  }

  #watchOff(): void {
    if (this.#watch !== null) {
      clearInterval(this.#watch);
      this.#watch = null;
    }
  }

  /** Interrupts a piece of Python that has run for too long, and ends an interpreter that does not heed it. */
  #look(): void {
    const stuck = this.#stuckFor();
    const { deadline } = this.#settings;
    if (this.#state === "starting") {
      const imports = this.#turns > 0;
      if (imports && stuck > loadDeadline) {
        this.#events.onRefused(endlessImport);
      } else if (stuck > bootDeadline) {
        this.#die(`it did not start within ${bootDeadline / 1000} s`);
      }
      return;
    }
    if (this.#looksSince !== null) {
      // Not by the clock: where the whole process stood still, an interpreter had no time to heed anything.
      this.#looksSince++;
      if (this.#looksSince * watchInterval > grace) {
        this.#overdue = this.#lane.look(Control.running);
        this.#die("it ignored an interrupt");
      }
    } else if (stuck > deadline) {
      this.#looksSince = 0;
      if (this.#lane.look(Control.running) === 0) {
        // The greenlets there may be waiting, and none of them has a deadline that would have the event loop turn.
        this.#lane.post({ kind: "ping" });
      } else {
        this.#lane.interrupt();
      }
    }
  }

  /** For how long no other piece of Python has begun and the event loop has not turned, milliseconds. */
  #stuckFor(): number {
    if (this.#lane.look(Control.turns) !== this.#turns) {
      this.#sawTurn();
    }
    return performance.now() - this.#turnedAt;
  }

  #sawTurn(): void {
    this.#turns = this.#lane.look(Control.turns);
    this.#turnedAt = performance.now();
    this.#looksSince = null;
  }

  #die(reason: string): void {
    if (this.#isOver) {
      return;
    }
    this.#state = "ending";
    this.#watchOff();
    clearTimeout(this.#retirement ?? undefined);
    this.#lane.end(() => this.#bury(reason));
  }

  #bury(reason: string): void {
    this.#state = "dead";
    const lost = this.#findLost();
    this.#inFlight.clear();
    this.#sessions.close();
    this.#events.onDeath(lost, reason);
  }

  #findLost(): LostJob[] {
    const entered = this.#lane.look(Control.entered);
    const origin = this.#lane.look(Control.origin);
    const begun = [...this.#inFlight.values()].filter(({ position }) => position <= entered);
    const stateOf = (id: number): LostJob["state"] => {
      if (id === this.#overdue) {
        return "overdue";
      }
      if (origin === 0) {
        return begun.length === 1 ? "guilty" : "suspect";
      }
      return id === origin ? "guilty" : "bystander";
    };
    return [...this.#inFlight.values()].map(({ job, position }) => ({
      job,
      state: position <= entered ? stateOf(job.id) : "waiting",
    }));
  }
}
