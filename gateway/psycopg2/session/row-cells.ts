/** Rows for Python: the cells' texts one after another, so that its `bytes.split` takes them apart in one go. */

/** Shorter cells are copied by hand: a call of Buffer's costs more. */
const shortCell = 48;
const firstSize = 4096;
/** A message's type and its length, which counts itself. */
const headerLength = 5;
/** Python's memory ends at 4 GiB, and cells take several times their bytes there. */
const sizeLimit = 512 * 1024 * 1024;

/**
 * Collects DataRow messages. Texts of cells never hold a NUL, so one stands between two cells; those that are NULL are
 * empty, and their numbers, counted over all rows, are listed.
 */
export class RowCells {
  /** Rows. */
  count = 0;
  /** Whether there was more than fits: what came is dropped. */
  overflowed = false;
  #bytes: Buffer = Buffer.allocUnsafeSlow(firstSize);
  #length = 0;
  #cells = 0;
  readonly #nulls: number[] = [];

  /** Adds the rows whose messages are `buffer` from `start` to `end`. */
  add(buffer: Buffer, start: number, end: number): void {
    for (let at = start; at < end && !this.overflowed; at += 1 + buffer.readInt32BE(at + 1)) {
      this.#addRow(buffer, at + headerLength);
    }
  }

  #addRow(buffer: Buffer, offset: number): void {
    let at = offset;
    const columns = buffer.readInt16BE(at);
    at += 2;
    for (let column = 0; column < columns; column++) {
      const length = buffer.readInt32BE(at);
      at += 4;
      if (length < 0) {
        this.#nulls.push(this.#cells);
        this.#reserve(1);
      } else {
        this.#reserve(length + 1);
        this.#copy(buffer, at, length);
        at += length;
      }
      this.#bytes[this.#length++] = 0;
      this.#cells++;
    }
    this.count++;
  }

  /** The cells, and the numbers of those that are NULL as Uint32 in the machine's order; memory that nothing shares. */
  buffers(): Uint8Array[] {
    const cells = new Uint8Array(this.#bytes.subarray(0, Math.max(0, this.#length - 1)));
    return [cells, new Uint8Array(new Uint32Array(this.#nulls).buffer)];
  }

  #copy(buffer: Buffer, from: number, length: number): void {
    const bytes = this.#bytes;
    let to = this.#length;
    if (length > shortCell) {
      buffer.copy(bytes, to, from, from + length);
      to += length;
    } else {
      for (let at = from; at < from + length; at++) {
        bytes[to++] = buffer[at] as number; // within the message
      }
    }
    this.#length = to;
  }

  #reserve(length: number): void {
    const needed = this.#length + length;
    if (needed <= this.#bytes.length) {
      return;
    }
    if (needed > sizeLimit) {
      this.overflowed = true;
      this.#length = 0;
      this.#bytes = Buffer.allocUnsafeSlow(length);
      return;
    }
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
