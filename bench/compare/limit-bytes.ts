/** Bytes for the limit server: fields out of DataRow messages, JSON into one buffer. */

/** What a JSON string has in place of the bytes that it escapes. */
const escapes: (Buffer | undefined)[] = new Array(256).fill(undefined);
for (const code of [...Array(0x20).keys(), 0x22, 0x5c]) {
  escapes[code] = Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1));
}
/** 1 for those bytes. */
const escaped = Uint8Array.from(escapes, (replacement) => (replacement === undefined ? 0 : 1));

const base64Digits = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;

/** An answer that grows. */
export class Answer {
  #bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  constant(source: Buffer): void {
    this.copy(source, 0, source.length);
  }

  copy(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let from = start; from < end; from++) {
      bytes[at++] = source[from] as number; // in bounds
    }
    this.#at = at;
  }

  /** A JSON string of UTF-8. */
  text(source: Buffer, start: number, end: number): void {
    this.#reserve(6 * (end - start) + 2);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = 0x22;
    for (let from = start; from < end; from++) {
      const code = source[from] as number; // in bounds
      if (escaped[code] === 1) {
        for (const byte of escapes[code] as Buffer) {
          bytes[at++] = byte;
        }
      } else {
        bytes[at++] = code;
      }
    }
    bytes[at++] = 0x22;
    this.#at = at;
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
