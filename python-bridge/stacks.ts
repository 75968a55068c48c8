/**
 * How deep Python may recurse. Each greenlet has two stacks: V8's, which holds what WebAssembly keeps in registers, and
 * C's in the interpreter's memory. Python measures C's alone and raises RecursionError near its end; where V8's is full
 * first, the interpreter is lost. So V8's is large, and Python is told of a small part of C's.
 */
import { setFlagsFromString } from "node:v8";

/** Kilobytes of V8's stack for each greenlet, of which a greenlet takes what it has used. */
const greenletStack = 32 * 1024;
/** Kilobytes that V8 keeps for itself. */
const reserve = 512;
/** Bytes of C's stack, by experiment: the worst recursion known takes some 50 times as much of V8's. */
const pythonStack = 512 * 1024;
/** Bytes at the end of C's stack that nobody gets. */
const lastBytes = 64 * 1024;

/** Makes the stacks of greenlets that begin from now on large. Threads that run, such as the main one, keep theirs. */
export function enlargeGreenletStacks(): void {
  setFlagsFromString(`--wasm-stack-switching-stack-size=${greenletStack}`);
  setFlagsFromString(`--stack-size=${greenletStack - reserve}`); // else it bounds those, too
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
