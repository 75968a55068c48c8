/** The main thread's end of one interpreter: sends it batches, watches how long they run, tells when it dies. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Piscina } from "piscina";
import type { Batch } from "./batch.ts";
import {
  type BatchOutcome,
  Control,
  controlBytes,
  type HostCall,
  type HostResult,
  type InterpreterSettings,
  type LoadError,
  type Loaded,
  type LogRecord,
  type ServeTask,
  type ToMain,
  type ToWorker,
} from "./messages.ts";

export interface RemoteEvents {
  onReady(loaded: Loaded): void;
  /** The user's code does not load. */
  onRefused(error: LoadError): void;
  onImage(problem: string | null): void;
  onOutcome(batch: Batch, outcome: BatchOutcome): void;
  /** `lost`: batches that it had not answered. */
  onDeath(lost: readonly LostBatch[], reason: string): void;
  callHost(call: HostCall): Promise<HostResult>;
  onLogs(records: readonly LogRecord[]): void;
}

/** What became of a batch in an interpreter that died. */
export interface LostBatch {
  readonly batch: Batch;
  /** `overdue`: the interpreter was ended because of it. */
  readonly state: "waiting" | "entered" | "running" | "overdue";
}

/** Batches that one interpreter is given at a time; the others wait where an interpreter's death does not touch them. */
const windowSize = 1000;
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
/** An interpreter busy with one piece of Python for so long gets no new batches if others are free, milliseconds. */
const busyAfter = 50;

export class Remote {
  readonly #events: RemoteEvents;
  readonly #settings: InterpreterSettings;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #end = new AbortController();
  /** In the order they were sent. */
  readonly #inFlight = new Map<number, { readonly batch: Batch; readonly position: number }>();
  readonly #hostResults: HostResult[] = [];
  #state: "starting" | "ready" | "dead" = "starting";
  #wasReady = false;
  #sent = 0;
  #turns = 0;
  #turnedAt = performance.now();
  #interruptedAt: number | null = null;
  #overdue = 0;
  #watch: NodeJS.Timeout | null = null;

  constructor(pool: Piscina, settings: InterpreterSettings, events: RemoteEvents) {
    this.#events = events;
    this.#settings = settings;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const control = new SharedArrayBuffer(controlBytes);
    this.#control = new Int32Array(control);
    port1.on("message", (message: ToMain) => this.#receive(message));
    const task: ServeTask = { port: port2, control, settings };
    // Piscina wants a list; it derives that type from Node's, whose newest overload is another.
    const transferList = [port2] as never;
    pool.run(task, { transferList, signal: this.#end.signal }).catch((error: unknown) => {
      this.#die(error instanceof Error ? error.message : String(error));
    });
    this.#watchOn();
  }

  /** Whether it ever served. */
  get wasReady(): boolean {
    return this.#wasReady;
  }

  /** Room for further batches; the greater the better. Zero: none. */
  get room(): number {
    if (this.#state !== "ready") {
      return 0;
    }
    const room = windowSize - this.#inFlight.size;
    return this.#inFlight.size > 0 && this.#stuckFor() > busyAfter ? room / windowSize : room;
  }

  send(batches: readonly Batch[]): void {
    if (this.#inFlight.size === 0) {
      this.#sawTurn();
    }
    for (const batch of batches) {
      this.#inFlight.set(batch.id, { batch, position: ++this.#sent });
    }
    this.#post({ kind: "batches", batches: batches.map(({ id, json, repeatable }) => ({ id, json, repeatable })) });
    this.#watchOn();
  }

  /** Nobody waits for this batch any more. */
  cancel(batch: Batch): void {
    if (this.#inFlight.delete(batch.id)) {
      this.#post({ kind: "cancel", ids: [batch.id] });
    }
  }

  /** Ends the thread, whatever it does. */
  end(reason: string): void {
    this.#die(reason);
  }

  #post(message: ToWorker): void {
    this.#port.postMessage(message);
  }

  #receive(message: ToMain): void {
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
          const sent = this.#inFlight.get(outcome.id);
          if (this.#inFlight.delete(outcome.id) && sent !== undefined) {
            this.#events.onOutcome(sent.batch, outcome);
          }
        }
        break;
      case "hostCalls":
        for (const call of message.calls) {
          void this.#callHost(call);
        }
        break;
      case "logs":
        this.#events.onLogs(message.records);
        break;
      case "broken":
        this.#die(message.reason);
        break;
    }
  }

  async #callHost(call: HostCall): Promise<void> {
    this.#hostResults.push(await this.#events.callHost(call));
    // Results that are ready at the same time go together.
    if (this.#hostResults.length === 1) {
      setImmediate(() => {
        const results = this.#hostResults.splice(0);
        if (this.#state !== "dead") {
          this.#post({ kind: "hostResults", results });
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
      if (stuck > loadDeadline) {
        this.#events.onRefused(endlessImport);
      }
      return;
    }
    if (this.#interruptedAt !== null && performance.now() - this.#interruptedAt > grace) {
      this.#overdue = Atomics.load(this.#control, Control.running);
      this.#die("it did not heed an interrupt");
    } else if (this.#interruptedAt === null && stuck > deadline) {
      this.#interruptedAt = performance.now();
      Atomics.store(this.#control, Control.interrupt, sigint);
    }
  }

  /** For how long no other piece of Python has begun and the event loop has not turned, milliseconds. */
  #stuckFor(): number {
    if (Atomics.load(this.#control, Control.turns) !== this.#turns) {
      this.#sawTurn();
    }
    return performance.now() - this.#turnedAt;
  }

  #sawTurn(): void {
    this.#turns = Atomics.load(this.#control, Control.turns);
    this.#turnedAt = performance.now();
    this.#interruptedAt = null;
  }

  #die(reason: string): void {
    if (this.#state === "dead") {
      return;
    }
    // What it has answered counts, even if the event loop has not come to it yet.
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; last = receiveMessageOnPort(this.#port)) {
      const message: ToMain = last.message;
      if (message.kind === "results" || message.kind === "logs") {
        this.#receive(message);
      }
    }
    this.#state = "dead";
    this.#watchOff();
    const entered = Atomics.load(this.#control, Control.entered);
    const running = Atomics.load(this.#control, Control.running);
    const lost = [...this.#inFlight.values()].map(({ batch, position }): LostBatch => {
      if (batch.id === this.#overdue) {
        return { batch, state: "overdue" };
      }
      return { batch, state: batch.id === running ? "running" : position <= entered ? "entered" : "waiting" };
    });
    this.#inFlight.clear();
    this.#port.close();
    this.#end.abort();
    this.#events.onDeath(lost, reason);
  }
}

/** What the interrupt buffer holds for KeyboardInterrupt. */
const sigint = 2;
