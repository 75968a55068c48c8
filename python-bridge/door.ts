/** The way into a worker's interpreter: batches enter it, results of host functions wake their greenlets. */
import { type Greenlet, HostCalls } from "./greenlet.ts";
import { type HostModule, type Interpreter, raisedByPython, startInterpreter } from "./interpreter.ts";
import { type BatchOutcome, Control, type ServeTask, type ToWorker, type WireBatch } from "./messages.ts";
import type { Outbox } from "./outbox.ts";

/** How often the clock advances and deadlines are looked at, milliseconds. */
const tick = 20;
/** Entries in a row before messages and timers have their turn, milliseconds. */
const stretch = 10;
const entriesPerTidying = 50;
/** A batch that an interrupt meant for another hit is entered again, this often. */
const victimBound = 3;

/** The one way into Python: one piece at a time, each with its deadline. */
export class Door {
  readonly #task: ServeTask;
  readonly #outbox: Outbox;
  readonly #control: Int32Array;
  readonly #waiting: WireBatch[] = [];
  readonly #wakeUps: (() => Greenlet | null)[] = [];
  readonly #greenlets = new Map<number, Greenlet>();
  readonly #hostCalls = new HostCalls();
  readonly #victims = new Map<number, number>();
  #interpreter: Interpreter | null = null;
  #running: Greenlet | null = null;
  #open = false;
  #broken = false;
  #clock = 0;
  #ticking = false;
  #lastTick = 0;
  #entries = 0;

  constructor(task: ServeTask, outbox: Outbox) {
    this.#task = task;
    this.#outbox = outbox;
    this.#control = new Int32Array(task.control);
  }

  async start(): Promise<void> {
    const { port, settings } = this.#task;
    const host: HostModule = {
      call: (name, args) => this.#callHost(name, args),
      log: (level, logger, message) => this.#outbox.log({ level, logger, message }),
    };
    port.on("message", (message: ToWorker) => this.#receive(message));
    const interpreter = await startInterpreter({
      settings,
      host,
      interruptBuffer: new Uint8Array(this.#task.control, Control.interrupt, 1),
      onBroken: (error) => this.#break(error),
    });
    this.#interpreter = interpreter;
    this.#outbox.send({ kind: "ready", ...interpreter.loaded });
    void this.#pass();
    const problem = await interpreter.writeImages().then(
      () => null,
      (error: unknown) => String(error instanceof Error ? error.message : error),
    );
    this.#outbox.send({ kind: "image", problem });
  }

  #receive(message: ToWorker): void {
    switch (message.kind) {
      case "batches":
        this.#waiting.push(...message.batches);
        break;
      case "cancel":
        for (const id of message.ids) {
          this.#cancel(id, "the request has ended");
        }
        break;
      case "hostResults":
        for (const result of message.results) {
          this.#wakeUps.push(() => this.#hostCalls.end(result));
        }
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
      const wakeUp = this.#wakeUps.shift();
      if (wakeUp !== undefined) {
        this.#begin(wakeUp());
        // The greenlet goes on in a microtask, so it has this turn of the event loop to itself.
        await turn();
        this.#end();
        since = performance.now();
        continue;
      }
      const batch = this.#interpreter === null ? undefined : this.#waiting.shift();
      if (batch === undefined || this.#interpreter === null) {
        break;
      }
      await this.#enter(this.#interpreter, batch);
      this.#entries++;
      if (this.#entries % entriesPerTidying === 0) {
        this.#interpreter.tidy();
      }
      if (performance.now() - since > stretch) {
        await turn();
        since = performance.now();
      }
    }
    this.#open = false;
    this.#outbox.release();
  }

  /** Returns when the batch is answered or waits. Two entries at once would corrupt the interpreter's memory. */
  async #enter(interpreter: Interpreter, batch: WireBatch): Promise<void> {
    if (!this.#victims.has(batch.id)) {
      Atomics.add(this.#control, Control.entered, 1);
    }
    if (batch.json === "") {
      return;
    }
    const greenlet = { batch, began: this.#clock, entered: performance.now(), hostCalls: new Set<number>() };
    this.#greenlets.set(batch.id, greenlet);
    this.#tickWhileNeeded();
    this.#begin(greenlet);
    await new Promise<void>((resolve) => {
      // Python begins some microtasks from now. What has not ended when they are done waits.
      const waits = setImmediate(resolve);
      const ended = (act: () => void): void => {
        clearImmediate(waits);
        act();
        resolve();
      };
      interpreter.resolve(batch.json).then(
        (json) => ended(() => this.#finish(greenlet, { id: batch.id, json })),
        (error: unknown) => ended(() => this.#fail(greenlet, error)),
      );
    });
    this.#end();
  }

  #begin(greenlet: Greenlet | null): void {
    this.#running = greenlet;
    Atomics.store(this.#control, Control.running, greenlet?.batch.id ?? 0);
    Atomics.add(this.#control, Control.turns, 1);
    // An interrupt that was meant for what ran before comes too late.
    Atomics.store(this.#control, Control.interrupt, 0);
  }

  #end(): void {
    this.#running = null;
    Atomics.store(this.#control, Control.running, 0);
    Atomics.add(this.#control, Control.turns, 1);
  }

  #finish(greenlet: Greenlet, outcome: BatchOutcome): void {
    const { id } = greenlet.batch;
    if (this.#broken) {
      return;
    }
    this.#victims.delete(id);
    // Absent: its deadline has passed or nobody waits for it.
    if (this.#greenlets.delete(id)) {
      this.#outbox.result(outcome);
      if (!greenlet.batch.repeatable) {
        // What it did can't be done again, should the interpreter die of what comes next.
        this.#outbox.flush();
      }
    }
  }

  #fail(greenlet: Greenlet, error: unknown): void {
    const { batch } = greenlet;
    if (this.#broken || !raisedByPython(error)) {
      this.#break(error);
      return;
    }
    if (error.type !== "KeyboardInterrupt") {
      this.#finish(greenlet, { id: batch.id, failure: "raised", message: error.message });
      return;
    }
    const victims = this.#victims.get(batch.id) ?? 0;
    const guilty = performance.now() - greenlet.entered > this.#task.settings.deadline * 0.9;
    if (guilty || victims >= victimBound || !batch.repeatable) {
      this.#finish(greenlet, { id: batch.id, failure: "deadline" });
    } else if (this.#greenlets.delete(batch.id)) {
      this.#victims.set(batch.id, victims + 1);
      this.#waiting.unshift(batch);
      void this.#pass();
    }
  }

  #tickWhileNeeded(): void {
    if (this.#ticking) {
      return;
    }
    this.#ticking = true;
    this.#lastTick = performance.now();
    const timer = setInterval(() => {
      this.#advance();
      if (this.#greenlets.size === 0) {
        clearInterval(timer);
        this.#ticking = false;
      }
    }, tick);
  }

  /** Moves the clock, by little where something kept the thread busy: those who waited meanwhile are not to blame. */
  #advance(): void {
    if (this.#broken) {
      return;
    }
    const now = performance.now();
    this.#clock += Math.min(now - this.#lastTick, 3 * tick);
    this.#lastTick = now;
    Atomics.add(this.#control, Control.turns, 1);
    // In the order of their beginnings.
    for (const [id, greenlet] of this.#greenlets) {
      if (this.#clock - greenlet.began <= this.#task.settings.deadline) {
        break;
      }
      this.#outbox.result({ id, failure: "deadline" });
      this.#cancel(id, "the deadline has passed");
    }
  }

  #cancel(id: number, reason: string): void {
    const greenlet = this.#greenlets.get(id);
    if (greenlet === undefined) {
      const index = this.#waiting.findIndex((batch) => batch.id === id);
      const batch = this.#waiting[index];
      if (batch !== undefined) {
        // It stays in its place: entries are counted.
        this.#waiting[index] = { ...batch, json: "" };
      }
      return;
    }
    this.#greenlets.delete(id);
    this.#victims.delete(id);
    for (const call of greenlet.hostCalls) {
      this.#wakeUps.push(() => this.#hostCalls.end({ call, error: reason }));
    }
    void this.#pass();
  }

  #callHost(name: string, args: string): Promise<string> {
    const greenlet = this.#running;
    if (greenlet !== null && !this.#greenlets.has(greenlet.batch.id)) {
      return Promise.reject(new Error("nobody waits for this call's result any more"));
    }
    const { call, result } = this.#hostCalls.begin(greenlet);
    this.#outbox.hostCall({ call, name, args });
    return result;
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
