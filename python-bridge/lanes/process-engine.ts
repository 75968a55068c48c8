/** Interpreters in child processes: native CPython. */
import { closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { controlBytes, type InterpreterSettings, type ToWorker } from "../protocol/messages.ts";
import { Decoder, encode } from "./frames.ts";
import type { ControlField, Engine, Lane, LaneEvents } from "./lane.ts";
import type { NativePython } from "./native-python.ts";
import { type PythonProcess, pause, type Request, spawnPython } from "./python-process.ts";
import { Zygote } from "./zygote.ts";

/** How long after a process's end its channel may stay open, and the other way round; milliseconds. */
const grace = 500;

export class ProcessEngine implements Engine {
  readonly #python: NativePython;
  readonly #ended = new Set<Promise<void>>();
  /** What interpreters are forked from; null: nothing is. */
  #zygote: Zygote | null = null;
  #lanes = 0;

  constructor(python: NativePython) {
    this.#python = python;
  }

  open(settings: InterpreterSettings, events: LaneEvents): Lane {
    const number = ++this.#lanes;
    const control = join(settings.temporaryFolder, `control-${number}`);
    writeFileSync(control, new Uint8Array(controlBytes));
    const request = { python: this.#python, settings, number, control, onLog: events.onMessage };
    const lane = new ProcessLane(this.#begin(request), control, events);
    this.#ended.add(lane.ended);
    void lane.ended.then(() => this.#ended.delete(lane.ended));
    return lane;
  }

  async close(): Promise<void> {
    await Promise.all(this.#ended);
    await this.#zygote?.end();
  }

  #begin(request: Request): PythonProcess {
    if (this.#zygote?.state === "forks") {
      return this.#zygote.fork(request);
    }
    if (this.#zygote === null || this.#zygote.state === "ended") {
      this.#zygote = new Zygote(request);
      return this.#zygote.first;
    }
    // It has not loaded yet, or can't be forked.
    return spawnPython(request).process;
  }
}

class ProcessLane implements Lane {
  /** Resolves when nothing is left of it. */
  readonly ended: Promise<void>;
  readonly #process: PythonProcess;
  readonly #control: number;
  readonly #fields = Buffer.alloc(controlBytes);
  /** What is to be sent, until there is a channel. */
  #waiting: Uint8Array[] | null = [];
  #channel: Socket | null = null;
  /** Whether the fields are what the process has left. */
  #isOver = false;

  constructor(process: PythonProcess, control: string, events: LaneEvents) {
    this.#process = process;
    this.#control = openSync(control, "r");
    this.ended = this.#watch(control, events);
    void process.channel.then((channel) => this.#open(channel, events));
  }

  look(field: ControlField): number {
    if (!this.#isOver) {
      readSync(this.#control, this.#fields, 4 * field, 4, 4 * field);
    }
    return this.#fields.readInt32LE(4 * field);
  }

  post(message: ToWorker): void {
    this.#write(encode(message));
  }

  interrupt(): void {
    // Nothing else uses it, and where nothing handles it, it is ignored.
    this.#process.signal("SIGURG");
  }

  end(ended: () => void): void {
    this.#process.signal("SIGKILL");
    void this.ended.then(ended);
  }

  #open(channel: Socket, events: LaneEvents): void {
    this.#channel = channel;
    const decoder = new Decoder((message) => events.onMessage(message));
    channel.on("data", (chunk: Buffer) => decoder.take(chunk));
    channel.on("error", () => {}); // its end tells
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    this.#write(waiting);
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#waiting?.push(...pieces);
    if (this.#channel === null || this.#channel.destroyed) {
      return;
    }
    this.#channel.cork();
    for (const piece of pieces) {
      this.#channel.write(piece);
    }
    this.#channel.uncork();
  }

  async #watch(control: string, events: LaneEvents): Promise<void> {
    // All that it answered has been read then.
    const closed = this.#process.channel.then(
      (channel) =>
        new Promise<void>((resolve) => {
          channel.on("close", resolve);
          channel.on("end", () => channel.destroy());
        }),
    );
    const silence = closed.then(() => pause(grace)).then(() => null);
    const first = await Promise.race([this.#process.ended, silence]);
    if (first === null) {
      this.#process.signal("SIGKILL");
    }
    const reason = first ?? "it closed its channel to the gateway";
    await this.#process.ended;
    await Promise.race([closed, pause(grace)]);
    readSync(this.#control, this.#fields, 0, controlBytes, 0);
    this.#isOver = true;
    closeSync(this.#control);
    rmSync(control, { force: true });
    this.#channel?.destroy();
    events.onEnd(reason);
  }
}
