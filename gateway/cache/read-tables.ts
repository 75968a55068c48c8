/** Which tables' rows decide what statements answer: those that they name, and those behind views and policies. */
import { LRUCache } from "lru-cache";
import { type Database, relationsOf } from "../../planner/index.ts";
import { ANY_TABLE } from "./table-writes.ts";

/** Milliseconds for which views, policies and functions are taken to be what they were. */
const lasting = 10_000;

export class ReadTables {
  readonly #database: Database;
  readonly #known = new LRUCache<string, readonly string[]>({ max: 1000, ttl: lasting });

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Names without their schemas, {@link ANY_TABLE} among them where a function may read any.
   *
   * @throws PuffError if the database can't be had; Error: Postgres can't parse one.
   */
  async of(texts: ReadonlySet<string>): Promise<readonly string[]> {
    if (texts.size === 0) {
      return [];
    }
    const relations = await Promise.all([...texts].map((text) => relationsOf(text)));
    const named = [...new Set(relations.flatMap((each) => [...each.named]))].sort();
    const functions = [...new Set(relations.flatMap((each) => [...each.functions]))].sort();
    const key = JSON.stringify([named, functions]);
    let tables = this.#known.get(key);
    if (tables === undefined) {
      tables = await this.#ask(named, functions);
      this.#known.set(key, tables);
    }
    return tables;
  }

  async #ask(named: readonly string[], functions: readonly string[]): Promise<string[]> {
    const params = [named, functions].map((names) => [0, JSON.stringify(names)] as const);
    const rows = await this.#database.query({ text: question, params });
    const tables = [...named];
    for (let row = 0; row < rows.count; row++) {
      rows.seek(row);
      tables.push(rows.text(0));
    }
    return [...new Set(tables)];
  }
}

/**
 * From each relation to what its rules (a view's query is one), its policies and its partitions depend on. A function that
 * no extension and not Postgres itself brings may read what it likes.
 */
const question = `
  WITH RECURSIVE own_function (oid, name) AS (
    SELECT function.oid, function.proname
      FROM pg_catalog.pg_proc AS function
      JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = function.pronamespace
      WHERE namespace.nspname NOT IN ('pg_catalog', 'information_schema')
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = function.oid AND d.deptype = 'e'
        )
  ), part (relation, classid, objid) AS (
    SELECT ev_class, 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, oid FROM pg_catalog.pg_rewrite
    UNION ALL
    SELECT polrelid, 'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid, oid FROM pg_catalog.pg_policy
  ), read (oid) AS (
    SELECT relation.oid
      FROM pg_catalog.pg_class AS relation
      WHERE relation.relname IN (SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json))
    UNION
    SELECT behind.oid
      FROM read
      CROSS JOIN LATERAL (
        SELECT d.refobjid AS oid
          FROM part
          JOIN pg_catalog.pg_depend AS d ON d.classid = part.classid AND d.objid = part.objid
          WHERE part.relation = read.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        UNION ALL
        SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = read.oid
        UNION ALL
        SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = read.oid
      ) AS behind
  )
  SELECT relation.relname::pg_catalog.text
    FROM read JOIN pg_catalog.pg_class AS relation ON relation.oid = read.oid
  UNION ALL
  SELECT '${ANY_TABLE}'
    WHERE EXISTS (
      SELECT FROM own_function WHERE name IN (SELECT pg_catalog.json_array_elements_text($2::pg_catalog.json))
    ) OR EXISTS (
      SELECT
        FROM read
        JOIN part ON part.relation = read.oid
        JOIN pg_catalog.pg_depend AS d ON d.classid = part.classid AND d.objid = part.objid
        JOIN own_function ON own_function.oid = d.refobjid
        WHERE d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    )`;
