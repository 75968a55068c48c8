/** Interpreters in worker threads of this process: Pyodide. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { MessageChannel, type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { Piscina } from "piscina";
import { Control, controlBytes, type InterpreterSettings, type ToMain, type ToWorker } from "../protocol/messages.ts";
import { type ServeTask, sigint } from "../protocol/thread.ts";
import { transferList } from "../protocol/transfer.ts";
import type { WasmModule } from "../wasm/wasm.ts";
import type { ControlField, Engine, Lane, LaneEvents } from "./lane.ts";

export class ThreadEngine implements Engine {
  readonly #pool: Piscina;
  readonly #wasm: WasmModule;

  /** @param interpreters - how many there are at a time, at most */
  constructor(interpreters: number, wasm: WasmModule) {
    this.#wasm = wasm;
    this.#pool = new Piscina({
      // Runs from source as from what is built of it.
      filename: fileURLToPath(new URL(`../door/worker${extname(import.meta.url)}`, import.meta.url)),
      name: "serve",
      minThreads: 0,
      maxThreads: interpreters,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The one task of a thread is its interpreter, whose event loop has to turn.
      concurrentTasksPerWorker: 1,
      atomics: "disabled",
    });
    // A thread that fails beside its task: the task's end tells.
    this.#pool.on("error", () => {});
  }

  open(settings: InterpreterSettings, events: LaneEvents): Lane {
    return new ThreadLane(this.#pool, this.#wasm, settings, events);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

class ThreadLane implements Lane {
  readonly #events: LaneEvents;
  readonly #port: MessagePort;
  readonly #control: Int32Array;
  readonly #end = new AbortController();

  constructor(pool: Piscina, wasm: WasmModule, settings: InterpreterSettings, events: LaneEvents) {
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const control = new SharedArrayBuffer(controlBytes);
    this.#control = new Int32Array(control);
    port1.on("message", (message: ToMain) => events.onMessage(message));
    const task: ServeTask = { port: port2, control, settings, wasm };
    // Piscina wants a list; it derives that type from Node's, whose newest overload is another.
    const transferList = [port2] as never;
    pool.run(task, { transferList, signal: this.#end.signal }).catch((error: unknown) => {
      events.onEnd(error instanceof Error ? error.message : String(error));
    });
  }

  look(field: ControlField): number {
    return Atomics.load(this.#control, field);
  }

  post(message: ToWorker): void {
    const transfer = message.kind === "jobs" ? message.jobs : message.kind === "answers" ? message.answers : [];
    this.#port.postMessage(message, transferList(transfer));
  }

  interrupt(): void {
    Atomics.store(this.#control, Control.interrupt, sigint);
  }

  end(ended: () => void): void {
    // What it has answered counts, even if the event loop has not come to it yet.
    for (let last = receiveMessageOnPort(this.#port); last !== undefined; last = receiveMessageOnPort(this.#port)) {
      this.#events.onMessage(last.message);
    }
    this.#port.close();
    this.#end.abort();
    ended();
  }
}
