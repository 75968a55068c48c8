/**
 * The libraries of compiled Python packages in an image: it has their memory, but neither their code nor the table of
 * functions that addresses in memory refer to. Both are put where they were, and none of the library's start runs again.
 */
import type { WasmTable } from "./wasm.ts";

/** What Emscripten knows of its loaded libraries. */
export interface Linker {
  readonly HEAP8: Int8Array;
  readonly HEAPU32: Uint32Array;
  readonly wasmTable: WasmTable;
  /** Addresses by symbol, which libraries share. */
  readonly GOT: { [symbol: string]: { value: number } };
  readonly LDSO: {
    readonly loadedLibsByName: { readonly [path: string]: LoadedLibrary };
    readonly loadedLibsByHandle: { readonly [handle: string]: LoadedLibrary };
  };
  newDSO(path: string, handle: number, exports: Exports): LoadedLibrary;
  relocateExports(exports: Exports, memoryBase: number): Exports;
  setWasmTableEntry(index: number, entry: unknown): void;
  updateTableMap(start: number, length: number): void;
}

interface LoadedLibrary {
  readonly name: string;
  readonly exports: Exports;
  global: boolean;
  refcount: number;
}

type Exports = { readonly [name: string]: unknown };

export interface Library {
  readonly path: string;
  /** Where in memory the C library keeps what it knows of it. */
  readonly handle: number;
  readonly memoryBase: number;
  readonly memorySize: number;
  readonly tableBase: number;
  readonly tableSize: number;
  /** Its functions at other places of the table: those that Python has asked for by name. */
  readonly functions: { readonly [index: number]: string };
  /** The addresses that it takes from others. */
  readonly addresses: { readonly [symbol: string]: number };
}

/**
 * The libraries that are loaded, in the order in which they were.
 *
 * @throws Error if one of them can't be put back.
 * @example const [library] = describeLibraries(module);
 */
export function describeLibraries(linker: Linker, read: (path: string) => Uint8Array): Library[] {
  const { loadedLibsByName, loadedLibsByHandle } = linker.LDSO;
  const handles = new Map(Object.entries(loadedLibsByHandle).map(([handle, library]) => [library, Number(handle)]));
  const loaded = Object.values(loadedLibsByName).filter(({ name }) => name !== main);
  const libraries = loaded.map((library): Library => {
    const handle = handles.get(library);
    const names = Object.keys(library.exports);
    if (handle === undefined || library.global || names.some((name) => /^__(em_js__|start_em_)/.test(name))) {
      throw new Error(`the library ${library.name} shares its functions with others`);
    }
    // Emscripten's `struct dso`: the name, and before it what was allocated.
    const field = (offset: number): number => linker.HEAPU32[(handle + offset) >>> 2] ?? 0;
    const [memoryBase, memorySize, tableBase, tableSize] = [field(12), field(16), field(20), field(24)];
    const symbols = new Set([...names, ...sharedSymbols(new WebAssembly.Module(read(library.name)))]);
    const addresses = [...symbols].flatMap((symbol) => {
      const found = linker.GOT[symbol];
      return found === undefined ? [] : [[symbol, found.value]];
    });
    return {
      ...{ path: library.name, handle, memoryBase, memorySize, tableBase, tableSize },
      functions: {},
      addresses: Object.fromEntries(addresses),
    };
  });
  return withFunctions(linker, libraries);
}

/** The program that libraries are loaded into. */
const main = "__main__";

function sharedSymbols(wasm: object): string[] {
  return WebAssembly.Module.imports(wasm).flatMap(({ module, name }) => (module.startsWith("GOT.") ? [name] : []));
}

/** Finds out whose functions are in the table past those of the program, besides each library's own range. */
function withFunctions(linker: Linker, libraries: readonly Library[]): Library[] {
  const { wasmTable, LDSO } = linker;
  const first = Math.min(...libraries.map(({ tableBase, tableSize }) => (tableSize === 0 ? Infinity : tableBase)));
  const places = libraries.map((): { [index: number]: string } => ({}));
  for (let index = first; index < wasmTable.length; index++) {
    const isOwn = libraries.some(({ tableBase, tableSize }) => index >= tableBase && index < tableBase + tableSize);
    const entry = isOwn ? null : wasmTable.get(index);
    if (entry === null) {
      continue;
    }
    const names = libraries.map(({ path }) => {
      const exports = Object.entries(LDSO.loadedLibsByName[path]?.exports ?? {});
      return exports.find(([, value]) => value === entry)?.[0];
    });
    const owner = names.findIndex((name) => name !== undefined);
    const [name, functions] = [names[owner], places[owner]];
    if (name === undefined || functions === undefined) {
      throw new Error("a library keeps a function that no library has");
    }
    functions[index] = name;
  }
  return libraries.map((library, index) => ({ ...library, functions: places[index] ?? {} }));
}

/**
 * Puts them into an interpreter with the memory of the one that they are from, before Python runs in it.
 *
 * @throws Error if something else is at their places.
 * @example restoreLibraries(module, manifest.libraries, (path) => module.FS.readFile(path));
 */
export function restoreLibraries(
  linker: Linker,
  libraries: readonly Library[],
  read: (path: string) => Uint8Array,
): void {
  const { wasmTable } = linker;
  const places = libraries.flatMap(({ tableBase, tableSize, functions }) => [
    tableBase + tableSize,
    ...Object.keys(functions).map((index) => Number(index) + 1),
  ]);
  wasmTable.grow(Math.max(0, Math.max(0, ...places) - wasmTable.length));
  for (const library of libraries) {
    restoreLibrary(linker, library, read(library.path));
  }
}

function restoreLibrary(linker: Linker, library: Library, code: Uint8Array): void {
  const { HEAP8, wasmTable, GOT, LDSO } = linker;
  const { path, handle, memoryBase, memorySize, tableBase, tableSize, functions, addresses } = library;
  const indexes = [...Array.from({ length: tableSize }, (_, index) => tableBase + index), ...Object.keys(functions)];
  if (indexes.some((index) => wasmTable.get(Number(index)) !== null)) {
    throw new Error(`the place of ${path} is taken`);
  }
  for (const [symbol, address] of Object.entries(addresses)) {
    const found = GOT[symbol];
    if (found !== undefined && found.value !== unknownAddress && found.value !== address) {
      throw new Error(`${symbol} of ${path} is at another address`);
    }
    const entry = found ?? new WebAssembly.Global({ value: "i32", mutable: true }, address);
    entry.value = address;
    GOT[symbol] = entry;
  }
  // To make an instance fills its memory with what it begins with.
  const memory = HEAP8.slice(memoryBase, memoryBase + memorySize);
  const own: { exports: Exports } = { exports: {} };
  const env = environmentOf(LDSO.loadedLibsByName[main]?.exports ?? {}, own, { memoryBase, tableBase });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), {
    ...{ "GOT.mem": GOT, "GOT.func": GOT },
    ...{ env, wasi_snapshot_preview1: env },
  });
  HEAP8.set(memory, memoryBase);
  own.exports = linker.relocateExports(instance.exports, memoryBase);
  linker.updateTableMap(tableBase, tableSize);
  for (const [index, name] of Object.entries(functions)) {
    linker.setWasmTableEntry(Number(index), own.exports[name]);
    linker.updateTableMap(Number(index), 1);
  }
  const loaded = linker.newDSO(path, handle, own.exports);
  loaded.global = false;
  loaded.refcount = 1;
}

const unknownAddress = -1;

/** What a library imports by name; what is not there yet is looked for when it is called, as Emscripten does. */
function environmentOf(
  program: Exports,
  own: { readonly exports: Exports },
  { memoryBase, tableBase }: Pick<Library, "memoryBase" | "tableBase">,
): object {
  const bases: Exports = { __memory_base: memoryBase, __table_base: tableBase };
  const isThere = (name: string) => name in program && !(program[name] as { readonly stub?: boolean }).stub;
  return new Proxy(
    {},
    {
      get(_, name: string) {
        if (name in bases) {
          return bases[name];
        }
        return isThere(name)
          ? program[name]
          : (...args: unknown[]) => ((isThere(name) ? program : own.exports)[name] as Callable)(...args);
      },
    },
  );
}

type Callable = (...args: unknown[]) => unknown;

/** The little of it that is used here; only the types of browsers declare it. */
declare const WebAssembly: {
  readonly Module: {
    new (code: Uint8Array): object;
    imports(module: object): readonly { readonly module: string; readonly name: string }[];
  };
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
  readonly Global: new (type: { readonly value: "i32"; readonly mutable: boolean }, value: number) => { value: number };
};
