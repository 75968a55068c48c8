/** Rows as tests compare them. */
import { type Column, RowSet } from "../../../planner/index.ts";

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

/** The body of the DataRow message for these fields. */
export function dataRow(fields: readonly (string | Buffer | null)[]): Buffer {
  const parts = [int16(fields.length)];
  for (const field of fields) {
    const text = typeof field === "string" ? Buffer.from(field) : field;
    parts.push(int32(text?.length ?? -1), text ?? Buffer.alloc(0));
  }
  return Buffer.concat(parts);
}

/** Rows as if a statement had returned them. */
export function rowSetOf(columns: readonly Column[], rows: readonly (readonly (string | null)[])[]): RowSet {
  const set = new RowSet(columns);
  for (const fields of rows) {
    const body = dataRow(fields);
    const message = Buffer.concat([Buffer.from("D"), int32(body.length + 4), body]);
    set.add(message, 0, message.length, 1);
  }
  return set;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
