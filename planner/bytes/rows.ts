import { type Chunk, toChunk } from "./chunk.ts";

/** A column of a result: its name and its type's OID (pg_type). */
export interface Column {
  readonly name: string;
  readonly oid: number;
}

/**
 * The rows of one statement as they came from the socket: nothing is decoded, each row is a slice of a received
 * buffer. A row's bytes are the body of a DataRow message: an Int16 count of fields, then for each an
 * Int32 length (-1: NULL) and its text.
 *
 * @example
 * rows.seek(3);
 * const text = rows.isNull(0) ? null : rows.text(0);
 */
export class RowSet {
  readonly columns: readonly Column[];
  /** Bounds within {@link chunk} of each field of the row last sought; start -1: NULL. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** What holds the row last sought. */
  chunk: Chunk = noBytes;
  readonly #chunks: Chunk[] = [];
  readonly #offsets: number[] = [];

  constructor(columns: readonly Column[]) {
    this.columns = columns;
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
  }

  get count(): number {
    return this.#offsets.length;
  }

  /** The columns that have a name: the others are places of a fused statement that another layer fills. */
  get named(): readonly Column[] {
    return this.columns.filter(({ name }) => name !== "");
  }

  /** Appends the row whose DataRow body begins at `offset` of `buffer`, which must not change afterwards. */
  add(buffer: Buffer, offset: number): void {
    const last = this.#chunks.at(-1);
    this.#addTo(last?.bytes === buffer ? last : toChunk(buffer), offset);
  }

  #addTo(chunk: Chunk, offset: number): void {
    this.#chunks.push(chunk);
    this.#offsets.push(offset);
  }

  /** Gives each row to the set whose number is in its first column. */
  distribute(sets: readonly RowSet[]): void {
    for (const [row, chunk] of this.#chunks.entries()) {
      const { bytes: buffer } = chunk;
      const offset = this.#offsets[row] as number; // one for each chunk
      let tag = 0;
      const end = offset + 6 + buffer.readInt32BE(offset + 2);
      for (let at = offset + 6; at < end; at++) {
        tag = tag * 10 + (buffer[at] as number) - 0x30;
      }
      (sets[tag] as RowSet).#addTo(chunk, offset); // a fused statement has an arm for each
    }
  }

  /** Makes `row` the current one. */
  seek(row: number): void {
    const chunk = this.#chunks[row];
    let at = this.#offsets[row];
    if (chunk === undefined || at === undefined) {
      throw new RangeError(`no row ${row} among ${this.count}`);
    }
    this.chunk = chunk;
    const { bytes: buffer } = chunk;
    at += 2;
    for (let column = 0; column < this.starts.length; column++) {
      // By hand, since readInt32BE checks its arguments: a tenth of the time of a whole answer.
      const length =
        ((buffer[at] as number) << 24) |
        ((buffer[at + 1] as number) << 16) |
        ((buffer[at + 2] as number) << 8) |
        (buffer[at + 3] as number);
      at += 4;
      if (length < 0) {
        this.starts[column] = -1;
        continue;
      }
      this.starts[column] = at;
      at += length;
      this.ends[column] = at;
    }
  }

  /** Whether the current row's field is NULL. */
  isNull(column: number): boolean {
    return this.starts[column] === -1;
  }

  /** The current row's field as a string; call {@link isNull} first. */
  text(column: number): string {
    return this.chunk.bytes.toString("utf8", this.starts[column], this.ends[column]);
  }

  /** The current row's field as a number; NaN where it is not an integer of at most 15 digits, which a number holds exactly. */
  integer(column: number): number {
    const end = this.ends[column] as number; // a column of this set
    let at = this.starts[column] as number;
    const { bytes } = this.chunk;
    const negative = bytes[at] === 0x2d;
    if (negative) {
      at++;
    }
    if (end - at > 15 || end === at) {
      return Number.NaN;
    }
    let value = 0;
    for (; at < end; at++) {
      const digit = (bytes[at] as number) - 0x30; // within the row
      if (digit < 0 || digit > 9) {
        return Number.NaN;
      }
      value = value * 10 + digit;
    }
    return negative ? -value : value;
  }

  /** Index of the column of that name (the last, where several have it, as in a JavaScript object); -1: none. */
  indexOf(name: string): number {
    return this.columns.findLastIndex((column) => column.name === name);
  }
}

const noBytes = toChunk(Buffer.alloc(0));

/** Of a statement without a result: nothing is ever added to it. */
export const noRows = new RowSet([]);
