/** Where a writer notes rows: one for all, since a writer does not wait. */

/** Of each slot the first row, of each row its key and the next row that has it; -1: none. */
export interface KeyTable {
  firsts: Int32Array;
  keys: Float64Array;
  nexts: Int32Array;
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

  /** An empty table for so many rows. */
  table(layer: number, count: number): KeyTable {
    let slots = 2 * least;
    while (slots < 2 * count) {
      slots *= 2;
    }
    this.#tables[layer] ??= { firsts: noRows, keys: noKeys, nexts: noRows, mask: 0 };
    const table = this.#tables[layer];
    if (table.firsts.length < slots) {
      table.firsts = new Int32Array(slots);
      table.keys = new Float64Array(slots / 2);
      table.nexts = new Int32Array(slots / 2);
    }
    table.mask = slots - 1;
    table.firsts.fill(-1, 0, slots);
    return table;
  }
}

const noRows = new Int32Array(0);
const noKeys = new Float64Array(0);
