/** Rows as tests compare them. */
import type { RowSet } from "../../planner/index.ts";

export function textsOf(rows: RowSet): (string | null)[][] {
  return Array.from({ length: rows.count }, (_, row) => {
    rows.seek(row);
    return rows.columns.map((_, column) => (rows.isNull(column) ? null : rows.text(column)));
  });
}

/** The one field of the one row. */
export function textOf(rows: RowSet): string | null {
  return textsOf(rows)[0]?.[0] ?? null;
}
