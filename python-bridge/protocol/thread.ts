/** What a worker thread is given to serve an interpreter. */
import type { MessagePort } from "node:worker_threads";
import type { WasmModule } from "../wasm/wasm.ts";
import type { InterpreterSettings } from "./messages.ts";

/** The argument of a worker's one Piscina task, which lasts as long as its interpreter. */
export interface ServeTask {
  /** The worker's end of the channel for {@link ToWorker} and {@link ToMain}. */
  readonly port: MessagePort;
  /** See {@link Control}. */
  readonly control: SharedArrayBuffer;
  readonly settings: InterpreterSettings;
  readonly wasm: WasmModule;
}

/** What the interrupt buffer holds for KeyboardInterrupt. */
export const sigint = 2;
