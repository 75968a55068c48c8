/** What the planner needs of a database: statements in, row bytes out. The gateway implements it on `pg`. */
import type { TypedText } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";

/** One SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly params: readonly TypedText[];
  /** Aborted when nobody waits for it any more: it is given up, and fails with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Postgres settings by name, as text. */
export interface PgSettings {
  readonly [name: string]: string;
}

/**
 * Runs statements. Fails with a PuffError: `PUFF_SQL_FAILED` with Postgres's message, `PUFF_PLAN_PARAMETERS`,
 * `PUFF_PLAN_STATEMENTS`, `PUFF_PLAN_WRITES`, `PUFF_PG_SETTINGS`, `PUFF_STATEMENT_TIMEOUT`, `PUFF_TOO_MANY_ROWS`,
 * `PUFF_POOL_BUSY` or `PUFF_DATABASE_UNAVAILABLE`.
 */
export interface Session {
  /** Where it differs, the same statement may have other columns. Absent: as the database's user has it. */
  readonly scope?: string;
  query(statement: Statement): Promise<RowSet>;
}

/** Rows of a statement that may not have ended yet. */
export interface RowStream {
  /** The first rows; all of them where `rest` is null. */
  readonly first: RowSet;
  /**
   * Those that follow, a part at a time: while none is asked for, the database is held up. `return` ends the statement.
   * Fails as `query` does.
   */
  readonly rest: AsyncIterableIterator<RowSet> | null;
}

export interface Database extends Session {
  /** Runs a statement that only reads, in a transaction of its own, which has the settings. */
  query(statement: Statement, settings?: PgSettings): Promise<RowSet>;
  /**
   * Runs a statement whose rows may be too many to be held. The signal ends it.
   *
   * @example
   * const { first, rest } = await database.stream({ text: "SELECT * FROM measurement", params: [] }, signal);
   */
  stream(statement: Statement, signal: AbortSignal, settings?: PgSettings): Promise<RowStream>;
  /**
   * Runs `work` on one connection between BEGIN and COMMIT; a throw of its rolls back. `work` returns whether to
   * commit beside its result, since an operation can fail without a throw. The transaction has the settings.
   */
  transaction<T>(work: TransactionWork<T>, settings?: PgSettings): Promise<T>;
  /**
   * Runs one statement in a transaction of its own, which has the settings, and commits it where it succeeds, all in one
   * flight. Absent: it takes {@link transaction}.
   */
  commit?: (statement: Statement, settings?: PgSettings) => Promise<RowSet>;
  /**
   * As {@link transaction}, but begun at once, and Python's own statements can be part of it. `read`: nothing can be
   * written, and a statement that fails leaves the others be. Absent: Python has no way into the database.
   */
  share?: Share;
}

export type Share = <T>(access: Access, work: SharedWork<T>, settings?: PgSettings) => Promise<T>;

export type Access = "read" | "write";

export interface SharedSession extends Session {
  /** What calls of resolvers come into the transaction by; null: they are in it already. */
  readonly ticket: string | null;
}

export type SharedWork<T> = (session: SharedSession) => ReturnType<TransactionWork<T>>;

export type TransactionWork<T> = (session: Session) => Promise<{ readonly commit: boolean; readonly result: T }>;
