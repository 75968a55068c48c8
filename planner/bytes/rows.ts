import { type Chunk, toChunk } from "./chunk.ts";
import { borrow, giveBack } from "./memory.ts";

/** A column of a result: its name and its type's OID (pg_type). */
export interface Column {
  readonly name: string;
  readonly oid: number;
}

/** A part of the rows: those from `first` on lie in `chunk`, of which `used` bytes are taken. */
interface Block {
  readonly chunk: Chunk;
  readonly first: number;
  used: number;
}

/** Bytes of the first block, where nothing is known of the rows, and of a block at most. */
const firstBlock = 4096;
const largestBlock = 2 * 1024 * 1024;
/** Bytes of rows that are joined, which takes a copy. */
const mostJoined = 8 * 1024 * 1024;
/** Bytes that may be read past a field's end, four at a time. */
const slack = 4;

/**
 * The rows of one statement as they came from the socket: nothing is decoded, each row is a slice of a block of them. A
 * row's bytes are the body of a DataRow message: an Int16 count of fields, then for each an Int32 length (-1: NULL) and
 * its text.
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
  #blocks: Block[] = [];
  /** Of the rows up to where they were looked for. */
  #offsets: number[] = [];
  /** Where rows have to be looked for next. */
  #lookBlock = 0;
  #lookAt = 0;
  #count = 0;
  /** Bytes of all rows, with their headers. */
  #size = 0;
  readonly #expected: number;
  /** Rows from here … to here lie in {@link chunk}. */
  #from = 0;
  #past = 0;
  /** Sets that have their rows in this one's blocks. */
  #parts: readonly RowSet[] = [];

  /** `expected`: bytes that the rows are expected to take. */
  constructor(columns: readonly Column[], expected = 0) {
    this.columns = columns;
    this.#expected = expected;
    this.starts = new Int32Array(columns.length);
    this.ends = new Int32Array(columns.length);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * The rows' messages, one after another from a chunk's beginning: they are joined where they lie in several blocks. Null
   * where there are too many, or somebody has looked at them already.
   */
  joined(): { readonly chunk: Chunk; readonly end: number } | null {
    if (this.#blocks.length > 1 && this.#offsets.length === 0 && this.#size <= mostJoined) {
      this.#join();
    }
    const [block, another] = this.#blocks;
    return block === undefined || another !== undefined ? null : { chunk: block.chunk, end: block.used };
  }

  #join(): void {
    const chunk = borrow(this.#size + slack);
    let at = 0;
    for (const block of this.#blocks) {
      at += block.chunk.bytes.copy(chunk.bytes, at, 0, block.used);
      giveBack(block.chunk);
    }
    this.#blocks = [{ chunk, first: 0, used: at }];
  }

  /** Bytes of all rows, with their headers. */
  get size(): number {
    return this.#size;
  }

  /** The columns that have a name: the others are places of a fused statement that another layer fills. */
  get named(): readonly Column[] {
    return this.columns.filter(({ name }) => name !== "");
  }

  /**
   * Appends a copy of `count` rows, whose DataRow messages, one after another and each whole, are `source` from `start` to
   * `end`.
   */
  add(source: Buffer, start: number, end: number, count: number): void {
    const block = this.#room(end - start);
    source.copy(block.chunk.bytes, block.used, start, end);
    block.used += end - start;
    this.#size += end - start;
    this.#count += count;
  }

  /** The last block, with room for this many bytes. */
  #room(size: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.used + size + slack <= last.chunk.bytes.length) {
      return last;
    }
    const usual = last === undefined ? Math.max(this.#expected + slack, firstBlock) : 2 * last.chunk.bytes.length;
    const chunk = borrow(Math.max(Math.min(usual, largestBlock), size + slack));
    const block = { chunk, first: this.#count, used: 0 };
    this.#blocks.push(block);
    return block;
  }

  /** Looks for the rows that have come since it was last asked: who copies them by their bytes does not need to know. */
  #look(): void {
    for (;;) {
      const block = this.#blocks[this.#lookBlock];
      if (block === undefined) {
        return;
      }
      const { bytes } = block.chunk;
      let at = this.#lookAt;
      while (at < block.used) {
        this.#offsets.push(at + headerLength);
        at += 1 + int32(bytes, at + 1);
      }
      this.#lookAt = at;
      if (this.#lookBlock === this.#blocks.length - 1) {
        return;
      }
      this.#lookBlock++;
      this.#lookAt = 0;
    }
  }

  /** Gives each row to the set whose number is in its first column. */
  distribute(sets: readonly RowSet[]): void {
    this.#look();
    this.#parts = sets;
    for (const [index, { chunk, first }] of this.#blocks.entries()) {
      for (const set of sets) {
        set.#blocks.push({ chunk, first: set.count, used: 0 });
      }
      const { bytes } = chunk;
      for (let row = first, past = this.#blocks[index + 1]?.first ?? this.count; row < past; row++) {
        const offset = this.#offsets[row] as number; // one for each row
        let tag = 0;
        const end = offset + 6 + int32(bytes, offset + 2);
        for (let at = offset + 6; at < end; at++) {
          tag = tag * 10 + (bytes[at] as number) - 0x30;
        }
        const set = sets[tag] as RowSet; // a fused statement has an arm for each
        set.#offsets.push(offset);
        set.#count++;
      }
    }
  }

  /** Gives back the memory of the rows, and of the sets that they were distributed to: there are none any more. */
  release(): void {
    const blocks = this.#blocks;
    for (const set of this.#parts) {
      set.#forget();
    }
    this.#forget();
    for (const { chunk } of blocks) {
      giveBack(chunk);
    }
  }

  #forget(): void {
    this.chunk = noBytes;
    this.#blocks = [];
    this.#offsets = [];
    this.#parts = [];
    this.#past = 0;
    this.#count = 0;
  }

  /** Makes `row` the current one. */
  seek(row: number): void {
    let at = this.#offsets[row] ?? this.#find(row);
    if (row < this.#from || row >= this.#past) {
      this.#turnTo(row);
    }
    const { bytes: buffer } = this.chunk;
    at += 2;
    for (let column = 0; column < this.starts.length; column++) {
      // By hand, since readInt32BE checks its arguments: a tenth of the time of a whole answer.
      const length = int32(buffer, at);
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

  #find(row: number): number {
    this.#look();
    const at = this.#offsets[row];
    if (at === undefined) {
      throw new RangeError(`no row ${row} among ${this.count}`);
    }
    return at;
  }

  /** Takes the block that has the row. */
  #turnTo(row: number): void {
    const index = this.#blocks.findLastIndex(({ first }) => first <= row);
    const block = this.#blocks[index];
    if (block === undefined) {
      throw new RangeError(`no block has row ${row}`);
    }
    this.chunk = block.chunk;
    this.#from = block.first;
    // Rows that are still to come lie in the last block, or else a later one is looked for then.
    this.#past = this.#blocks[index + 1]?.first ?? this.count;
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

/** A message's type and its length, which counts itself. */
const headerLength = 5;

function int32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}
