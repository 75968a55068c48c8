/** SQL of triggers that tell gateways what others write. */
import type { Session } from "../../planner/index.ts";
import { WRITES_CHANNEL } from "./watched-database.ts";

/** Quoted, with their schemas. */
export async function findTables(database: Session): Promise<string[]> {
  const rows = await database.query({
    text: `
      SELECT pg_catalog.format('%I.%I', namespace.nspname, relation.relname)
        FROM pg_catalog.pg_class AS relation
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
        WHERE relation.relkind IN ('r', 'p') AND relation.relpersistence <> 't'
          AND namespace.nspname NOT IN ('pg_catalog', 'information_schema') AND namespace.nspname NOT LIKE 'pg\\_toast%'
        ORDER BY 1`,
    params: [],
  });
  return Array.from({ length: rows.count }, (_, row) => {
    rows.seek(row);
    return rows.text(0);
  });
}

/** The function and a trigger for each table; running it again changes nothing. */
export function writeTriggers(tables: readonly string[]): string {
  const triggers = tables.map(
    (table) => `CREATE OR REPLACE TRIGGER puff_cache
  AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
  FOR EACH STATEMENT EXECUTE FUNCTION puff_cache_written();`,
  );
  return [triggerFunction, ...triggers].join("\n\n");
}

const triggerFunction = `CREATE OR REPLACE FUNCTION puff_cache_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_catalog.pg_notify('${WRITES_CHANNEL}', pg_catalog.json_build_array(TG_TABLE_NAME)::text);
  RETURN NULL;
END
$$;`;
