/** What Postgres's catalogue says of tables and indexes. */
import type { TypedText } from "../../../schema/index.ts";
import type { Session } from "../../database/database.ts";
import { OID } from "../../types/oids.ts";
import { normalize } from "./conditions.ts";
import type { Scan } from "./plan-tree.ts";
import type { IndexCatalogue, IndexFacts } from "./verdict.ts";

/** The indexes that scans read. */
export async function indexesOf(session: Session, scans: readonly Scan[]): Promise<IndexCatalogue> {
  const used = scans.flatMap(({ ways }) => ways.flat().map(({ index }) => index));
  if (used.length === 0) {
    return new Map();
  }
  // In a plan, the schema of temporary tables has this name.
  const text = `
    SELECT CASE n.oid WHEN pg_my_temp_schema() THEN 'pg_temp' ELSE n.nspname END, c.relname, a.amname,
      pg_get_indexdef(c.oid, 1, true), i.indpred IS NOT NULL
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
      JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = ANY(ARRAY(SELECT jsonb_array_elements_text($1)))`;
  const rows = await textsOf(session, text, [[OID.jsonb, JSON.stringify(used)]]);
  return new Map(
    rows.map(([schema, name, method = "", leading = "", isPartial]): [string, IndexFacts] => [
      `${schema}.${name}`,
      { method, leading, isPartial: isPartial === "t" },
    ]),
  );
}

export interface TableFacts {
  /** As SQL names it here, with its schema where that is needed. Of a partition: the whole table. */
  readonly name: string;
  /** The same without a schema, and without quotes. */
  readonly last: string;
  /** What its B-trees begin with. */
  readonly leading: readonly string[];
}

/** By schema and name: `public.post`. */
export type Tables = ReadonlyMap<string, TableFacts>;

/** The tables that are scanned. */
export async function tablesOf(session: Session, scans: readonly Scan[]): Promise<Tables> {
  const text = `
    SELECT n.nspname || '.' || c.relname, w.oid::regclass, w.relname,
      (SELECT jsonb_agg(pg_get_indexdef(i.indexrelid, 1, true))
       FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am a ON a.oid = x.relam
       WHERE i.indrelid = c.oid AND a.amname = 'btree' AND i.indpred IS NULL AND i.indisvalid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_class w ON w.oid = coalesce(pg_partition_root(c.oid), c.oid)
    WHERE c.relkind IN ('r', 'm', 'p')
      AND n.nspname || '.' || c.relname = ANY(ARRAY(SELECT jsonb_array_elements_text($1)))`;
  const names = scans.map(({ schema, table }) => `${schema}.${table}`);
  const rows = await textsOf(session, text, [[OID.jsonb, JSON.stringify(names)]]);
  return new Map(
    rows.map(([table = "", name = "", last = "", leading = ""]): [string, TableFacts] => {
      const expressions: readonly string[] = leading === "" ? [] : JSON.parse(leading);
      return [table, { name, last, leading: expressions.map(normalize) }];
    }),
  );
}

/** A statement's rows as texts; of NULL it is empty. */
export async function textsOf(session: Session, text: string, params: readonly TypedText[]): Promise<string[][]> {
  const rows = await session.query({ text, params });
  return Array.from({ length: rows.count }, (_, row) => {
    rows.seek(row);
    return rows.columns.map((_column, column) => (rows.isNull(column) ? "" : rows.text(column)));
  });
}
