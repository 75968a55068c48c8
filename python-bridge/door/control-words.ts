/** What the main thread sees of an interpreter without asking it: words of memory that both share. */
import { Control } from "../protocol/messages.ts";
import { page } from "../wasm/wasm.ts";
import type { Greenlet } from "./greenlet.ts";

export class ControlWords {
  readonly #words: Int32Array;
  /** Where the main thread puts an interrupt for Python. */
  readonly interruptBuffer: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
    this.interruptBuffer = new Uint8Array(memory, Control.interrupt, 1);
  }

  /** A piece of Python begins. Null: it belongs to no greenlet. */
  begin(greenlet: Greenlet | null): void {
    Atomics.store(this.#words, Control.running, greenlet?.id ?? 0);
    Atomics.store(this.#words, Control.origin, greenlet?.origin ?? 0);
    this.turn();
    // An interrupt that was meant for what ran before comes too late.
    Atomics.store(this.#words, Control.interrupt, 0);
  }

  /** It has ended or waits. */
  end(): void {
    Atomics.store(this.#words, Control.origin, 0);
    Atomics.store(this.#words, Control.running, 0);
    this.turn();
  }

  /** The event loop turns. */
  turn(): void {
    Atomics.add(this.#words, Control.turns, 1);
  }

  /** A job that was sent has its turn. */
  countEntered(): void {
    Atomics.add(this.#words, Control.entered, 1);
  }

  /** A person comes to a debugger's prompt, or leaves it. */
  hold(isOpen: boolean): void {
    Atomics.add(this.#words, Control.prompts, isOpen ? 1 : -1);
  }

  /** The interpreter's memory has this many bytes. */
  showMemory(bytes: number): void {
    Atomics.store(this.#words, Control.pages, bytes / page);
  }
}
