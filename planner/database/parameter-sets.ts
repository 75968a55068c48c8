/**
 * One statement for many sets of parameters: `unnest` makes a row of each set, and the statement is joined to it
 * laterally, so that its rows come back beside their set's number.
 */
import { LRUCache } from "lru-cache";
import { PuffError, type SqlPlan, type TypedText } from "../../schema/index.ts";
import { cutSql, fillSql } from "../sql/sql-text.ts";
import { OID, printArray, typeNameOf } from "../types/oids.ts";
import type { Database } from "./database.ts";

/** The column that holds a set's number, counted from 1. */
export const setColumn = "puff_set";

/** Statements that were written for many sets. */
export class ParameterSets {
  /** By types and text; null: it can't be a subquery. */
  readonly #texts = new LRUCache<string, { readonly text: string | null }>({ max: 500 });
  #probes = 0;

  /**
   * The plan for all sets at once, correlated on {@link setColumn}; null if there is none. Each set has the same
   * types.
   *
   * @throws PuffError if the database can't be had.
   */
  async combine(database: Database, plan: SqlPlan, sets: readonly (readonly TypedText[])[]): Promise<SqlPlan | null> {
    const oids = (sets[0] ?? []).map(([oid]) => oid);
    const key = `${database.scope ?? ""} ${oids.join()} ${plan.text}`;
    let known = this.#texts.get(key);
    if (known === undefined) {
      known = { text: await this.#write(database, plan.text, oids) };
      this.#texts.set(key, known);
    }
    if (known.text === null) {
      return null;
    }
    return {
      ...plan,
      text: known.text,
      params: oids.map((_, index) => [TEXT_ARRAY, printArray(sets.map((set) => set[index]?.[1] ?? null))]),
      parentKeys: [setColumn],
      childKeys: [setColumn],
    };
  }

  /** Null if the statement fails: run alone, it says why. */
  async #write(database: Database, text: string, oids: readonly number[]): Promise<string | null> {
    try {
      const cut = await cutSql(text);
      const types = await this.#inferTypes(database, cut.text, oids);
      const inner = fillSql(cut, ({ number }) => `CAST(puff_sets.p${number} AS ${types[number - 1]})`);
      const columns = oids.map((_, index) => `p${index + 1}`).join(", ");
      const arrays = oids.map((_, index) => `$${index + 1}`).join(", ");
      return (
        `SELECT puff_rows.*, puff_sets.${setColumn} FROM unnest(${arrays}) WITH ORDINALITY ` +
        `AS puff_sets (${columns}, ${setColumn}) CROSS JOIN LATERAL (${inner}\n) AS puff_rows`
      );
    } catch (error) {
      if (error instanceof PuffError && error.status !== 200) {
        throw error;
      }
      return null;
    }
  }

  /** The names of the parameters' types: Postgres infers those that were not given. */
  async #inferTypes(database: Database, text: string, oids: readonly number[]): Promise<string[]> {
    if (!oids.some((oid) => !isNamed(oid))) {
      return oids.map(typeNameOf);
    }
    this.#probes++;
    const name = `puff_probe_${this.#probes}`;
    const declared = oids.map((oid) => (isNamed(oid) ? typeNameOf(oid) : "unknown")).join(", ");
    return await database.transaction(async (session) => {
      await session.query({ text: `PREPARE ${name} (${declared}) AS ${text}`, params: [] });
      const asking = `SELECT unnest(parameter_types)::text FROM pg_catalog.pg_prepared_statements WHERE name = $1`;
      const rows = await session.query({ text: asking, params: [[OID.text, name]] });
      await session.query({ text: `DEALLOCATE ${name}`, params: [] });
      const result = Array.from({ length: rows.count }, (_, row) => {
        rows.seek(row);
        return rows.text(0);
      });
      return { commit: true, result };
    });
  }
}

const TEXT_ARRAY = 1009;

/** Whether {@link typeNameOf} names the type itself: what it doesn't know it calls text. */
function isNamed(oid: number): boolean {
  return oid === OID.text || typeNameOf(oid) !== "text";
}
