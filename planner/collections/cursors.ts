/** Cursors: the place of a row in a collection's order, as a text that clients give back. */
import { hash } from "node:crypto";
import { PuffError } from "../../schema/index.ts";

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
 * @example new Cursors("Query.posts", [{ votes: "DESC" }], null).write(["7", "3"]);
 */
export class Cursors {
  readonly #identity: readonly unknown[];
  #known: string | null = null;

  /** @param identity What two cursors that can be compared have in common, as JSON. */
  constructor(...identity: readonly unknown[]) {
    this.#identity = identity;
  }

  write(values: readonly (string | null)[]): string {
    return Buffer.from(this.#mark + JSON.stringify(values)).toString("base64url");
  }

  /**
   * The values of `count` terms in the row that a cursor stands for.
   *
   * @param argument What the client gave it as.
   * @throws PuffError `PUFF_CURSOR_INVALID`: it is broken, or was made for something else.
   */
  read(cursor: string, count: number, argument: string): (string | null)[] {
    const text = cursor.length > LONGEST ? "" : Buffer.from(cursor, "base64url").toString();
    if (text.slice(0, MARK_LENGTH) !== this.#mark) {
      throw new PuffError("PUFF_CURSOR_INVALID", `"${argument}" is no cursor of this collection in this order`, {
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

  get #mark(): string {
    this.#known ??= hash("sha256", JSON.stringify(this.#identity), "base64url").slice(0, MARK_LENGTH);
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
