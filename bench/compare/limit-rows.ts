/** Rows for the limit server: noted by layer until the last has come. */
import { Answer, Fields } from "./limit-bytes.ts";
import type { Receiver } from "./limit-connection.ts";

/** Takes an answer, and a function to be called when its memory is free. */
export type Done = (body: Buffer, release: () => void) => void;

export const close = Buffer.from("}");
export const comma = Buffer.from(",");
const commentId = Buffer.from('{"id":');
const commentBody = Buffer.from(',"body":');

/** Where the rows of each layer begin, and their keys: of one answer at a time, which is written without waiting. */
const offsets: Int32Array[] = [];
const tables: KeyTable[] = [];

/** Rows by an integer key, in an open-addressed table. */
export class KeyTable {
  #firsts = new Int32Array(128);
  #keys = new Float64Array(64);
  #nexts = new Int32Array(64);
  #mask = 0;

  clear(rows: number): void {
    let slots = this.#firsts.length;
    while (slots < 2 * rows) {
      slots *= 2;
    }
    if (slots > this.#firsts.length) {
      this.#firsts = new Int32Array(slots);
      this.#keys = new Float64Array(slots / 2);
      this.#nexts = new Int32Array(slots / 2);
    }
    slots = 128;
    while (slots < 2 * rows) {
      slots *= 2;
    }
    this.#mask = slots - 1;
    this.#firsts.fill(-1, 0, slots);
  }

  /** Adds a row before the others of its key. */
  add(key: number, row: number): void {
    const slot = this.#slotOf(key);
    this.#nexts[row] = this.#firsts[slot] as number;
    this.#firsts[slot] = row;
    this.#keys[row] = key;
  }

  /** The first row; -1: there is none. */
  first(key: number): number {
    return this.#firsts[this.#slotOf(key)] as number;
  }

  /** The next with the same key; -1: there is none. */
  next(row: number): number {
    return this.#nexts[row] as number;
  }

  #slotOf(key: number): number {
    let slot = (Math.imul(key, -1_640_531_535) >>> 11) & this.#mask;
    for (;;) {
      const row = this.#firsts[slot] as number;
      if (row === -1 || this.#keys[row] === key) {
        return slot;
      }
      slot = (slot + 1) & this.#mask;
    }
  }
}

/** Rows of several layers, by their tag: `layer, id, key, text`. */
export class LayeredRows implements Receiver {
  protected readonly answer: Answer;
  protected readonly fields = new Fields();
  readonly #done: Done;
  readonly #counts: Int32Array;
  #buffer: Buffer = Buffer.alloc(0);

  constructor(done: Done, layers: number, size: number) {
    this.#done = done;
    this.answer = new Answer(size);
    this.#counts = new Int32Array(layers);
  }

  row(buffer: Buffer, offset: number): void {
    this.#buffer = buffer; // one for all rows of an answer
    const layer = (buffer[offset + 6] as number) - 0x30; // one digit
    const count = this.#counts[layer] as number;
    offsets[layer] ??= new Int32Array(64);
    if (offsets[layer].length === count) {
      const larger = new Int32Array(2 * count);
      larger.set(offsets[layer]);
      offsets[layer] = larger;
    }
    offsets[layer][count] = offset;
    this.#counts[layer] = count + 1;
  }

  end(): void {
    this.write();
    this.#done(this.answer.finish(), this.answer.release);
  }

  protected write(): void {}

  protected count(layer: number): number {
    return this.#counts[layer] as number;
  }

  protected seek(layer: number, row: number): void {
    this.fields.read(this.#buffer, offsets[layer]?.[row] as number);
  }

  protected copy(field: number): void {
    this.answer.copy(this.fields.buffer, this.fields.starts[field] as number, this.fields.ends[field] as number);
  }

  protected text(field: number): void {
    this.answer.text(this.fields.buffer, this.fields.starts[field] as number, this.fields.ends[field] as number);
  }

  /** The rows of each value of a field, in their order. */
  protected group(layer: number, field: number): KeyTable {
    tables[layer] ??= new KeyTable();
    const table = tables[layer];
    table.clear(this.count(layer));
    for (let row = this.count(layer) - 1; row >= 0; row--) {
      this.seek(layer, row);
      table.add(this.fields.integer(field), row);
    }
    return table;
  }

  /** Items `{"id":…,"body":…}` of rows `layer, id, key, body`, from a first one on. */
  protected comments(layer: number, table: KeyTable, first: number): void {
    const { answer } = this;
    for (let row = first; row !== -1; row = table.next(row)) {
      this.seek(layer, row);
      if (row !== first) {
        answer.constant(comma);
      }
      answer.constant(commentId);
      this.copy(1);
      answer.constant(commentBody);
      this.text(3);
      answer.constant(close);
    }
  }
}
