/** Bytes for the limit server: fields out of DataRow messages, JSON into one buffer. */
import { copy, text } from "../../planner/program/copying.ts";

const base64Digits = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;
/** Bytes that may be written past an end. */
const slack = 4;

let lastBuffer: Buffer | null = null;
let lastView: DataView = new DataView(new ArrayBuffer(0));

function toView(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The source's view, which is the same for many fields. */
function viewOf(buffer: Buffer): DataView {
  if (buffer !== lastBuffer) {
    lastBuffer = buffer;
    lastView = toView(buffer);
  }
  return lastView;
}

/** Answers' memory that is free, by the size that was asked for. */
const free = new Map<number, Buffer[]>();

/** An answer that grows. */
export class Answer {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
    this.#bytes = free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size);
    this.#view = toView(this.#bytes);
  }

  /** Lets the next answer of its size have the memory, once the system has what was finished. */
  readonly release = (): void => {
    const ofItsSize = free.get(this.#size) ?? [];
    free.set(this.#size, ofItsSize);
    ofItsSize.push(this.#bytes);
  };

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  constant(source: Buffer): void {
    this.#reserve(source.length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (const byte of source) {
      bytes[at++] = byte;
    }
    this.#at = at;
  }

  copy(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start + slack);
    this.#at = copy(source, viewOf(source), this.#bytes, this.#view, this.#at, start, end);
  }

  /** A JSON string of UTF-8. */
  text(source: Buffer, start: number, end: number): void {
    this.#reserve(6 * (end - start) + 2 + slack);
    this.#bytes[this.#at++] = 0x22;
    this.#at = text(source, viewOf(source), this.#bytes, this.#view, this.#at, start, end);
    this.#bytes[this.#at++] = 0x22;
  }

  base64(source: Buffer, start: number, end: number): void {
    this.#reserve(4 * Math.ceil((end - start) / 3));
    const bytes = this.#bytes;
    let at = this.#at;
    for (let from = start; from < end; from += 3) {
      const [second, third] = [from + 1 < end, from + 2 < end];
      const bits =
        ((source[from] as number) << 16) |
        (second ? (source[from + 1] as number) << 8 : 0) |
        (third ? (source[from + 2] as number) : 0);
      bytes[at++] = base64Digits[bits >> 18] as number;
      bytes[at++] = base64Digits[(bits >> 12) & 63] as number;
      bytes[at++] = second ? (base64Digits[(bits >> 6) & 63] as number) : padding;
      bytes[at++] = third ? (base64Digits[bits & 63] as number) : padding;
    }
    this.#at = at;
  }

  #reserve(size: number): void {
    if (this.#at + size > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * this.#bytes.length + size);
      this.#bytes.copy(larger, 0, 0, this.#at);
      this.#bytes = larger;
      this.#view = toView(larger);
    }
  }
}

/** Where the fields of one row are. */
export class Fields {
  buffer: Buffer = Buffer.alloc(0);
  readonly starts = new Int32Array(8);
  readonly ends = new Int32Array(8);

  read(buffer: Buffer, offset: number): void {
    this.buffer = buffer;
    const count = ((buffer[offset] as number) << 8) | (buffer[offset + 1] as number);
    let at = offset + 2;
    for (let field = 0; field < count; field++) {
      const length = int32(buffer, at);
      at += 4;
      this.starts[field] = at;
      if (length > 0) {
        at += length;
      }
      this.ends[field] = at;
    }
  }

  /** A field that holds digits alone. */
  integer(field: number): number {
    const end = this.ends[field] as number;
    let value = 0;
    for (let at = this.starts[field] as number; at < end; at++) {
      value = 10 * value + (this.buffer[at] as number) - 0x30;
    }
    return value;
  }
}

function int32(buffer: Buffer, at: number): number {
  return (
    ((buffer[at] as number) << 24) |
    ((buffer[at + 1] as number) << 16) |
    ((buffer[at + 2] as number) << 8) |
    (buffer[at + 3] as number)
  );
}
