/** Where a writer notes rows: one for all, since a writer does not wait. */
import { randomInt } from "node:crypto";

/** Of each slot the first row, of each row its key and the next row that has it; -1: none. */
export interface KeyTable {
  firsts: Int32Array;
  /** Integers, or the hashes of what has other keys. */
  keys: Float64Array;
  nexts: Int32Array;
  /** Where the bytes of other keys begin and end. */
  starts: Int32Array;
  ends: Int32Array;
  /** Slots, less one. */
  mask: number;
}

const least = 64;

/** Offsets and keys of the rows of a statement's layers, by the layer's number. */
export class WritingSpace {
  readonly #rows: Int32Array[] = [];
  readonly #tables: KeyTable[] = [];

  /** Offsets of a layer's rows. */
  rows(layer: number): Int32Array {
    this.#rows[layer] ??= new Int32Array(least);
    return this.#rows[layer];
  }

  /** Twice as many, the same ones first. */
  growRows(layer: number): Int32Array {
    const rows = this.rows(layer);
    const larger = new Int32Array(2 * rows.length);
    larger.set(rows);
    this.#rows[layer] = larger;
    return larger;
  }

  /** An empty table for this many rows. */
  table(layer: number, count: number): KeyTable {
    let slots = 2 * least;
    while (slots < 2 * count) {
      slots *= 2;
    }
    this.#tables[layer] ??= { firsts: noRows, keys: noKeys, nexts: noRows, starts: noRows, ends: noRows, mask: 0 };
    const table = this.#tables[layer];
    if (table.firsts.length < slots) {
      table.firsts = new Int32Array(slots);
      table.keys = new Float64Array(slots / 2);
      table.nexts = new Int32Array(slots / 2);
      table.starts = new Int32Array(slots / 2);
      table.ends = new Int32Array(slots / 2);
    }
    table.mask = slots - 1;
    table.firsts.fill(-1, 0, slots);
    return table;
  }
}

/** Odd, and another in each process: nobody can choose keys that fall together. */
const factor = randomInt(2 ** 30) * 2 + 1;

/** Adds a row before the others with the same bytes as key. */
export function addBytes(table: KeyTable, src: Buffer, row: number, start: number, end: number): void {
  const hash = hashOf(src, start, end);
  const slot = slotOf(table, src, hash, start, end);
  table.nexts[row] = table.firsts[slot] as number; // in bounds, as all below
  table.firsts[slot] = row;
  table.keys[row] = hash;
  table.starts[row] = start;
  table.ends[row] = end;
}

/** The first row with these bytes as key; -1: there is none. */
export function findBytes(table: KeyTable, src: Buffer, start: number, end: number): number {
  return table.firsts[slotOf(table, src, hashOf(src, start, end), start, end)] as number;
}

function slotOf({ firsts, keys, starts, ends, mask }: KeyTable, src: Buffer, hash: number, start: number, end: number) {
  for (let slot = (hash >>> 8) & mask; ; slot = (slot + 1) & mask) {
    const row = firsts[slot] as number;
    if (row === -1 || (keys[row] === hash && areSame(src, starts[row] as number, ends[row] as number, start, end))) {
      return slot;
    }
  }
}

function hashOf(src: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ (src[at] as number), factor);
    hash ^= hash >>> 15;
  }
  return hash;
}

function areSame(src: Buffer, start: number, end: number, otherStart: number, otherEnd: number): boolean {
  if (end - start !== otherEnd - otherStart) {
    return false;
  }
  for (let at = start, other = otherStart; at < end; at++, other++) {
    if (src[at] !== src[other]) {
      return false;
    }
  }
  return true;
}

const noRows = new Int32Array(0);
const noKeys = new Float64Array(0);
