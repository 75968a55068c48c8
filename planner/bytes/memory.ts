/** Memory that rows and answers use one after another: fresh memory for each would cost the collector more than all else. */
import { type Chunk, toChunk } from "./chunk.ts";

/** Sizes are powers of two, from this one … */
const smallestPower = 12;
/** … to this one: what is larger is rare, and left to the collector. */
const largestPower = 21;
/** Bytes that may lie idle. */
const mostIdle = 16 * 1024 * 1024;

/** Idle chunks, by their size. */
const idle: Chunk[][] = Array.from({ length: largestPower - smallestPower + 1 }, () => []);
let idleBytes = 0;

/**
 * At least `size` bytes, of any content. They are the caller's until it gives them back; where it never does, the collector
 * takes them.
 *
 * @example
 * const memory = borrow(rows.length);
 * rows.copy(memory.bytes);
 * giveBack(memory); // and never look at it again
 */
export function borrow(size: number): Chunk {
  const power = Math.max(smallestPower, 32 - Math.clz32(size - 1));
  const chunk = idle[power - smallestPower]?.pop();
  if (chunk === undefined) {
    return toChunk(Buffer.allocUnsafeSlow(power > largestPower ? size : 2 ** power));
  }
  idleBytes -= chunk.bytes.length;
  return chunk;
}

/** Gives back what was borrowed, once: nobody may hold on to a part of it. */
export function giveBack(chunk: Chunk): void {
  const { length } = chunk.bytes;
  if (length <= 2 ** largestPower && idleBytes + length <= mostIdle) {
    idle[31 - Math.clz32(length) - smallestPower]?.push(chunk);
    idleBytes += length;
  }
}
