/**
 * The parts of Pyodide that it does not promise to keep, and the bridge stands on. Pyodide is pinned to one version; where
 * an update changes one of them, this says which.
 */
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide, version } from "pyodide";
import { afterAll, beforeAll, expect, test } from "vitest";

const changed = (what: string): string =>
  `Pyodide ${version} has changed what the bridge stands on: ${what}. Adapt python-bridge/{interpreter,wasm,files} before ` +
  "you update it.";

type Functions = { readonly [name: string]: unknown };
interface Internals {
  readonly FS: Functions & { readonly filesystems: { readonly NODEFS: Functions }; readonly streams: unknown };
  readonly _module: Functions;
  readonly _api: Functions;
}

/** What `WebAssembly.instantiate` was called with: by Node itself, too, and then without imports. */
const instantiated: { source: object; imports?: { readonly env?: Functions } }[] = [];
// Only the types of browsers declare it.
const { WebAssembly: engine } = globalThis as unknown as {
  WebAssembly: { instantiate(source: object, imports?: { readonly env?: Functions }): unknown };
};
const { instantiate } = engine;
let pyodide: Awaited<ReturnType<typeof loadPyodide>>;
let internals: Internals;
const host = { call: (text: string) => `called ${text}` };

const load = (extra: object) =>
  loadPyodide({
    indexURL: dirname(fileURLToPath(import.meta.resolve("pyodide"))),
    jsglobals: { setTimeout, clearTimeout },
    convertNullToNone: true,
    ...{ _makeSnapshot: true },
    ...extra,
  });

beforeAll(async () => {
  engine.instantiate = (source, imports) => {
    instantiated.push(imports === undefined ? { source } : { source, imports });
    return instantiate(source, imports);
  };
  pyodide = await load({});
  internals = pyodide as unknown as Internals;
  pyodide.registerJsModule("_puff_host", host);
});

afterAll(() => {
  engine.instantiate = instantiate;
});

test("it instantiates WebAssembly from bytes, whose local time are three imports", () => {
  const main = instantiated.find(({ imports }) => "_localtime_js" in (imports?.env ?? {}));
  expect(main, changed("the import _localtime_js of its C library")).toBeDefined();
  expect(main?.source, changed("how it instantiates WebAssembly")).toBeInstanceOf(Uint8Array);
  for (const name of ["_localtime_js", "_mktime_js", "_tzset_js"]) {
    expect(main?.imports?.env, changed(`the import ${name} of its C library`)).toHaveProperty(name);
  }
});

test("its module has C's stack and memory", () => {
  const { _module: module } = internals;
  expect(module["HEAP8"], changed("_module.HEAP8")).toBeInstanceOf(Int8Array);
  for (const name of [
    "_emscripten_stack_get_base",
    "_emscripten_stack_get_current",
    "_emscripten_stack_get_end",
    "_PyThreadState_Get",
    "_PyUnstable_ThreadState_SetStackProtection",
  ]) {
    expect(module[name], changed(`_module.${name}`)).toBeTypeOf("function");
  }
});

test("its module has what a library is put back with", () => {
  const { _module: module } = internals;
  for (const name of ["newDSO", "relocateExports", "setWasmTableEntry", "updateTableMap"]) {
    expect(module[name], changed(`_module.${name}`)).toBeTypeOf("function");
  }
  for (const name of ["GOT", "LDSO", "HEAPU32", "wasmTable"]) {
    expect(module[name], changed(`_module.${name}`)).toBeTypeOf("object");
  }
  expect(module["LDSO"], changed("_module.LDSO")).toMatchObject({
    loadedLibsByName: { __main__: { exports: expect.anything() } },
    loadedLibsByHandle: expect.anything(),
  });
});

test("its interface tells a fatal error, and enters Python by scheduleCallback", async () => {
  const api: { [name: string]: unknown } = internals._api;
  const source = await readFile(fileURLToPath(import.meta.resolve("pyodide/pyodide.asm.mjs")), "utf8");
  expect(source, changed("_api.on_fatal")).toContain(".on_fatal");
  const schedule = api["scheduleCallback"] as (callback: () => void, timeout: number) => void; // as it has always been
  expect(schedule, changed("_api.scheduleCallback")).toBeTypeOf("function");
  let scheduled = 0;
  api["scheduleCallback"] = (callback: () => void, timeout: number) => {
    scheduled++;
    schedule(callback, timeout);
  };
  const function_ = pyodide.runPython("lambda: 42");
  expect(await function_.callPromising(), changed("callPromising")).toBe(42);
  expect(scheduled, changed("_api.scheduleCallback, which callPromising is to enter by")).toBeGreaterThan(0);
  api["scheduleCallback"] = schedule;
});

test("its file system has what NODEFS is corrected by", () => {
  const { FS: files } = internals;
  const { NODEFS: nodes } = files.filesystems;
  for (const name of "mkdirTree mount symlink analyzePath createNode getPath open mkdir close readFile ErrnoError".split(
    " ",
  )) {
    expect(files[name], changed(`FS.${name}`)).toBeTypeOf("function");
  }
  expect(Array.isArray(files.streams), changed("FS.streams")).toBe(true);
  for (const name of "mount createNode getattr realPath tryFSOperation".split(" ")) {
    expect(nodes[name], changed(`NODEFS.${name}`)).toBeTypeOf("function");
  }
  const operations = {
    node_ops: "mknod rename unlink rmdir symlink setattr readlink lookup readdir",
    stream_ops: "open",
  };
  for (const [group, names] of Object.entries(operations)) {
    for (const name of names.split(" ")) {
      expect(nodes[group], changed(`NODEFS.${group}.${name}`)).toHaveProperty(name);
    }
  }
});

test("Python has the parts that are replaced", () => {
  const missing = pyodide.runPython(`
import importlib
wanted = [
    "_pyodide._importhook:JsFinder.find_spec", "_pyodide._importhook:JsLoader.create_module",
    "_pyodide._importhook:JsProxy", "pyodide_js:version", "pyodide_js._api:config.enableRunUntilComplete",
    "pyodide.ffi:run_sync", "pyodide.ffi:to_js",
]
def lacks(name):
    module, _, path = name.partition(":")
    value = importlib.import_module(module)
    for part in path.split("."):
        if not hasattr(value, part):
            return True
        value = getattr(value, part)
    return False
", ".join(name for name in wanted if lacks(name))`);
  expect(missing, changed(missing)).toBe("");
  const path = pyodide.runPython("import sys; ' '.join(sys.path)").split(" ");
  expect(path, changed("where its standard library is")).toEqual(
    expect.arrayContaining(["/lib/python314.zip", "/lib/python3.14/lib-dynload", "/lib/python3.14/site-packages"]),
  );
});

test("a snapshot of its memory starts another interpreter", async () => {
  pyodide.runPython("import _puff_host; kept = 6 * 7");
  const serializer = (value: unknown): string => (value === host ? "host" : "call");
  const memory = pyodide.makeMemorySnapshot({ serializer });
  const start = new Uint32Array(memory.buffer, memory.byteOffset, 2)[1] ?? 0;
  const size = memory.length - start;
  expect(start, changed("the second word of a snapshot, where memory begins")).toBeGreaterThan(0);
  expect(size % 65_536, changed("the second word of a snapshot, where memory begins")).toBe(0);
  engine.instantiate = async (source, imports) => {
    // As the bridge does: a new memory is too small for it.
    const made = (await instantiate(source, imports)) as {
      readonly instance: { readonly exports: { readonly memory?: GrowingMemory } };
    };
    const { memory: own } = made.instance.exports;
    own?.grow(Math.max(0, Math.ceil((size - own.buffer.byteLength) / 65_536)));
    return made;
  };
  const another = await load({
    _loadSnapshot: memory,
    _snapshotDeserializer: (name: string) => (name === "host" ? host : host.call),
  });
  const told = another.runPython("import _puff_host; f'{_puff_host.call(str(kept))}'");
  expect(told, changed("_loadSnapshot and _snapshotDeserializer")).toBe("called 42");
});

interface GrowingMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): void;
}
