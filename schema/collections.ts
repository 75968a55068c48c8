/**
 * Collections: plans of which clients may ask a part, filtered, ordered, in pages and counted. Python describes once
 * what may be asked, as fragments of SQL; the planner joins the fragments that a request asks for.
 */
import type { OrderTerm, SqlFragment } from "./plan.ts";

/** What clients may ask of a field whose resolver gives a plan. */
export interface CollectionDescription {
  /**
   * `list`: the items themselves, with the argument `pagination`. `page`: an object with the items, their number and the
   * page, with the argument `pagination`. `connection`: Relay's, with `first`, `after`, `last` and `before`.
   * https://relay.dev/graphql/connections.htm
   */
  readonly form: "list" | "page" | "connection";
  /** Input type of the argument `filters`, among {@link CollectionInputs.filters}; null: there is none. */
  readonly filters: string | null;
  /** Input type of the items of the argument `ordering`, among {@link CollectionInputs.orderings}; null: there is none. */
  readonly ordering: string | null;
  /** The order where a client asks for none. */
  readonly order: readonly OrderTerm[];
  /** Columns that identify a row. They complete every order, so that pages never overlap. */
  readonly key: readonly string[];
  /** Items of a page whose size the client leaves open; null: all. */
  readonly size: number | null;
  /** The most items that a client may ask for; null: any number. */
  readonly max: number | null;
  /** By the column that a field of the page's aggregates reads: what it is over the collection's rows. */
  readonly aggregates?: { readonly [column: string]: SqlFragment };
  /** What clients may ask of groups of the collection's rows. */
  readonly groups?: GroupsDescription;
}

/** Of a page's field with the arguments `groupBy`, `having`, `ordering` and `pagination`. */
export interface GroupsDescription {
  /** By the names that `groupBy` takes: the column that a field of the keys reads, and what the key is of a row. */
  readonly keys: { readonly [name: string]: { readonly column: string; readonly sql: SqlFragment } };
  /** Input type of `having`, among {@link CollectionInputs.filters}, of which the SQL is of aggregates. */
  readonly having: string;
  /** Input type of the items of `ordering`, among {@link CollectionInputs.orderings}, of which the SQL is of keys and aggregates. */
  readonly ordering: string;
}

/** Filters and orders of a schema, by the names of their input types. */
export interface CollectionInputs {
  readonly filters: { readonly [type: string]: FilterDescription };
  readonly orderings: { readonly [type: string]: OrderingDescription };
}

/** What each field of a filter's input type means. */
export type FilterDescription = { readonly [field: string]: Condition };

export type Condition =
  | { readonly kind: "sql"; readonly sql: SqlFragment }
  /** For a Boolean. */
  | { readonly kind: "boolean"; readonly whenTrue: SqlFragment; readonly whenFalse: SqlFragment }
  /** For an input object of lookups, all of which must hold. */
  | { readonly kind: "all"; readonly lookups: FilterDescription }
  /** For a filter of related rows: there must be one that it holds for. */
  | { readonly kind: "related"; readonly related: Related; readonly filter: string }
  /** For a filter of the same type, or a list of them. `or` with one filter: it, or the fields beside it. */
  | { readonly kind: "and" | "or" | "not" }
  /** Changes nothing: no row of a collection comes twice. */
  | { readonly kind: "distinct" };

/** Rows that belong to a row of the collection. */
export interface Related {
  /** A SELECT without parameters, but for constants. */
  readonly source: SqlFragment;
  /** Columns of the row, and columns of the source that equal them. */
  readonly keys: readonly (readonly [column: string, related: string])[];
  /** Whether there may be several. Default: false. */
  readonly many?: boolean;
  /** The types that show such rows and limit who sees which: no other rows count. Default: none. */
  readonly visible?: readonly string[];
  /** The source's columns that identify a row, where `visible` asks for them. */
  readonly identity?: readonly string[];
}

/** What each field of an order's input type means. */
export type OrderingDescription = {
  readonly [field: string]:
    | { readonly kind: "sql"; readonly sql: SqlFragment; readonly nullable: boolean }
    /** For an order of the one related row. */
    | { readonly kind: "related"; readonly related: Related; readonly ordering: string }
    /** For an order of the same row. */
    | { readonly kind: "row"; readonly ordering: string };
};

/** What a field of a page or of a connection is, or of their parts. */
export type PagePart =
  /** The items, as a list. */
  | "items"
  /** The items, each within an edge. */
  | "edges"
  /** How many items there are on all pages. */
  | "totalCount"
  /** An object of columns: `offset` and `limit`, or `hasNextPage`, `hasPreviousPage`, `startCursor` and `endCursor`. */
  | "pageInfo"
  /** An object of the collection's `aggregates`, over the rows of all pages. */
  | "aggregates"
  /** A list of objects of a group's keys, which are objects of columns, and of its `aggregates`. */
  | "groups"
  /** Of an edge, of aggregates or of a group: an object of the same row. */
  | "row"
  /** Of an edge: the place of its row in the collection's order. */
  | "cursor";
