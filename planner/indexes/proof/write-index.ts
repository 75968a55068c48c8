/** Indexes as SQL. */
import type { Index } from "./report.ts";

/**
 * The statements that make an index.
 *
 * @example writeIndex({ table: "post", method: "btree", columns: [{ sql: "votes", suffix: "" }], extension: null });
 * // ["CREATE INDEX ON post (votes);"]
 */
export function writeIndex(index: Index): string[] {
  const { extension, table } = index;
  return [
    ...(extension === null ? [] : [`CREATE EXTENSION IF NOT EXISTS ${extension};`]),
    `CREATE INDEX ON ${table} ${writeKeys(index)};`,
  ];
}

/** `USING gin (title gin_trgm_ops)`. */
export function writeKeys({ method, columns }: Pick<Index, "method" | "columns">): string {
  const keys = columns.map(({ sql, suffix }) => `${isColumn(sql) ? sql : `(${sql})`}${suffix}`);
  return `${method === "btree" ? "" : `USING ${method} `}(${keys.join(", ")})`;
}

function isColumn(sql: string): boolean {
  return /^("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)$/.test(sql);
}
