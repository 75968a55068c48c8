/** Cursors: the place of a row in a collection's order, as a text that clients give back. */
import { hash } from "node:crypto";
import { PuffError } from "../../schema/index.ts";
import { type Chunk, toChunk } from "../bytes/chunk.ts";
import { Output } from "../bytes/output.ts";
import type { RowSet } from "../bytes/rows.ts";

/** Characters of what tells one collection's cursors from another's. */
const MARK_LENGTH = 10;
/** Characters of a cursor that is read at all. */
const LONGEST = 20_000;

/**
 * Makes and reads the cursors of one collection in one order, under one filter.
 *
 * A cursor holds the values of the order's terms in its row, as Postgres prints them. It tells no secret, and guards none:
 * its values are only compared with. The mark tells cursors of other collections, orders and filters apart.
 *
 * @example new Cursors("Query.posts", [{ votes: "DESC" }], null).writer(rows, [3, 4])(out, row);
 */
export class Cursors {
  readonly #identity: readonly unknown[];
  #known: Chunk | null = null;

  /** @param identity What two cursors that can be compared have in common, as JSON. */
  constructor(...identity: readonly unknown[]) {
    this.#identity = identity;
  }

  /** Writes a row's cursor as a JSON string. `columns`: those of the order's terms. */
  writer(rows: RowSet, columns: readonly number[]): (out: Output, row: number) => void {
    const place = new Output(0);
    return (out, row) => {
      rows.seek(row);
      place.truncate(0);
      place.bytes(this.mark);
      place.byte(0x5b);
      for (const [index, column] of columns.entries()) {
        if (index > 0) {
          place.byte(0x2c);
        }
        if (rows.isNull(column)) {
          place.null();
        } else {
          place.text(rows.chunk, rows.starts[column] ?? 0, rows.ends[column] ?? 0);
        }
      }
      place.byte(0x5d);
      out.base64url(place);
    };
  }

  /**
   * The values of `count` terms in the row that a cursor stands for.
   *
   * @param argument What the client gave it as.
   * @throws PuffError `PUFF_CURSOR_INVALID`: it is broken, or was made for something else.
   */
  read(cursor: string, count: number, argument: string): (string | null)[] {
    const text = cursor.length > LONGEST ? "" : Buffer.from(cursor, "base64url").toString();
    if (text.slice(0, MARK_LENGTH) !== this.mark.bytes.toString()) {
      throw new PuffError("PUFF_CURSOR_INVALID", `"${argument}" is not a cursor of this collection in this order`, {
        remedy: "Send a cursor that the same field gave, with the same filters and ordering.",
      });
    }
    const values = parse(text.slice(MARK_LENGTH));
    if (
      !Array.isArray(values) ||
      values.length !== count ||
      !values.every((value) => value === null || (typeof value === "string" && !value.includes("\0")))
    ) {
      throw new PuffError("PUFF_CURSOR_INVALID", `"${argument}" is a cursor that is broken`, {
        remedy: "Send it as the field gave it.",
      });
    }
    return values as (string | null)[]; // checked above
  }

  /** What the cursors begin with. */
  get mark(): Chunk {
    this.#known ??= toChunk(
      Buffer.from(hash("sha256", JSON.stringify(this.#identity), "base64url").slice(0, MARK_LENGTH)),
    );
    return this.#known;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
