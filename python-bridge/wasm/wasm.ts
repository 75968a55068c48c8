/**
 * Pyodide's WebAssembly module, compiled once for all threads: it is the larger part of an interpreter's start, and
 * its code is shared, also what V8 has optimized of it so far.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { LocalTime } from "./local-time.ts";

/** A WebAssembly.Module: it can be posted to threads. */
export type WasmModule = object;

let compiled: Promise<WasmModule> | null = null;

/** On the main thread. */
export function compilePyodide(): Promise<WasmModule> {
  compiled ??= readFile(fileURLToPath(import.meta.resolve("pyodide/pyodide.asm.wasm"))).then(async (bytes) => {
    const wasm = await WebAssembly.compile(bytes);
    release(bytes);
    return wasm;
  });
  return compiled;
}

/**
 * Gives large bytes back now. They are outside of V8's heap, whose collector may not come by for hours at rest. Only
 * for bytes that are a buffer of their own.
 */
export function release(bytes: ArrayBufferView | ArrayBuffer): void {
  const buffer = ArrayBuffer.isView(bytes) ? bytes.buffer : bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) {
    buffer.transfer(0);
  }
}

/**
 * Has `WebAssembly.instantiate` take this module when Pyodide comes with the same one as bytes, and give its memory at
 * least `memoryBytes`: an image needs more than a new memory has, which Pyodide does not see to. Its local time is
 * `localTime`'s. Pyodide has no option for any of these. Call what it returns to end it.
 */
export function instantiateShared(wasm: WasmModule, memoryBytes: number, localTime: LocalTime): () => void {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (source, imports) => {
    if (!ArrayBuffer.isView(source) && !(source instanceof ArrayBuffer)) {
      return instantiate(source, imports);
    }
    // Pyodide has read them for nothing, and would keep them.
    release(source);
    const instance = await instantiate(wasm, localTime.replace(imports as Parameters<LocalTime["replace"]>[0]));
    const { memory } = instance.exports;
    localTime.use(memory);
    memory.grow(Math.max(0, Math.ceil((memoryBytes - memory.buffer.byteLength) / page)));
    return { instance, module: wasm };
  };
  return () => {
    WebAssembly.instantiate = instantiate;
  };
}

/** The little of it that is used here; only the types of browsers declare it. */
declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  // biome-ignore lint/suspicious/noExplicitAny: its result depends on its argument's kind
  instantiate(source: object, imports?: object): Promise<any>;
};

/** A WebAssembly.Table of functions. */
export interface WasmTable {
  readonly length: number;
  get(index: number): object | null;
  grow(by: number): number;
}

/** Bytes of a page of WebAssembly's memory. */
export const page = 65_536;
