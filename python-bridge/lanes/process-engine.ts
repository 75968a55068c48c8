/** Interpreters in child processes: native CPython. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { controlBytes, type InterpreterSettings, type LogRecord, type ToWorker } from "../protocol/messages.ts";
import { Decoder, encode, encodeSettings } from "./frames.ts";
import type { ControlField, Engine, Lane, LaneEvents } from "./lane.ts";
import type { NativePython } from "./native-python.ts";

/** The number of the channel's file in a child. */
const channel = 3;
/** What a child's end may keep its output open, as by a process that it started; milliseconds. */
const outputGrace = 200;

export class ProcessEngine implements Engine {
  readonly #python: NativePython;
  readonly #ended = new Set<Promise<void>>();

  constructor(python: NativePython) {
    this.#python = python;
  }

  open(settings: InterpreterSettings, events: LaneEvents): Lane {
    const lane = new ProcessLane(this.#python, settings, events);
    this.#ended.add(lane.ended);
    void lane.ended.then(() => this.#ended.delete(lane.ended));
    return lane;
  }

  async close(): Promise<void> {
    await Promise.all(this.#ended);
  }
}

let opened = 0;

class ProcessLane implements Lane {
  /** Resolves when nothing is left of it. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #channel: Socket;
  readonly #controlPath: string;
  readonly #control: number;
  readonly #fields = Buffer.alloc(controlBytes);
  /** Whether the fields are what the child has left. */
  #isOver = false;

  constructor(python: NativePython, settings: InterpreterSettings, events: LaneEvents) {
    this.#controlPath = join(settings.temporaryFolder, `control-${++opened}`);
    writeFileSync(this.#controlPath, new Uint8Array(controlBytes));
    this.#control = openSync(this.#controlPath, "r");
    this.#child = spawn(python.executable, [join(settings.packageFolder, "_puff_cpython")], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: {
        ...settings.environment,
        TMPDIR: settings.temporaryFolder,
        PYTHONPYCACHEPREFIX: settings.environment["PYTHONPYCACHEPREFIX"] ?? join(settings.cacheFolder, "bytecode"),
        PYTHONUTF8: settings.environment["PYTHONUTF8"] ?? "1",
        _PUFF_CHANNEL: String(channel),
        _PUFF_CONTROL: this.#controlPath,
      },
    });
    // Piped, as asked for.
    this.#channel = this.#child.stdio[channel] as Socket;
    const decoder = new Decoder((message) => events.onMessage(message));
    this.#channel.on("data", (chunk: Buffer) => decoder.take(chunk));
    this.#channel.on("error", () => {}); // its end tells
    const log = (record: LogRecord) => events.onMessage({ kind: "logs", records: [record] });
    logLines(this.#child.stdout, (message) => log({ level: "info", logger: "stdout", message }));
    logLines(this.#child.stderr, (message) => log({ level: "warning", logger: "stderr", message }));
    this.ended = this.#watch(events);
    this.#write(encodeSettings(settings, python.sitePackages));
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
    this.#child.kill("SIGURG");
  }

  end(ended: () => void): void {
    this.#child.kill("SIGKILL");
    void this.ended.then(ended);
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (this.#channel.destroyed) {
      return;
    }
    this.#channel.cork();
    for (const piece of pieces) {
      this.#channel.write(piece);
    }
    this.#channel.uncork();
  }

  async #watch(events: LaneEvents): Promise<void> {
    const exited = Promise.withResolvers<string>();
    const closed = Promise.withResolvers<void>();
    this.#child.on("error", (error) => exited.resolve(`Python does not start: ${error.message}`));
    this.#child.on("exit", (code, signal) => exited.resolve(whyEnded(code, signal)));
    // All that it answered has been read.
    this.#channel.on("close", () => closed.resolve());
    this.#channel.on("end", () => this.#channel.destroy());
    const silence = closed.promise.then(() => pause(outputGrace)).then(() => "closed");
    const first = await Promise.race([exited.promise, silence]);
    if (first === "closed") {
      this.#child.kill("SIGKILL");
    }
    const reason = first === "closed" ? "it closed its channel to the gateway" : first;
    await exited.promise;
    await Promise.race([closed.promise, pause(outputGrace)]);
    readSync(this.#control, this.#fields, 0, controlBytes, 0);
    this.#isOver = true;
    closeSync(this.#control);
    rmSync(this.#controlPath, { force: true });
    events.onEnd(reason);
    for (const stream of [this.#channel, this.#child.stdout, this.#child.stderr]) {
      stream?.destroy();
    }
  }
}

/** Why a Python process ended by itself. */
function whyEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === "SIGKILL") {
    return "its process was killed (SIGKILL), as the system does where memory runs out";
  }
  return signal === null ? `its process exited with status ${code}` : `its process crashed (${signal})`;
}

function logLines(stream: Readable | null, log: (line: string) => void): void {
  if (stream !== null) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", log);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
