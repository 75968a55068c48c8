/** What generated writers know of a request's pages, and how they write the places of rows in an order. */
import { base64urlLength, writeBase64url } from "../bytes/base64url.ts";
import { type Chunk, toChunk } from "../bytes/chunk.ts";
import { NO_ROOM } from "../bytes/output.ts";
import type { Page } from "../collections/compose.ts";
import type { Cursors } from "../collections/cursors.ts";
import { text } from "./copying.ts";

/** What a request asks of its pages, by the number of their layer: one for all, since a writer does not wait. */
export class AskedPages {
  /** Rows that are shown. */
  readonly limits: number[] = [];
  /** Whether a cursor led to the page. */
  readonly came: boolean[] = [];
  readonly #cursors: Cursors[] = [];
  /** Bounds of the terms of the row that a cursor is written of, one after another; a start of -1: NULL. */
  readonly bounds: number[] = [];
  /** What was counted, by the number of the layer. */
  readonly counted: number[] = [];
  #place = toChunk(Buffer.alloc(256));

  /** Takes what one request asks. */
  ask(pages: readonly (Page | null)[]): void {
    this.counted.length = 0;
    for (const [index, page] of pages.entries()) {
      if (page !== null) {
        this.limits[index] = page.limit ?? Number.MAX_SAFE_INTEGER;
        this.came[index] = page.cameFrom;
        this.#cursors[index] = page.cursors;
      }
    }
  }

  /** Writes the cursor of the row whose terms {@link bounds} tells, as a JSON string: as Cursors writes it. */
  readonly cursor = (
    src: Buffer,
    sv: DataView,
    out: Buffer,
    begin: number,
    layer: number,
    terms: number,
    room: number,
  ): number => {
    const mark = this.#cursors[layer]?.mark.bytes ?? nothing;
    const { bytes, view } = this.#room(mark.length, terms);
    let end = mark.copy(bytes, 0);
    bytes[end++] = 0x5b;
    for (let term = 0; term < terms; term++) {
      const start = this.bounds[2 * term] as number; // as many as there are terms
      if (term > 0) {
        bytes[end++] = 0x2c;
      }
      if (start < 0) {
        end += nullText.copy(bytes, end);
        continue;
      }
      bytes[end++] = 0x22;
      end = text(src, sv, bytes, view, end, start, this.bounds[2 * term + 1] as number);
      bytes[end++] = 0x22;
    }
    bytes[end++] = 0x5d;
    if (begin + base64urlLength(end) + 2 > room) {
      return NO_ROOM;
    }
    out[begin] = 0x22;
    const past = writeBase64url(bytes, end, out, begin + 1);
    out[past] = 0x22;
    return past + 1;
  };

  /** Memory for a cursor before it is encoded. */
  #room(mark: number, terms: number): Chunk {
    let most = mark + 2 + slack;
    for (let term = 0; term < terms; term++) {
      const [start = -1, end = 0] = [this.bounds[2 * term], this.bounds[2 * term + 1]];
      most += 4 + (start < 0 ? 0 : mostGrowth * (end - start));
    }
    if (most > this.#place.bytes.length) {
      this.#place = toChunk(Buffer.alloc(2 * most));
    }
    return this.#place;
  }
}

/** Bytes that may be written past an end, four at a time. */
const slack = 4;
/** How many times as long a character may be in JSON. */
const mostGrowth = 6;
const nothing = Buffer.alloc(0);
const nullText = Buffer.from("null");
