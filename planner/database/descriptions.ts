/** What Postgres says of statements that are not run: the columns that each has as a subquery. */
import { LRUCache } from "lru-cache";
import { PuffError, type SqlPlan } from "../../schema/index.ts";
import type { Column } from "../bytes/rows.ts";
import { cutSql } from "../sql/sql-text.ts";
import type { Session } from "./database.ts";
import { reasonOf, stateOf } from "./statement-errors.ts";
import { attempt } from "./transaction.ts";

/** A statement's columns; null: it can't stand as a subquery, and why. */
export type Described = { readonly columns: readonly Column[] | null; readonly why: string };

/** Answers of Postgres by which a statement can't stand as a subquery, whatever its tables are. */
const UNWRAPPABLE_STATES = /^(42601|0A000)$/;

/** Whether Postgres says that the statement can't stand as a subquery, whatever its tables are. */
export function isUnwrappable(error: PuffError): boolean {
  return UNWRAPPABLE_STATES.test(stateOf(error));
}

export class Descriptions {
  readonly #known = new LRUCache<string, Described>({ max: 2000 });

  /**
   * A statement's columns; asking runs nothing, since no row is wanted.
   *
   * @param oids Types of its parameters.
   * @throws PuffError if the database can't be had.
   */
  async of(session: Session, plan: SqlPlan, oids: readonly number[]): Promise<Described> {
    const key = keyOf(session.scope ?? "", plan, oids);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    try {
      const { text } = await cutSql(plan.text);
      const params = oids.map((oid) => [oid, null] as const);
      const asking = { text: `SELECT * FROM (${text}\n) AS described LIMIT 0`, params };
      const described = { columns: (await attempt(session, asking)).columns, why: "" };
      this.#known.set(key, described);
      return described;
    } catch (error) {
      if (error instanceof PuffError && error.status !== 200) {
        throw error;
      }
      // It can't stand as a subquery, or not at all: run alone, it says why.
      const described = { columns: null, why: `it can't be a subquery: ${reasonOf(error)}` };
      if (!(error instanceof PuffError) || isUnwrappable(error)) {
        this.#known.set(key, described);
      }
      return described;
    }
  }

  /** The same without asking; undefined if it is not known. */
  known(scope: string, plan: SqlPlan, oids: readonly number[]): Described | undefined {
    return this.#known.get(keyOf(scope, plan, oids));
  }

  /** Keeps the columns that a statement was found to have. */
  learn(scope: string, plan: SqlPlan, oids: readonly number[], columns: readonly Column[] | null): void {
    this.#known.set(keyOf(scope, plan, oids), { columns, why: columns === null ? "it can't be a subquery" : "" });
  }

  /** Has Postgres asked again: a table may have been altered. */
  forget(scope: string, plan: SqlPlan, oids: readonly number[]): void {
    this.#known.delete(keyOf(scope, plan, oids));
  }
}

function keyOf(scope: string, { text }: SqlPlan, oids: readonly number[]): string {
  return `${scope} ${oids.join()} ${text}`;
}
