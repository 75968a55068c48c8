/** What the psycopg2 shim is told of a statement: plain JSON, with rows and COPY data in buffers beside it. */

/** Fields of an error or a notice, by the letters of the Postgres protocol: `C` is the SQLSTATE, `M` the message. */
export type Fields = { readonly [letter: string]: string };

/** Name, type's OID, type's size, type's modifier, table's OID, number in the table. */
export type ColumnTuple = readonly [string, number, number, number, number, number];

/**
 * The last result of a statement text.
 *
 * - `rows`: buffers are the cells and the numbers of those that are NULL, see `RowCells`.
 * - `copyOut`: data can be read; `copyIn`: data is waited for. The statement goes on.
 */
export type StatementResult =
  | { readonly kind: "rows"; readonly tag: string; readonly columns: readonly ColumnTuple[]; readonly count: number }
  | { readonly kind: "command"; readonly tag: string }
  | { readonly kind: "empty" | "copyIn" | "copyOut" | "copyBoth" }
  | { readonly kind: "error"; readonly fields: Fields }
  /** The connection ended. What Postgres said of it goes unmentioned, as with libpq. */
  | { readonly kind: "lost"; readonly message: string };

/** What Postgres said of itself meanwhile; members without news are left out. */
export interface News {
  /** `I`dle, in a `T`ransaction, in a failed one (`E`); `A`: a statement is under way. */
  readonly status: "I" | "T" | "E" | "A";
  readonly notices?: readonly Fields[];
  /** Process, channel, payload. */
  readonly notifies?: readonly (readonly [number, string, string])[];
  readonly parameters?: { readonly [name: string]: string };
}

export interface Outcome extends News {
  readonly result: StatementResult;
}
