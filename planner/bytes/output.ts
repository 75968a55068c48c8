import { base64urlLength, writeBase64url } from "./base64url.ts";
import { type Chunk, toChunk } from "./chunk.ts";
import { borrow, giveBack } from "./memory.ts";

/** What JSON has within a string for the bytes that it escapes (RFC 8259, section 7). */
const escapes: readonly (Buffer | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  code < 0x20 || code === 0x22 || code === 0x5c
    ? Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
    : undefined,
);
/** 1 for these. */
const needsEscape = Uint8Array.from(escapes, (escaped) => (escaped === undefined ? 0 : 1));

/** Up to this many bytes a loop beats the call into C++ that `Buffer.copy` is. */
const SHORT = 96;

/** What {@link Output.writeBy}'s function gives in place of an end: nothing is written, or it wants more room. */
export const NOT_SERVED = -1;
export const NO_ROOM = -2;

const NULL = toChunk(Buffer.from("null"));
const TRUE = toChunk(Buffer.from("true"));
const FALSE = toChunk(Buffer.from("false"));

/** The response's bytes: a buffer that grows, and can be cut back to an earlier length. */
export class Output {
  #memory: Chunk;
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  constructor(sizeHint: number) {
    this.#memory = borrow(sizeHint);
    this.#bytes = this.#memory.bytes;
    this.#view = this.#memory.view;
  }

  /** Bytes written so far: a mark for {@link truncate}. */
  get length(): number {
    return this.#length;
  }

  truncate(length: number): void {
    this.#length = length;
  }

  /** All that was written; the Output must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Gives back the memory of what was finished, which nobody may read any more. */
  readonly release = (): void => giveBack(this.#memory);

  /** What was written since it was last taken; writing goes on with a buffer of its own. */
  take(): Buffer {
    const taken = this.finish();
    this.#use(borrow(this.#bytes.length));
    this.#length = 0;
    return taken;
  }

  #use(memory: Chunk): void {
    this.#memory = memory;
    this.#bytes = memory.bytes;
    this.#view = memory.view;
  }

  byte(code: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = code;
  }

  null(): void {
    this.copy(NULL, 0, 4);
  }

  boolean(value: boolean): void {
    this.bytes(value ? TRUE : FALSE);
  }

  bytes(source: Chunk): void {
    this.copy(source, 0, source.bytes.length);
  }

  /** Copies bytes as they are. */
  copy({ bytes: from, view }: Chunk, start: number, end: number): void {
    this.#reserve(end - start);
    const bytes = this.#bytes;
    const target = this.#view;
    let at = this.#length;
    if (end - start > SHORT) {
      from.copy(bytes, at, start, end);
      this.#length += end - start;
      return;
    }
    let index = start;
    // By fours as far as there are as many: half the time of a byte at a time.
    for (const whole = end - 3; index < whole; index += 4) {
      target.setInt32(at, view.getInt32(index, true), true);
      at += 4;
    }
    for (; index < end; index++) {
      bytes[at++] = from[index] as number; // in bounds: start and end are the source's
    }
    this.#length = at;
  }

  /** Writes UTF-8 text as a JSON string. */
  text(source: Chunk, start: number, end: number): void {
    const { bytes: from, view } = source;
    // For the case without escapes; each escape reserves what it adds.
    this.#reserve(end - start + 2);
    let bytes = this.#bytes;
    let target = this.#view;
    let at = this.#length;
    let index = start;
    bytes[at++] = 0x22;
    while (index < end) {
      for (const whole = end - 3; index < whole; index += 4) {
        const four = view.getInt32(index, true);
        if (mayNeedEscape(four)) {
          break;
        }
        target.setInt32(at, four, true);
        at += 4;
      }
      for (const stop = Math.min(end, index + 4); index < stop; index++) {
        const code = from[index] as number; // in bounds, as above
        if (needsEscape[code] === 1) {
          const escaped = escapes[code] as Buffer; // each of these has one
          this.#length = at;
          this.#reserve(escaped.length + end - index);
          bytes = this.#bytes;
          target = this.#view;
          bytes.set(escaped, at);
          at += escaped.length;
        } else {
          bytes[at++] = code;
        }
      }
    }
    bytes[at++] = 0x22;
    this.#length = at;
  }

  /** Writes bytes that need no escape as a JSON string. */
  quoted(source: Chunk, start: number, end: number): void {
    this.byte(0x22);
    this.copy(source, start, end);
    this.byte(0x22);
  }

  /** Writes what another output has so far in base64url, as a JSON string. */
  base64url(source: Output): void {
    this.#reserve(base64urlLength(source.#length) + 2);
    this.#bytes[this.#length++] = 0x22;
    this.#length = writeBase64url(source.#bytes, source.#length, this.#bytes, this.#length);
    this.#bytes[this.#length++] = 0x22;
  }

  /** Writes a value as `JSON.stringify` does. */
  json(value: unknown): void {
    this.string(JSON.stringify(value) ?? "null");
  }

  /** Writes a string's UTF-8 as it is. */
  string(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /**
   * Has `write` write: it is given the memory and where to begin, and gives where it ended, {@link NOT_SERVED}, or
   * {@link NO_ROOM}, and begins again.
   *
   * @returns whether something was written.
   */
  writeBy(write: (memory: Chunk, at: number) => number): boolean {
    for (;;) {
      const end = write(this.#memory, this.#length);
      if (end !== NO_ROOM) {
        this.#length = Math.max(end, this.#length);
        return end >= 0;
      }
      this.#grow(this.#bytes.length);
    }
  }

  #reserve(size: number): void {
    if (this.#length + size > this.#bytes.length) {
      this.#grow(size);
    }
  }

  #grow(size: number): void {
    const outgrown = this.#memory;
    const larger = borrow(Math.max(this.#bytes.length * 2, this.#length + size));
    outgrown.bytes.copy(larger.bytes, 0, 0, this.#length);
    this.#use(larger);
    giveBack(outgrown);
  }
}

/**
 * Whether one of four bytes is a control character, a quote or a backslash; now and then true if a byte beside one of
 * these is meant. See "Determine if a word has a byte less than n" at https://graphics.stanford.edu/~seander/bithacks.html
 */
function mayNeedEscape(four: number): boolean {
  const quotes = four ^ 0x22222222;
  const backslashes = four ^ 0x5c5c5c5c;
  const found =
    ((four - 0x20202020) & ~four) | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return (found & 0x80808080) !== 0;
}
