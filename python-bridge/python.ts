/** Python for the gateway: interpreters that load the user's modules and call them. */
import { fileURLToPath } from "node:url";
import type { JsonValue, ResolveBatch, ResolveBatchResult, ResolveResult, SchemaDescription } from "../schema/index.ts";
import { PuffError } from "../schema/index.ts";
import { Batch } from "./jobs/batch.ts";
import { Call, type CallAnswer, type CallOptions } from "./jobs/call.ts";
import type { Job } from "./jobs/job.ts";
import type { Engine } from "./lanes/lane.ts";
import { examinePython } from "./lanes/native-python.ts";
import { ProcessEngine } from "./lanes/process-engine.ts";
import { ThreadEngine } from "./lanes/thread-engine.ts";
import { Generation, type Replaced } from "./pool/generation.ts";
import { makeTemporaryFolder } from "./pool/temporary.ts";
import type { Loaded, LogRecord } from "./protocol/messages.ts";
import { longestTimer } from "./protocol/timers.ts";
import { checkRuntime } from "./runtime.ts";
import { cryptoService } from "./services/crypto.ts";
import { Generators } from "./services/generators.ts";
import { functionsService, type HostFunction, hostFunctions } from "./services/host-functions.ts";
import type { HostService } from "./services/services.ts";
import { streamsService } from "./services/streams.ts";
import { enlargeGreenletStacks } from "./wasm/stacks.ts";
import { compilePyodide } from "./wasm/wasm.ts";

/** One schema class of the user's. */
export interface SchemaSource {
  readonly name: string;
  /** `schema.py`, `schema.py:Class`, `package.module:Class`; the class defaults to `Schema`. */
  readonly spec: string;
  /** Whether names are turned into camelCase. */
  readonly camelCase: boolean;
}

/** What runs Python. */
export type EngineChoice =
  | { readonly kind: "pyodide" }
  /** `python`: a program, see {@link examinePython}; `project`: folders where `.venv` may be. */
  | { readonly kind: "cpython"; readonly python: string | null; readonly project: readonly string[] };

export interface PythonOptions {
  readonly engine: EngineChoice;
  readonly schemas: readonly SchemaSource[];
  /** `package.module:name`, `file.py:name` or `file.py:name()`; null: none. */
  readonly wsgi: string | null;
  /**
   * What to do with the Django project of `DJANGO_SETTINGS_MODULE`: set it up alone, or serve its application, too, unless
   * {@link wsgi} names one. Null: there is none.
   */
  readonly django: "setup" | "serve" | null;
  /** Absolute folders where modules are looked for, first wins. Python can read them, and little else of the host's. */
  readonly pythonPath: readonly string[];
  /** Absolute folders that Python can read and write. */
  readonly writable: readonly string[];
  /** Interpreters, each in a thread or process of its own. */
  readonly workers: number;
  /** Images of interpreters' memory are kept here; it should be private to the user. */
  readonly cacheFolder: string;
  /** What `os.environ` holds. */
  readonly environment: { readonly [name: string]: string };
  /** What users' Python can call by name. */
  readonly hostFunctions: ReadonlyMap<string, HostFunction>;
  /** What the package `puff` can call, by name. */
  readonly services: ReadonlyMap<string, HostService>;
  /** Milliseconds a batch may take, and any Python may run without waiting for something. */
  readonly deadline: number;
  /** Batches, and calls, that may wait for an interpreter; past it `PUFF_PYTHON_BUSY`. */
  readonly queueLimit: number;
  /** Milliseconds for the calls of an interpreter whose memory has grown, from when its successor serves. */
  readonly retirement: number;
  /** Whether `breakpoint()` may open a debugger: Python's calls take a little longer where it may. */
  readonly debugger: boolean;
  onLog(record: LogRecord): void;
  /** Sees what was loaded before it replaces what serves; a throw refuses it, and the old interpreters go on. */
  accept?(schemas: ReadonlyMap<string, SchemaDescription>): void;
}

/** What the interpreters take. */
export interface PythonUsage {
  /** Bytes of the memory of each, by its number: a successor takes the lowest that is free. */
  readonly memory: ReadonlyMap<number, number>;
  /** How many were replaced from the start on, because they ended or because their memory had grown. */
  readonly replaced: { readonly [why in Replaced]: number };
}

export interface Python {
  readonly schemas: ReadonlyMap<string, SchemaDescription>;
  /** Paths whose WebSockets functions serve, with `{name}` for a part of it. */
  readonly sockets: readonly string[];
  /** The user's files that were imported, and the templates that views may render. */
  readonly files: readonly string[];
  readonly usage: PythonUsage;
  /**
   * Calls resolvers. Fails with a PuffError: `PUFF_RESOLVER_DEADLINE`, `PUFF_INTERPRETER_DIED`, `PUFF_PYTHON_BUSY`,
   * `PUFF_SHUTTING_DOWN`, or with the signal's reason.
   */
  resolve(batch: ResolveBatch, signal: AbortSignal): Promise<ResolveBatchResult>;
  /**
   * Calls the batch's one resolver, which is a generator, and gives what it yields, when it is asked for. Fails as
   * {@link call} does; the signal ends the generator.
   */
  iterate(batch: ResolveBatch, signal: AbortSignal): AsyncIterator<ResolveResult>;
  /**
   * Calls a function of a Python module, `module:function`, on one interpreter: `function(*args)`, with the keyword
   * `buffers` if there are any. It returns a JSON value, or `puff._runtime.services.Answer` with buffers. It is never called again.
   * Fails with a PuffError: `PUFF_CALL_FAILED` (the Python exception's traceback is the cause's stack),
   * `PUFF_CALL_DEADLINE`, `PUFF_INTERPRETER_DIED`, `PUFF_PYTHON_BUSY`, `PUFF_SHUTTING_DOWN`, or with the signal's reason.
   *
   * @example await python.call("puff._serve.wsgi:serve", [environ], { buffers: [body], deadline: 30_000, signal });
   */
  call(target: string, args: readonly JsonValue[], options: CallOptions): Promise<CallAnswer>;
  /** Replaces the interpreters by ones with the files as they are now; where these do not load, it fails and the old ones go on. */
  reload(): Promise<void>;
  /** Lets what runs end, within its deadline, and ends the interpreters. */
  close(): Promise<void>;
}

/**
 * Starts interpreters and loads the schemas.
 *
 * @throws PuffError for a mistake of the user's, such as `PUFF_SCHEMA_SYNTAX`, or `PUFF_INTERPRETER_DIED`.
 * @example const python = await startPython({ schemas: [{ name: "default", spec: "/app/schema.py", camelCase: false }], … });
 */
export async function startPython(options: PythonOptions): Promise<Python> {
  const tooOld = checkRuntime();
  if (tooOld !== null) {
    throw tooOld;
  }
  enlargeGreenletStacks();
  const python = new RunningPython(options);
  await python.reload();
  return python;
}

class RunningPython implements Python {
  readonly #options: PythonOptions;
  readonly #services: ReadonlyMap<string, HostService>;
  readonly #generators = new Generators();
  #current: { readonly generation: Generation; readonly state: State } | null = null;
  #lastReload: Promise<void> = Promise.resolve();
  readonly #retiring = new Set<Promise<void>>();
  readonly #replaced = { death: 0, memory: 0 };
  #closed = false;

  constructor(options: PythonOptions) {
    this.#options = options;
    // Their caller's own deadline comes first.
    const functions = hostFunctions(options.hostFunctions, Math.min(2 * options.deadline, longestTimer));
    this.#services = new Map([
      ...options.services,
      [functionsService, functions],
      ["crypto", cryptoService],
      ["streams", streamsService],
      ["generators", this.#generators],
    ]);
  }

  get schemas(): ReadonlyMap<string, SchemaDescription> {
    return this.#current?.state.schemas ?? new Map();
  }

  get sockets(): readonly string[] {
    return this.#current?.state.sockets ?? [];
  }

  get files(): readonly string[] {
    return this.#current?.state.files ?? [];
  }

  get usage(): PythonUsage {
    return { memory: this.#current?.generation.memory ?? new Map(), replaced: { ...this.#replaced } };
  }

  async resolve(batch: ResolveBatch, signal: AbortSignal): Promise<ResolveBatchResult> {
    return this.#run(new Batch(batch, this.#options.deadline), signal);
  }

  iterate(batch: ResolveBatch, signal: AbortSignal): AsyncIterator<ResolveResult> {
    return this.#generators.iterate(batch, (target, args, options) => this.call(target, args, options), signal);
  }

  async call(target: string, args: readonly JsonValue[], options: CallOptions): Promise<CallAnswer> {
    return this.#run(new Call(target, args, options), options.signal);
  }

  reload(): Promise<void> {
    const next = () => this.#replaceGeneration();
    this.#lastReload = this.#lastReload.then(next, next);
    return this.#lastReload;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#lastReload.catch(() => {});
    if (this.#current !== null) {
      this.#retire(this.#current.generation);
    }
    await Promise.all(this.#retiring);
  }

  async #run<Answer>(job: Job<Answer>, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const current = this.#current;
    if (current === null || this.#closed) {
      throw new PuffError("PUFF_SHUTTING_DOWN", "the gateway is stopping");
    }
    current.generation.run(job, signal);
    return job.result;
  }

  async #replaceGeneration(): Promise<void> {
    if (this.#closed) {
      throw new PuffError("PUFF_SHUTTING_DOWN", "the gateway is stopping");
    }
    const {
      schemas,
      wsgi,
      django,
      pythonPath,
      writable,
      environment,
      cacheFolder,
      deadline,
      workers,
      queueLimit,
      retirement,
    } = this.#options;
    const generation = new Generation({
      engine: await this.#openEngine(),
      settings: {
        sources: JSON.stringify({ schemas, wsgi, django }),
        pythonPath,
        writable,
        temporaryFolder: makeTemporaryFolder(),
        environment,
        cacheFolder,
        deadline,
        debugger: this.#options.debugger,
        packageFolder: fileURLToPath(new URL("./python", import.meta.url)),
      },
      workers,
      queueLimit,
      retirement: Math.min(retirement, longestTimer),
      services: this.#services,
      onLog: (record) => this.#options.onLog(record),
      onReplaced: (why) => {
        this.#replaced[why]++;
      },
    });
    try {
      const loaded = await generation.start();
      const state = stateOf(loaded);
      this.#options.accept?.(state.schemas);
      const old = this.#current;
      this.#current = { generation, state };
      if (old !== null) {
        this.#retire(old.generation);
      }
    } catch (error) {
      this.#retire(generation);
      throw error;
    }
  }

  async #openEngine(): Promise<Engine> {
    const { engine, environment, workers } = this.#options;
    if (engine.kind === "cpython") {
      return new ProcessEngine(await examinePython(engine.python, engine.project, environment));
    }
    // One more, so that a successor starts beside the interpreter whose memory has grown.
    return new ThreadEngine(workers + 1, await compilePyodide());
  }

  /** Ends a generation in the background; {@link close} waits for it. */
  #retire(generation: Generation): void {
    const retired: Promise<void> = generation.close().finally(() => this.#retiring.delete(retired));
    this.#retiring.add(retired);
  }
}

interface State {
  readonly schemas: ReadonlyMap<string, SchemaDescription>;
  readonly sockets: readonly string[];
  readonly files: readonly string[];
}

function stateOf(loaded: Loaded): State {
  // What Python says of itself; the schema's builder checks each description.
  const schemas: { [name: string]: SchemaDescription } = JSON.parse(loaded.schemas);
  return { schemas: new Map(Object.entries(schemas)), sockets: loaded.sockets, files: loaded.files };
}
