/**
 * How deep Python may recurse. Each greenlet has two stacks: V8's, which holds what WebAssembly keeps in registers, and
 * C's in the interpreter's memory. Python measures C's alone and raises RecursionError near its end; where V8's is full
 * first, the interpreter is lost. So V8's may grow large, and Python is told of a small part of C's.
 */
import { setFlagsFromString } from "node:v8";

/** Kilobytes that V8's stack of a greenlet may grow to. */
const greenletStack = 32 * 1024;
/** Kilobytes that V8 keeps for itself. */
const reserve = 512;
/**
 * Kilobytes that it begins with; it then grows by segments. V8 reuses the stacks of greenlets that have ended only up to
 * 4 MB in all. It gives back the memory of others but never their addresses: at 32 MB for each greenlet, a process has
 * none left after 4 million calls, and each call takes some 100 µs longer for the mappings and page faults.
 */
const firstSegment = 256;
/** Bytes of C's stack, by experiment: the worst recursion known takes some 50 times as much of V8's. */
const pythonStack = 512 * 1024;
/** Bytes at the end of C's stack that nobody gets. */
const lastBytes = 64 * 1024;

/**
 * Makes the stacks of greenlets that begin from now on grow as they need, up to {@link greenletStack}. To be called before
 * WebAssembly is compiled, whose code does the growing. Threads that run, such as the main one, keep their stacks.
 */
export function enlargeGreenletStacks(): void {
  setFlagsFromString("--experimental-wasm-growable-stacks");
  setFlagsFromString(`--wasm-stack-switching-stack-size=${firstSegment}`);
  setFlagsFromString(`--stack-size=${greenletStack - reserve}`); // how far they grow
}

/** Where C's stack may reach to, at the lowest, in each interpreter. */
const floors = new WeakMap<StackFunctions, number>();

/**
 * Has Python raise RecursionError before V8's stack is full; to be called ahead of each entry. Greenlets that wait leave
 * some 500 bytes each on C's stack, which are none of those that begin after them.
 */
export function boundRecursion(c: StackFunctions): void {
  const wanted = Math.max(c._emscripten_stack_get_current() - pythonStack, c._emscripten_stack_get_end() + lastBytes);
  const known = floors.get(c);
  if (known === undefined || wanted < known) {
    floors.set(c, wanted);
    const size = c._emscripten_stack_get_base() - wanted;
    c._PyUnstable_ThreadState_SetStackProtection(c._PyThreadState_Get(), wanted, size);
  }
}

/** Of C: Emscripten's and CPython's. */
export interface StackFunctions {
  /** The stack grows down from here. */
  _emscripten_stack_get_base(): number;
  _emscripten_stack_get_current(): number;
  _emscripten_stack_get_end(): number;
  _PyThreadState_Get(): number;
  _PyUnstable_ThreadState_SetStackProtection(thread: number, start: number, size: number): number;
}
