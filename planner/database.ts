/** What the planner needs of a database: statements in, row bytes out. The gateway implements it on `pg`. */
import type { TypedText } from "../schema/index.ts";
import type { RowSet } from "./rows.ts";

/** One SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly params: readonly TypedText[];
}

/**
 * Runs statements. Fails with a PuffError: `PUFF_SQL_FAILED` with Postgres's message, `PUFF_PLAN_PARAMETERS`,
 * `PUFF_PLAN_STATEMENTS`, `PUFF_STATEMENT_TIMEOUT`, `PUFF_TOO_MANY_ROWS`, `PUFF_POOL_BUSY` or
 * `PUFF_DATABASE_UNAVAILABLE`.
 */
export interface Session {
  query(statement: Statement): Promise<RowSet>;
}

export interface Database extends Session {
  /**
   * Runs `work` on one connection between BEGIN and COMMIT; a throw of its rolls back. `work` returns whether to
   * commit beside its result, since an operation can fail without a throw.
   */
  transaction<T>(work: (session: Session) => Promise<{ readonly commit: boolean; readonly result: T }>): Promise<T>;
}
