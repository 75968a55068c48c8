/** Code that was generated for an operation. It turns the rows of a statement into the answer at once. */
import { type Chunk, toChunk } from "../bytes/chunk.ts";
import type { BytesWriter } from "../bytes/leaves.ts";
import type { Output } from "../bytes/output.ts";
import type { Column, RowSet } from "../bytes/rows.ts";
import type { Page } from "../collections/compose.ts";
import { copy, integer, otherWriter, text } from "./copying.ts";
import { generate, given } from "./generate.ts";
import type { ProgramField, ProgramNode } from "./nodes.ts";
import { AskedPages } from "./pages.ts";
import { addBytes, findBytes, WritingSpace } from "./space.ts";

type Write = (src: Buffer, sv: DataView, end: number, out: Buffer, ov: DataView, at: number, room: number) => number;

export class Program {
  /** Whether it takes texts for different keys where their bytes are. */
  readonly comparesTexts: boolean;
  readonly #fitsColumns: (columns: readonly Column[]) => boolean;
  readonly #write: Write;
  /** Answers in a row that it could not write. */
  #misses = 0;
  /** Columns that were found to be these. */
  #known: readonly Column[] | null = null;

  /**
   * @param fits Whether rows of these columns are what the nodes say.
   * @throws where code can't be made of a text here.
   */
  constructor(
    root: readonly ProgramField[],
    nodes: readonly ProgramNode[],
    fits: (columns: readonly Column[]) => boolean,
    { others, comparesTexts }: { readonly others: readonly BytesWriter[]; readonly comparesTexts: boolean },
  ) {
    this.comparesTexts = comparesTexts;
    this.#fitsColumns = fits;
    const make = new Function(...given, generate(root, nodes)) as (...values: unknown[]) => Write; // as generate() says
    const values: { readonly [name in (typeof given)[number]]: unknown } = {
      ...{ copy, text, integer, other: otherWriter(others) },
      ...{ space, addBytes, findBytes, asked },
    };
    this.#write = make(...given.map((name) => values[name]));
  }

  get misses(): number {
    return this.#misses;
  }

  /**
   * Writes the answer's data. False: it can't be written by this, and nothing was.
   *
   * @param pages Those of the request, by the number of their layer.
   */
  write(rows: RowSet, pages: readonly (Page | null)[], out: Output): boolean {
    const whole = rows.count === 0 ? nothing : rows.joined();
    if (whole === null || !this.#fits(rows.columns)) {
      return false;
    }
    asked.ask(pages);
    const isWritten = out.writeBy((memory, at) => this.#writeInto(whole, memory, at));
    this.#misses = isWritten ? 0 : this.#misses + 1;
    return isWritten;
  }

  #writeInto({ chunk, end }: { readonly chunk: Chunk; readonly end: number }, memory: Chunk, at: number): number {
    return this.#write(chunk.bytes, chunk.view, end, memory.bytes, memory.view, at, memory.bytes.length);
  }

  #fits(columns: readonly Column[]): boolean {
    if (columns !== this.#known && this.#fitsColumns(columns)) {
      this.#known = columns;
    }
    return columns === this.#known;
  }
}

/** The number that the answer written last has of a layer's rows; null: none. */
export function countedLast(layer: number): number | null {
  const count = asked.counted[layer] ?? Number.NaN;
  return Number.isNaN(count) ? null : count;
}

const space = new WritingSpace();
const asked = new AskedPages();
const nothing = { chunk: toChunk(Buffer.alloc(8)), end: 0 };
