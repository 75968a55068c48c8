/**
 * Everything that crosses between the main thread and an interpreter, which is a thread or a process. Values are JSON text on their
 * way, since Python reads and writes text, and bytes are buffers of their own. Each message carries as many of its kind as there are ready.
 */

/** What an interpreter is made from; the same for all interpreters of one generation. */
export interface InterpreterSettings {
  /** JSON of what `puff._bridge.load` is to import. */
  readonly sources: string;
  /** Absolute folders, first wins. */
  readonly pythonPath: readonly string[];
  /** Folders that Python may write to. */
  readonly writable: readonly string[];
  /** Python's folder for temporary files. */
  readonly temporaryFolder: string;
  readonly environment: { readonly [name: string]: string };
  /** Where memory images are kept. */
  readonly cacheFolder: string;
  /** The folder with the Python package `puff`. */
  readonly packageFolder: string;
  /** Milliseconds that Python may run without a pause. */
  readonly deadline: number;
  /** Whether a debugger may be opened, so that Python is prepared to be stepped through. */
  readonly debugger: boolean;
}

/** Int32 fields of the memory shared with an interpreter, readable while Python keeps its event loop from turning. */
export const Control = {
  /** Its first byte is Pyodide's interrupt buffer: 2 raises KeyboardInterrupt in whatever runs. */
  interrupt: 0,
  /** Grows whenever another piece of Python begins to run and whenever the event loop turns. */
  turns: 1,
  /** How many of the jobs sent have been entered, in the order they were sent. */
  entered: 2,
  /** Id of the greenlet that runs now, which is its job's; negative: one that Python spawned; 0: none. */
  running: 3,
  /** Id of the job for which it runs, which may be answered; 0: none. Stays as it is where the interpreter breaks. */
  origin: 5,
  /** How many prompts of a debugger are open. */
  prompts: 4,
  /** The size of its memory, in WebAssembly's pages; 0 until it serves. */
  pages: 6,
} as const;
export const controlBytes = 28;
export type ToWorker =
  | { readonly kind: "jobs"; readonly jobs: readonly WireJob[] }
  /** Nobody waits for these any more. */
  | { readonly kind: "cancel"; readonly ids: readonly number[] }
  | { readonly kind: "answers"; readonly answers: readonly ServiceAnswer[] }
  /** Asks whether its event loop turns, which {@link Control.turns} tells. */
  | { readonly kind: "ping" };

/** Something for Python to do. */
export type WireJob = {
  readonly id: number;
  /** Whether it can be run again, should its interpreter die. */
  readonly repeatable: boolean;
  /** Milliseconds it may take; null: it may wait for as long as it is wanted. */
  readonly deadline: number | null;
} & (
  | { readonly kind: "batch" /** JSON of a ResolveBatch. */; readonly json: string }
  | {
      readonly kind: "call";
      /** `module:function`. */
      readonly target: string;
      /** JSON of the arguments: an array. */
      readonly args: string;
      readonly buffers: readonly Uint8Array[];
    }
);

export interface ServiceAnswer {
  readonly call: number;
  /** `{"value": …}` or `{"error": {"code", "message", "data"}}`. */
  readonly json: string;
  readonly buffers: readonly Uint8Array[];
  /** Whether a {@link Receipt} is to say who got it. */
  readonly wantsReceipt: boolean;
}

/** What became of an answer that hands something over. */
export interface Receipt {
  readonly call: number;
  /** Whether the one who asked still waited for it. */
  readonly claimed: boolean;
}

export type ToMain =
  | ({ readonly kind: "ready" } & Loaded)
  /** The user's code does not load. */
  | { readonly kind: "refused"; readonly error: LoadError }
  /** The file with this interpreter's memory is written; null: there can't be one, for this reason. */
  | { readonly kind: "image"; readonly problem: string | null }
  | { readonly kind: "results"; readonly results: readonly JobOutcome[] }
  | { readonly kind: "serviceCalls"; readonly calls: readonly ServiceCall[] }
  /** Greenlets that have called services and have ended. */
  | { readonly kind: "ended"; readonly greenlets: readonly number[] }
  | { readonly kind: "receipts"; readonly receipts: readonly Receipt[] }
  | { readonly kind: "logs"; readonly records: readonly LogRecord[] }
  /** Its memory has grown past its bound, which WebAssembly never gives back; told once. */
  | { readonly kind: "grown"; readonly bytes: number }
  /** The interpreter can't go on; the thread is to be ended. */
  | { readonly kind: "broken"; readonly reason: string };

export interface Loaded {
  /** JSON: schema descriptions by name. */
  readonly schemas: string;
  /** Paths of URLs whose WebSockets functions serve. */
  readonly sockets: readonly string[];
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

export type JobOutcome =
  | { readonly id: number; readonly json: string; readonly buffers?: readonly Uint8Array[] }
  /** It ran or waited past its deadline. */
  | { readonly id: number; readonly failure: "deadline" }
  /** It was interrupted, since Python ran for longer than this without a pause; milliseconds. */
  | { readonly id: number; readonly failure: "computed"; readonly limit: number }
  | { readonly id: number; readonly failure: "raised"; readonly message: string };

export interface ServiceCall {
  /** 0: nobody waits for the answer. */
  readonly call: number;
  /** The greenlet that calls; 0: what runs beside greenlets, such as a finalizer. */
  readonly greenlet: number;
  readonly service: string;
  readonly method: string;
  /** JSON of the arguments: an array. */
  readonly args: string;
  readonly buffers: readonly Uint8Array[];
}

export interface LogRecord {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
}
