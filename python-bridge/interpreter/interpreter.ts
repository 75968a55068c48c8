/** One Python interpreter: Pyodide, started from an image of its memory where there is one. Runs in a worker thread. */
import { existsSync } from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide, type PyodideAPI, version } from "pyodide";
import type { EmscriptenFileSystem, HostFiles, Seen } from "../files/emscripten.ts";
import type { FileLocks } from "../files/file-locks.ts";
import { openHostFiles } from "../files/filesystem.ts";
import type { InterpreterSettings, LoadError, Loaded } from "../protocol/messages.ts";
import { describeLibraries, type Library, type Linker, restoreLibraries } from "../wasm/libraries.ts";
import type { LocalTime, NamesAt } from "../wasm/local-time.ts";
import { boundRecursion, type StackFunctions } from "../wasm/stacks.ts";
import { instantiateShared, release, type WasmModule } from "../wasm/wasm.ts";
import { deleteImage, describe, type ImagePaths, imagePaths, type Manifest, readImage, writeImage } from "./image.ts";

/** What Python sees as the module `_puff_host`; the greenlet that runs is the one that calls. */
export interface HostModule {
  /** Asks a service; `args` is JSON. Resolves to its answer's JSON, or to an array of that and buffers. */
  call(service: string, method: string, args: string, buffers?: readonly Uint8Array[]): Promise<unknown>;
  /** The same without waiting for the answer; the host logs a failure. */
  tell(service: string, method: string, args: string, buffers?: readonly Uint8Array[]): void;
  /** Waits for {@link HostModule.unpark} with the same key, or for the time to pass. */
  park(key: number, milliseconds?: number): Promise<unknown>;
  unpark(key: number): void;
  /** Has `puff._runtime.greenlets.run(key)` called in a greenlet of its own, soon. */
  spawn(key: number): void;
  /** A debugger's prompt opens or closes: deadlines stand still while one is open. */
  hold(isOpen: boolean): void;
  /** See {@link LocalTime.set}. */
  zone(name: string | null, standard: string, summer: string, standardAt: number, summerAt: number): NamesAt;
  /** See {@link FileLocks.lock}. */
  lock(descriptor: number, operation: number): boolean;
  log(level: string, logger: string, message: string): void;
  /** See {@link Bytecode.load}. */
  bytecode(key: string): Uint8Array | null;
  /** See {@link Bytecode.keep}. */
  keepBytecode(key: string, code: Uint8Array): void;
}

/**
 * The ways into Python, each a greenlet of its own, which Python begins some microtasks later. Do not enter again
 * before it waits or is done: that corrupts the interpreter's memory.
 */
export interface Entries {
  /** Calls the resolvers of a batch, JSON in and out. */
  resolve(batch: string): Promise<string>;
  /** Calls a function with arguments in JSON; the answer's JSON, or an array of that and buffers. */
  call(target: string, args: string, buffers: readonly Uint8Array[]): Promise<string | [string, ...Uint8Array[]]>;
  /** Runs what Python has spawned under this key. */
  run(key: number): Promise<string>;
}

export interface Interpreter extends Entries {
  readonly loaded: Loaded;
  /** The size of its memory, which never shrinks. */
  countBytes(): number;
  /** Collects Python's garbage if there is enough; to be called between entries now and then. */
  tidy(): void;
  /** Writes the images that its start has made; once. Fails where they can't be made or written. */
  writeImages(): Promise<void>;
}

/** The user's code does not load. */
export class LoadRefused extends Error {
  readonly error: LoadError;
  constructor(error: LoadError) {
    super(error.message);
    this.error = error;
  }
}

interface StartOptions {
  readonly settings: InterpreterSettings;
  readonly wasm: WasmModule;
  readonly host: HostModule;
  readonly localTime: LocalTime;
  readonly fileLocks: FileLocks;
  /** See Control.interrupt. */
  readonly interruptBuffer: Uint8Array;
  /** Told when the interpreter has broken for good. */
  onBroken(error: unknown): void;
  /** Enters `load`, a greenlet like others. */
  load(entries: Entries, load: () => Promise<string>): Promise<string>;
  /** After the import: why its memory can't be kept, if so. */
  whyNoImage(): string | null;
}

/** Pyodide with the host's folders, before it knows its settings. */
interface Engine {
  readonly pyodide: PyodideAPI;
  readonly files: HostFiles;
}

/** @throws LoadRefused */
export async function startInterpreter(options: StartOptions): Promise<Interpreter> {
  const { settings } = options;
  const paths = imagePaths(settings, version);
  const image = readImage(paths.app, settings);
  if (image !== null) {
    try {
      const engine = await restore(options, image.memory);
      adopt(engine, settings, image.manifest.libraries);
      const { schemas, sockets, files } = image.manifest;
      return serve(engine, { schemas, sockets, files, from: "image" }, []);
    } catch {
      // It does not fit after all: what follows makes a new one.
      deleteImage(paths.app);
    }
  }
  return importModules(options, paths);
}

/** Whether the error was raised by Python code; all others mean a broken interpreter. */
export function raisedByPython(error: unknown): error is Error & { readonly type: string } {
  return error instanceof Error && error.name === "PythonError";
}

/** An image to be written: taken at once, since its interpreter goes on, and written when there is time. */
type PendingImage = () => Promise<void>;

async function importModules(options: StartOptions, paths: ImagePaths): Promise<Interpreter> {
  const { settings } = options;
  const { engine, from, images } = await startBase(options, paths.base);
  adopt(engine, settings);
  const boot = engine.pyodide.pyimport("_puff_interpreter");
  const seen: Seen = { paths: new Set(), folders: new Set() };
  const stopRecording = engine.files.record(seen);
  const streams = countStreams(engine);
  boot.begin_import();
  // Through callPromising: modules may wait for the host while they are imported.
  const entries = openEntries(engine);
  const answer: LoadAnswer = JSON.parse(await options.load(entries, () => entries.load(settings.sources)));
  const environmentReads: string[] = JSON.parse(boot.end_import());
  stopRecording();
  if ("error" in answer) {
    // The base image is good none the less, and the next try is likely to come soon.
    await writeAll(images).catch(() => {});
    throw new LoadRefused(answer.error);
  }
  const { sockets, files } = answer;
  const loaded: Loaded = { schemas: JSON.stringify(answer.schemas), sockets, files, from };
  images.push(
    takeImage(engine, options, paths.app, () => {
      const reason = countStreams(engine) > streams ? "a module keeps a file open" : options.whyNoImage();
      if (reason !== null) {
        throw new Error(reason);
      }
      const { FS, _module: module } = internals(engine.pyodide);
      const libraries = describeLibraries(module, (path) => FS.readFile(path));
      return describe(seen, environmentReads, settings, loaded, libraries);
    }),
  );
  return serve(engine, loaded, images);
}

/** What `puff._bridge.load` returns. */
type LoadAnswer =
  | {
      readonly schemas: { readonly [name: string]: unknown };
      readonly sockets: readonly string[];
      readonly files: readonly string[];
    }
  | { readonly error: LoadError };

/** Pyodide with `puff` and the common modules of the standard library. */
async function startBase(
  options: StartOptions,
  path: string,
): Promise<{ engine: Engine; from: Loaded["from"]; images: PendingImage[] }> {
  const { settings, host } = options;
  const image = readImage(path, settings);
  if (image !== null) {
    try {
      return { engine: await restore(options, image.memory), from: "base image", images: [] };
    } catch {
      deleteImage(path);
    }
  }
  const engine = await loadEngine(options, 0, {});
  const { pyodide } = engine;
  pyodide.registerJsModule("_puff_host", host);
  pyodide.runPython(`import sys; sys.path.append(${JSON.stringify(settings.packageFolder)})`);
  pyodide.pyimport("_puff_bytecode").install();
  // Parts of the standard library are replaced before anything has taken hold of them.
  pyodide.pyimport("puff._cooperative").install();
  pyodide.pyimport("puff._bridge");
  pyodide.pyimport("_puff_interpreter").prepare();
  const manifest: Manifest = {
    paths: {},
    folders: {},
    environment: {},
    schemas: "{}",
    sockets: [],
    files: [],
    libraries: [],
  };
  return { engine, from: "nothing", images: [takeImage(engine, options, path, () => manifest)] };
}

async function restore(options: StartOptions, memory: Uint8Array): Promise<Engine> {
  const { host } = options;
  // Pyodide's second header word: where in the image the memory begins.
  const start = new Uint32Array(memory.buffer, memory.byteOffset, 2)[1] ?? 0;
  try {
    return await loadEngine(options, memory.length - start, {
      _loadSnapshot: memory,
      _snapshotDeserializer: (name: keyof HostModule | "host") => (name === "host" ? host : host[name]),
    });
  } finally {
    release(memory);
  }
}

async function loadEngine(
  options: StartOptions,
  memoryBytes: number,
  extra: Parameters<typeof loadPyodide>[0],
): Promise<Engine> {
  const restoreInstantiate = instantiateShared(options.wasm, memoryBytes, options.localTime);
  const log = (level: string, logger: string) => (message: string) => options.host.log(level, logger, message);
  const pyodide = await loadPyodide({
    indexURL: dirname(fileURLToPath(import.meta.resolve("pyodide"))),
    // What Pyodide needs to wait is all that `import js` gives.
    jsglobals: { setTimeout, clearTimeout },
    convertNullToNone: true,
    stdout: log("info", "stdout"),
    stderr: log("warning", "stderr"),
    _makeSnapshot: true,
    ...extra,
  }).finally(restoreInstantiate);
  internals(pyodide)._api.on_fatal = options.onBroken;
  pyodide.setInterruptBuffer(options.interruptBuffer);
  const { FS } = internals(pyodide);
  options.fileLocks.use(FS);
  const files = openHostFiles(FS);
  files.mount([options.settings.packageFolder]);
  return { pyodide, files };
}

/** Gives an engine its settings, be it new or restored. */
function adopt({ pyodide, files }: Engine, settings: InterpreterSettings, libraries: readonly Library[] = []): void {
  const { FS, _module: module } = internals(pyodide);
  boundRecursion(module);
  const cwd = process.cwd();
  const { pythonPath, writable, temporaryFolder, environment } = settings;
  files.mount([...pythonPath, ...writable, temporaryFolder, ...timeZones, ...certificateFolders(environment)]);
  files.allowWriting([...settings.writable, settings.temporaryFolder]);
  restoreLibraries(module, libraries, (path) => FS.readFile(path));
  // As native Python has it: what was installed comes after the standard library.
  const installed = (folder: string) => /^(site|dist)-packages$/.test(basename(folder));
  pyodide.pyimport("_puff_interpreter").adopt(
    JSON.stringify({
      // Files that the interpreter kept in its own memory would be as large as uploads are.
      environment: { ...settings.environment, TMPDIR: settings.temporaryFolder },
      path: [
        settings.packageFolder, // first, since the psycopg2 that a project has installed is compiled code
        ...settings.pythonPath.filter((folder) => !installed(folder)),
        ...pythonFolders,
        ...settings.pythonPath.filter(installed),
      ],
      timeZones,
      debugger: settings.debugger,
      cwd: pyodide.FS.analyzePath(cwd, false).exists ? cwd : null,
    }),
  );
}
const timeZones = ["/usr/share/zoneinfo"].filter((folder) => existsSync(folder));
/** Where the certificates are that HTTP clients load, as the environment tells them. */
function certificateFolders(environment: { readonly [name: string]: string }): string[] {
  const named = (names: readonly string[]): string[] => names.flatMap((name) => environment[name] ?? []);
  const files = named(["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"]);
  return [...named(["SSL_CERT_DIR"]), ...files.map((file) => dirname(file))].filter((folder) => isAbsolute(folder));
}
/** Where Pyodide keeps its standard library. */
const pythonFolders = ["/lib/python314.zip", "/lib/python3.14/lib-dynload", "/lib/python3.14/site-packages"];

function serve(engine: Engine, loaded: Loaded, images: readonly PendingImage[]): Interpreter {
  const tidy = engine.pyodide.pyimport("_puff_interpreter").tidy;
  const module = internals(engine.pyodide)._module;
  return {
    loaded,
    ...openEntries(engine),
    countBytes: () => module.HEAP8.byteLength,
    tidy: () => tidy(),
    writeImages: () => writeAll(images),
  };
}

function openEntries({ pyodide }: Engine): Entries & { load(sources: string): Promise<string> } {
  const { load, resolve, call } = pyodide.pyimport("puff._bridge");
  const { run } = pyodide.pyimport("puff._runtime.greenlets");
  const { _api: api, _module: c } = internals(pyodide);
  const { scheduleCallback } = api;
  const enterNow = <Result>(enter: () => Promise<Result>): Promise<Result> => {
    boundRecursion(c);
    // Pyodide would wait for a turn of the event loop, lest two calls enter together; here they come one by one.
    api.scheduleCallback = (callback) => callback();
    try {
      return enter();
    } finally {
      api.scheduleCallback = scheduleCallback;
    }
  };
  return {
    load: (sources) => enterNow(() => load.callPromising(sources)),
    resolve: (batch) => enterNow(() => resolve.callPromising(batch)),
    call: (target, args, buffers) => enterNow(() => call.callPromising(target, args, buffers)),
    run: (key) => enterNow(() => run.callPromising(key)),
  };
}

async function writeAll(images: readonly PendingImage[]): Promise<void> {
  for (const write of images) {
    await write();
  }
}

/** Takes the image now; what goes wrong is told when it would be written. */
function takeImage(engine: Engine, options: StartOptions, path: string, manifest: () => Manifest): PendingImage {
  const { host, settings } = options;
  const serializer = (value: unknown): string => {
    const name = value === host ? "host" : Object.entries(host).find(([, member]) => member === value)?.[0];
    if (name === undefined) {
      throw new Error("a module keeps an object of JavaScript");
    }
    return name;
  };
  try {
    const described = manifest();
    const memory = engine.pyodide.makeMemorySnapshot({ serializer });
    return () => writeImage(path, settings.cacheFolder, described, memory).finally(() => release(memory));
  } catch (error) {
    return () => Promise.reject(error);
  }
}

/** Files that are open: their state is not part of an image. */
function countStreams({ pyodide }: Engine): number {
  return internals(pyodide).FS.streams.filter((stream) => stream !== null && stream !== undefined).length;
}

/** What Pyodide has and does not declare. */
function internals(pyodide: PyodideAPI): {
  readonly FS: EmscriptenFileSystem;
  readonly _module: StackFunctions & Linker;
  readonly _api: {
    on_fatal: (error: unknown) => void;
    scheduleCallback: (callback: () => void, timeout: number) => void;
  };
} {
  return pyodide as never;
}
