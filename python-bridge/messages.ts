/**
 * Everything that crosses between the main thread and an interpreter's worker thread. Batches and results are JSON
 * text on their way, since Python reads and writes text; each message carries as many as there are ready.
 */
import type { MessagePort } from "node:worker_threads";
import type { WasmModule } from "./wasm.ts";

/** What a worker is given: the argument of its one Piscina task, which lasts as long as its interpreter. */
export interface ServeTask {
  /** The worker's end of the channel for {@link ToWorker} and {@link ToMain}. */
  readonly port: MessagePort;
  /** See {@link Control}. */
  readonly control: SharedArrayBuffer;
  readonly settings: InterpreterSettings;
}

/** What an interpreter is made from; the same for all interpreters of one generation. */
export interface InterpreterSettings {
  /** JSON of SchemaSource[]. */
  readonly specs: string;
  /** Absolute folders, first wins. */
  readonly pythonPath: readonly string[];
  readonly environment: { readonly [name: string]: string };
  /** Where memory images are kept. */
  readonly cacheFolder: string;
  /** The folder with the Python package `puff`. */
  readonly packageFolder: string;
  /** Milliseconds a batch may take. */
  readonly deadline: number;
  readonly wasm: WasmModule;
}

/** Int32 fields of the memory shared with a worker, readable while Python keeps its event loop from turning. */
export const Control = {
  /** Its first byte is Pyodide's interrupt buffer: 2 raises KeyboardInterrupt in whatever runs. */
  interrupt: 0,
  /** Grows whenever another piece of Python begins to run and whenever the event loop turns. */
  turns: 1,
  /** How many of the batches sent have been entered, in the order they were sent. */
  entered: 2,
  /** Id of the batch that runs now; 0: none, or one that woke by itself. */
  running: 3,
} as const;
export const controlBytes = 16;

export type ToWorker =
  | { readonly kind: "batches"; readonly batches: readonly WireBatch[] }
  /** Nobody waits for these any more. */
  | { readonly kind: "cancel"; readonly ids: readonly number[] }
  | { readonly kind: "hostResults"; readonly results: readonly HostResult[] };

export interface WireBatch {
  readonly id: number;
  /** JSON of a ResolveBatch. */
  readonly json: string;
  readonly repeatable: boolean;
}

export type HostResult =
  | { readonly call: number; readonly json: string }
  | { readonly call: number; readonly error: string };

export type ToMain =
  | ({ readonly kind: "ready" } & Loaded)
  /** The user's code does not load. */
  | { readonly kind: "refused"; readonly error: LoadError }
  /** The file with this interpreter's memory is written; null: there can't be one, for this reason. */
  | { readonly kind: "image"; readonly problem: string | null }
  | { readonly kind: "results"; readonly results: readonly BatchOutcome[] }
  | { readonly kind: "hostCalls"; readonly calls: readonly HostCall[] }
  | { readonly kind: "logs"; readonly records: readonly LogRecord[] }
  /** The interpreter can't go on; the thread is to be ended. */
  | { readonly kind: "broken"; readonly reason: string };

export interface Loaded {
  /** JSON: schema descriptions by name. */
  readonly schemas: string;
  readonly files: readonly string[];
  /** What it started from, for figures and logs. */
  readonly from: "image" | "base image" | "nothing";
}

/** As `puff._bridge.load` reports it. */
export interface LoadError {
  readonly code: string;
  readonly place: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly traceback: string | null;
}

export type BatchOutcome =
  | { readonly id: number; readonly json: string }
  /** It ran or waited past its deadline. */
  | { readonly id: number; readonly failure: "deadline" }
  | { readonly id: number; readonly failure: "raised"; readonly message: string };

export interface HostCall {
  readonly call: number;
  readonly name: string;
  /** JSON of the arguments: an array. */
  readonly args: string;
}

export interface LogRecord {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
}
