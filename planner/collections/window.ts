/** Which part of a collection a client asks for. */
import { type Arguments, type CollectionDescription, type JsonValue, PuffError } from "../../schema/index.ts";

export interface Window {
  /** Items at most; null: all that there are. */
  readonly limit: number | null;
  /** Items that are left out before them. */
  readonly offset: number;
  /** Whether they are the last ones, not the first. */
  readonly backward: boolean;
  /** Cursors of the rows before and behind them. */
  readonly after: string | null;
  readonly before: string | null;
}

/**
 * The window that a field's arguments ask for.
 *
 * @throws PuffError `PUFF_PAGE_INVALID`: a number that is negative or too large, or `first` with `last`.
 */
export function windowOf(collection: Pick<CollectionDescription, "form" | "size" | "max">, args: Arguments): Window {
  if (collection.form !== "connection") {
    const { offset = null, limit = null } = (args["pagination"] ?? {}) as { [name: string]: JsonValue };
    return {
      limit: sizeOf(collection, "pagination.limit", limit),
      offset: countOf("pagination.offset", offset) ?? 0,
      backward: false,
      after: null,
      before: null,
    };
  }
  const { first = null, last = null, after = null, before = null } = args;
  if (first !== null && last !== null) {
    throw new PuffError("PUFF_PAGE_INVALID", '"first" and "last" contradict each other', {
      remedy: "Ask for the first items or for the last.",
    });
  }
  const backward = last !== null;
  return {
    limit: sizeOf(collection, backward ? "last" : "first", backward ? last : first),
    offset: 0,
    backward,
    after: after === null ? null : String(after),
    before: before === null ? null : String(before),
  };
}

/**
 * The window of a collection's groups, of which a page has as many as its items may have.
 *
 * @throws PuffError `PUFF_PAGE_INVALID`
 */
export function groupsWindowOf({ max }: CollectionDescription, args: Arguments): Window {
  return windowOf({ form: "list", size: max, max }, args);
}

function sizeOf(
  { size, max }: Pick<CollectionDescription, "size" | "max">,
  name: string,
  asked: JsonValue,
): number | null {
  const count = countOf(name, asked);
  if (count !== null && max !== null && count > max) {
    throw new PuffError("PUFF_PAGE_INVALID", `"${name}" is ${count}, and a page has at most ${max} items`, {
      remedy: "Ask for several pages, one after the other.",
    });
  }
  return count ?? size;
}

function countOf(name: string, asked: JsonValue): number | null {
  if (asked === null) {
    return null;
  }
  const count = Number(asked);
  if (!Number.isInteger(count) || count < 0) {
    throw new PuffError("PUFF_PAGE_INVALID", `"${name}" is ${count}, and has to be 0 or more`);
  }
  return count;
}
