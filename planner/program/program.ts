/** What a statement's rows are answered by at once: code that was generated for the operation. */
import { type Chunk, toChunk } from "../bytes/chunk.ts";
import type { BytesWriter } from "../bytes/leaves.ts";
import type { Output } from "../bytes/output.ts";
import type { Column, RowSet } from "../bytes/rows.ts";
import { copy, integer, otherWriter, text } from "./copying.ts";
import { generate, type ProgramField, type ProgramNode } from "./generate.ts";
import { WritingSpace } from "./space.ts";

type Write = (src: Buffer, sv: DataView, end: number, out: Buffer, ov: DataView, at: number, room: number) => number;

export class Program {
  readonly #fitsColumns: (columns: readonly Column[]) => boolean;
  readonly #write: Write;
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
    others: readonly BytesWriter[],
  ) {
    this.#fitsColumns = fits;
    const make = new Function("copy", "text", "integer", "other", "space", generate(root, nodes)) as (
      ...given: unknown[]
    ) => Write; // as generate() says
    this.#write = make(copy, text, integer, otherWriter(others), space);
  }

  /** Writes the answer's data. False: it can't be written by this, and nothing was. */
  write(rows: RowSet, out: Output): boolean {
    const whole = rows.count === 0 ? nothing : rows.whole;
    return (
      whole !== null && this.#fits(rows.columns) && out.writeBy((memory, at) => this.#writeInto(whole, memory, at))
    );
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

const space = new WritingSpace();
const nothing = { chunk: toChunk(Buffer.alloc(8)), end: 0 };
