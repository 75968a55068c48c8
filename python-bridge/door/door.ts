/** The way into a worker's interpreter: jobs and spawned greenlets enter it, and what they waited for wakes them. */

import { FileLocks } from "../files/file-locks.ts";
import { Bytecode } from "../interpreter/bytecode.ts";
import {
  type Entries,
  type HostModule,
  type Interpreter,
  raisedByPython,
  startInterpreter,
} from "../interpreter/interpreter.ts";
import type { ToWorker, WireJob } from "../protocol/messages.ts";
import type { ServeTask } from "../protocol/thread.ts";
import { LocalTime } from "../wasm/local-time.ts";
import { ControlWords } from "./control-words.ts";
import { Deadlines } from "./deadlines.ts";
import { type Greenlet, newGreenlet } from "./greenlet.ts";
import { type Answer, JobAnswers } from "./job-answers.ts";
import type { Outbox } from "./outbox.ts";
import { Waits } from "./waits.ts";

/** Entries in a row before messages and timers have their turn, milliseconds. */
const stretch = 10;
const entriesPerTidying = 50;
/** An interpreter with more memory than this, and than twice what it began with, is to be replaced; bytes. */
const memoryBound = 2 ** 30;
/** Turns of the event loop until a greenlet whose wait has ended has gone on. */
const turnsToResume = 3;
/** What a greenlet that is to end may take for leaving things in order, milliseconds. */
const endingGrace = 1000;

/** A job that has not begun, or is to begin anew. */
interface WaitingJob {
  readonly job: WireJob;
  /** Interrupts meant for others that have hit it. */
  readonly interrupts: number;
  wanted: boolean;
}

/** The one way into Python: one piece at a time, each with its deadline. */
export class Door {
  readonly #task: ServeTask;
  readonly #outbox: Outbox;
  readonly #control: ControlWords;
  readonly #answers: JobAnswers;
  readonly #waiting: WaitingJob[] = [];
  readonly #spawned: { readonly key: number; readonly origin: number }[] = [];
  readonly #wakeUps: (() => Greenlet | null)[] = [];
  readonly #jobs = new Map<number, Greenlet>();
  readonly #waits: Waits;
  readonly #deadlines = new Deadlines((over) => this.#look(over));
  #entries: Entries | null = null;
  #interpreter: Interpreter | null = null;
  #running: Greenlet | null = null;
  #alive = 0;
  #open = false;
  #broken = false;
  #entered = 0;
  /** Infinite until it serves, and once it is told of. */
  #memoryBound = Number.POSITIVE_INFINITY;

  constructor(task: ServeTask, outbox: Outbox) {
    this.#task = task;
    this.#outbox = outbox;
    this.#control = new ControlWords(task.control);
    this.#answers = new JobAnswers(outbox, task.settings.deadline);
    const wake = (wakeUp: () => Greenlet | null) => {
      this.#wakeUps.push(wakeUp);
      void this.#pass();
    };
    this.#waits = new Waits({ running: () => this.#running, wake }, outbox);
  }

  async start(): Promise<void> {
    const { port, settings, wasm } = this.#task;
    const localTime = new LocalTime();
    const fileLocks = new FileLocks();
    const bytecode = new Bytecode(settings.cacheFolder);
    const host: HostModule = {
      call: (service, method, args, buffers = []) => this.#waits.callService(service, method, args, buffers),
      tell: (service, method, args, buffers = []) => this.#waits.tellService(service, method, args, buffers),
      park: (key, milliseconds) => this.#waits.park(key, milliseconds),
      unpark: (key) => this.#waits.unpark(key),
      spawn: (key) => this.#spawn(key),
      hold: (isOpen) => {
        this.#control.hold(isOpen);
        this.#deadlines.hold(isOpen);
      },
      zone: (name, standard, summer, ...at) => localTime.set(name, [standard, summer], at),
      lock: (descriptor, operation) => fileLocks.lock(descriptor, operation),
      log: (level, logger, message) => this.#outbox.log({ level, logger, message }),
      bytecode: (key) => bytecode.load(key),
      keepBytecode: (key, code) => bytecode.keep(key, code),
    };
    port.on("message", (message: ToWorker) => this.#receive(message));
    const interpreter = await startInterpreter({
      settings,
      wasm,
      host,
      localTime,
      fileLocks,
      interruptBuffer: this.#control.interruptBuffer,
      onBroken: (error) => this.#break(error),
      load: (entries, load) => this.#load(entries, load),
      whyNoImage: () => this.#whyNoImage(),
    });
    this.#entries = interpreter;
    this.#interpreter = interpreter;
    this.#memoryBound = Math.max(memoryBound, 2 * interpreter.countBytes());
    this.#control.showMemory(interpreter.countBytes());
    this.#outbox.send({ kind: "ready", ...interpreter.loaded });
    void this.#pass();
    const problem = await interpreter.writeImages().then(
      () => null,
      (error: unknown) => String(error instanceof Error ? error.message : error),
    );
    this.#outbox.send({ kind: "image", problem });
    await bytecode.prune();
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case "jobs":
        this.#waiting.push(...message.jobs.map((job) => ({ job, interrupts: 0, wanted: true })));
        break;
      case "cancel":
        for (const id of message.ids) {
          this.#cancelJob(id);
        }
        break;
      case "answers":
        for (const answer of message.answers) {
          this.#waits.answer(answer);
        }
        break;
      case "ping":
        this.#control.turn();
        break;
    }
    void this.#pass();
  }

  /** Lets everything through that waits: one piece of Python after the other. */
  async #pass(): Promise<void> {
    if (this.#open) {
      return;
    }
    this.#open = true;
    let since = performance.now();
    while (!this.#broken) {
      this.#outbox.hold();
      // By turns, lest greenlets that wake each other keep new ones out.
      const woke = this.#wakeUps.length > 0;
      if (woke) {
        await this.#wakeNext();
      }
      const entry = this.#enterNext();
      if (entry !== null) {
        await entry;
      } else if (!woke) {
        break;
      }
      if (woke) {
        since = performance.now();
      } else if (performance.now() - since > stretch) {
        await turn();
        since = performance.now();
      }
    }
    this.#open = false;
    this.#outbox.release();
  }

  /** Lets a greenlet go on that was woken. */
  async #wakeNext(): Promise<void> {
    this.#begin(this.#wakeUps.shift()?.() ?? null);
    // Pyodide's event loop hands the outcome on by way of two turns; the greenlet goes on before the third.
    for (let turns = 0; turns < turnsToResume; turns++) {
      await turn();
    }
    this.#end();
  }

  /** Begins a new greenlet; null if none waits to be. */
  #enterNext(): Promise<void> | null {
    const entries = this.#entries;
    if (entries === null) {
      return null;
    }
    const spawned = this.#spawned.shift();
    if (spawned !== undefined) {
      return this.#enter(newGreenlet(-spawned.key, null, spawned.origin), () => entries.run(spawned.key));
    }
    const next = this.#interpreter === null ? undefined : this.#waiting.shift();
    return next === undefined ? null : this.#enterJob(entries, next);
  }

  #enterJob(entries: Entries, { job, interrupts, wanted }: WaitingJob): Promise<void> {
    if (interrupts === 0) {
      this.#control.countEntered();
    }
    if (!wanted) {
      return Promise.resolve();
    }
    const greenlet = newGreenlet(job.id, job, job.id, interrupts);
    this.#jobs.set(job.id, greenlet);
    if (job.deadline !== null) {
      this.#deadlines.add(greenlet, job.deadline);
    }
    return this.#enter(greenlet, () =>
      job.kind === "batch" ? entries.resolve(job.json) : entries.call(job.target, job.args, job.buffers),
    );
  }

  /** Returns when the greenlet has ended or waits. Two entries at once would corrupt the interpreter's memory. */
  async #enter(greenlet: Greenlet, enter: () => Promise<Answer>): Promise<void> {
    this.#alive++;
    this.#begin(greenlet);
    await new Promise<void>((resolve) => {
      // Python begins some microtasks from now. What has not ended when they are done waits.
      const waits = setImmediate(resolve);
      const ended = (act: () => void): void => {
        clearImmediate(waits);
        this.#alive--;
        act();
        this.#leave(greenlet);
        resolve();
      };
      enter().then(
        (answer) => ended(() => this.#finish(greenlet, answer)),
        (error: unknown) => ended(() => this.#fail(greenlet, error)),
      );
    });
    this.#end();
    this.#entered++;
    if (this.#entered % entriesPerTidying === 0) {
      this.#interpreter?.tidy();
    }
  }

  #begin(greenlet: Greenlet | null): void {
    this.#running = greenlet;
    if (greenlet !== null) {
      greenlet.since = performance.now();
    }
    this.#control.begin(greenlet);
  }

  #end(): void {
    if (this.#broken) {
      return; // Control tells what broke it
    }
    if (this.#running !== null && this.#answers.overruns(this.#running)) {
      this.#running.overran = true;
    }
    this.#running = null;
    this.#control.end();
    const bytes = this.#interpreter?.countBytes() ?? 0;
    this.#control.showMemory(bytes);
    if (bytes > this.#memoryBound) {
      this.#memoryBound = Number.POSITIVE_INFINITY;
      this.#outbox.send({ kind: "grown", bytes });
    }
  }

  #finish(greenlet: Greenlet, answer: Answer): void {
    if (!this.#broken) {
      this.#answers.finish(greenlet, answer);
    }
  }

  #fail(greenlet: Greenlet, error: unknown): void {
    if (this.#broken || !raisedByPython(error)) {
      this.#break(error);
      return;
    }
    const { job, interrupts } = greenlet;
    if (this.#answers.fail(greenlet, error) && job !== null) {
      this.#waiting.unshift({ job, interrupts: interrupts + 1, wanted: true });
    }
  }

  /** Its Python has ended. */
  #leave(greenlet: Greenlet): void {
    if (this.#jobs.get(greenlet.id) === greenlet) {
      this.#jobs.delete(greenlet.id);
    }
    this.#deadlines.delete(greenlet);
    if (greenlet.known) {
      this.#outbox.ended(greenlet.id);
    }
    void this.#pass();
  }

  #look(over: readonly Greenlet[]): void {
    if (this.#broken) {
      return;
    }
    this.#control.turn();
    for (const greenlet of over) {
      this.#answers.tell(greenlet, { failure: "deadline" });
      this.#cancel(greenlet, "the deadline has passed");
    }
  }

  #cancelJob(id: number): void {
    const greenlet = this.#jobs.get(id);
    if (greenlet !== undefined) {
      greenlet.answered = true;
      this.#cancel(greenlet, "nobody waits for its result any more");
    }
    const next = this.#waiting.find(({ job }) => job.id === id);
    if (next !== undefined) {
      // It stays in its place: entries are counted.
      next.wanted = false;
    }
  }

  /** What it waits for fails, and after a moment what it begins to wait for then. */
  #cancel(greenlet: Greenlet, reason: string): void {
    this.#deadlines.delete(greenlet);
    if (greenlet.ending === null) {
      this.#deadlines.add(greenlet, endingGrace);
    } else {
      greenlet.over = true;
    }
    greenlet.ending = reason;
    this.#waits.cancel(greenlet, reason);
  }

  #spawn(key: number): void {
    this.#spawned.push({ key, origin: this.#running?.origin ?? 0 });
    void this.#pass();
  }

  /** Imports the user's modules: they may wait, and spawn greenlets. */
  async #load(entries: Entries, load: () => Promise<string>): Promise<string> {
    this.#entries = entries;
    const loaded = Promise.withResolvers<string>();
    const greenlet = newGreenlet(0, null, 0);
    this.#open = true;
    await this.#enter(greenlet, () => {
      const answer = load();
      loaded.resolve(answer);
      return answer;
    });
    this.#open = false;
    void this.#pass();
    return loaded.promise;
  }

  /** What of the import can't be kept in an image of the memory. */
  #whyNoImage(): string | null {
    const { calledService } = this.#waits;
    if (calledService !== null) {
      return `a module calls the service ${calledService} while it is imported`;
    }
    return this.#alive > 0 || this.#spawned.length > 0 ? "a thread that a module started still runs" : null;
  }

  /** Nothing that comes out of a broken interpreter counts, and nothing enters it. */
  #break(error: unknown): void {
    if (this.#broken) {
      return;
    }
    this.#broken = true;
    this.#outbox.send({ kind: "broken", reason: String(error) });
  }
}

/** Resolves at the next turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
