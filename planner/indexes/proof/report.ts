/** What was found of a schema's collections and the indexes of its database. Types alone. */

/** One thing that clients may ask. */
export interface Need {
  /** Of the collection: `Query.posts`. */
  readonly field: string;
  /**
   * `filter`: rows for which one condition holds. `order`: the first rows in an order. `page`: the first rows of each
   * parent.
   */
  readonly kind: "filter" | "order" | "page";
  /** What a client writes: `filters.votes.gt`, `ordering.title`; of a page, and of a collection's own order: nothing. */
  readonly asked: string;
  /** What Postgres does for it: `reads all of post`. */
  readonly why: string;
}

export interface IndexColumn {
  /** A column's name, or an expression, as SQL has it. */
  readonly sql: string;
  /** ` DESC`, ` text_pattern_ops`, or nothing. */
  readonly suffix: string;
}

/** An index that a table could have. */
export interface Index {
  /** As SQL names it. */
  readonly table: string;
  readonly method: "btree" | "gin" | "gist";
  readonly columns: readonly IndexColumn[];
  /** Extension that has to be made first; null: none. */
  readonly extension: string | null;
}

export interface MissingIndex {
  readonly index: Index;
  /** Whether Postgres was seen to use it, on an empty copy of the table. */
  readonly tried: boolean;
  readonly needs: readonly Need[];
}

export interface IndexReport {
  /** How many filters, orders and pages an index serves. */
  readonly served: number;
  /** What an index would serve. */
  readonly missing: readonly MissingIndex[];
  /** What no index is known to serve. */
  readonly unservable: readonly Need[];
  /** What can't be told. `why`: the reason. */
  readonly unchecked: readonly Pick<Need, "field" | "asked" | "why">[];
}
