/** Transactions: one connection, one statement after the other, all or nothing. */
import type { RowSet, Session, Statement, TransactionWork } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { abandonment } from "../connect/cancel.ts";
import { asPuffError } from "../errors/errors.ts";
import { StatementFailure } from "../errors/statement-errors.ts";
import type { SessionEffects } from "../session/session-effects.ts";
import { discardSequences, resetText } from "../session/session-reset.ts";
import type { Prelude } from "../session/session-settings.ts";
import { withTypes } from "../wire/empty-lists.ts";
import type { RawClient } from "../wire/raw-client.ts";
import { type QueryLimits, RowQuery, savepoint } from "../wire/row-query.ts";

export interface TransactionOptions {
  /** What begins it. */
  readonly prelude: Prelude | null;
  readonly limits: QueryLimits;
  /** The database, for errors. */
  readonly place: string;
  /** Whether it has to leave the session as new, since others may be given it as soon as it ends. */
  readonly pooler: boolean;
  readonly effects: SessionEffects;
}

/**
 * Runs `work` in a transaction, which begins in the flight of its first statement.
 *
 * @throws PuffError; whatever `work` throws.
 */
export async function runTransaction<T>(
  client: RawClient,
  work: TransactionWork<T>,
  options: TransactionOptions,
): Promise<T> {
  const session = new TransactionSession(client, options);
  try {
    const { commit, result } = await work(session);
    await session.end();
    if (session.begun) {
      await (options.pooler || !commit
        ? endTransaction(client, commit, options.pooler)
        : commitTransaction(client, options.limits));
    }
    return result;
  } catch (error) {
    await session.end();
    if (session.begun) {
      client.connection.touched = true;
      await rollBack(client, options.pooler).catch(() => client.connection.giveUp(new Error("ROLLBACK failed")));
    }
    throw error;
  }
}

/** A transaction's statements, in their order whether or not its user waits for each. */
class TransactionSession implements Session {
  begun = false;
  readonly #client: RawClient;
  readonly #options: TransactionOptions;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** Whether the last statement failed: until the transaction has gone back to a savepoint, it takes no other. */
  #failed = false;

  constructor(client: RawClient, options: TransactionOptions) {
    this.#client = client;
    this.#options = options;
  }

  async query(statement: Statement): Promise<RowSet> {
    if (this.#ended) {
      throw new PuffError("PUFF_INTERNAL", "a statement came after its transaction had ended");
    }
    const rows = this.#last.then(() => this.#run(statement));
    this.#last = rows.catch(() => undefined);
    return rows;
  }

  /** Waits for what runs and refuses what comes. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#last;
  }

  async #run(statement: Statement): Promise<RowSet> {
    const wasBegun = this.begun;
    try {
      const rows = await this.#sendCurrent(statement);
      this.#failed = false;
      checkTransaction(this.#client);
      return rows;
    } catch (error) {
      this.#failed = true;
      // Between two statements Postgres says why it ends a transaction, to nobody in particular.
      const reason = (wasBegun ? this.#client.lastWords : null) ?? error;
      throw abandonment(statement) ?? asPuffError(reason, this.#options.place);
    }
  }

  /** A statement that was prepared for tables as they were has had no effect yet: it may be run again. */
  async #sendCurrent(statement: Statement): Promise<RowSet> {
    const isFirst = !this.begun;
    try {
      return await this.#send(statement);
    } catch (error) {
      if (!(error instanceof StatementFailure && error.details.outdated)) {
        throw error;
      }
      await (isFirst ? rollBack(this.#client, false) : this.#client.command(`ROLLBACK TO SAVEPOINT ${savepoint}`));
      this.begun = !isFirst;
      return await this.#send(statement);
    }
  }

  async #send(statement: Statement): Promise<RowSet> {
    const given = abandonment(statement);
    if (given !== null) {
      throw given;
    }
    const { limits, prelude, effects } = this.#options;
    this.#client.connection.touched ||= effects.mayChange(statement.text, true);
    return await withTypes(() => {
      const query = new RowQuery(statement, limits, this.begun ? null : prelude, {
        inTransaction: this.begun && !this.#failed,
      });
      this.begun = this.#client.run(query) || this.begun;
      return query.rows;
    });
  }
}

async function rollBack(client: RawClient, pooler: boolean): Promise<void> {
  await client.command(pooler ? `ROLLBACK; ${resetText()}` : "ROLLBACK");
}

/** @throws PuffError if the statement that ran has ended the transaction. */
export function checkTransaction(client: RawClient): void {
  if (client.getTransactionStatus() === "I") {
    throw new PuffError("PUFF_PLAN_INVALID", "the plan's SQL ended the transaction that it runs in", {
      remedy: "Leave COMMIT and ROLLBACK to the gateway.",
    });
  }
}

/** COMMIT of a transaction in which a statement failed succeeds as ROLLBACK: the caller must know. */
export async function endTransaction(client: RawClient, commit: boolean, pooler: boolean): Promise<void> {
  const hasFailed = client.getTransactionStatus() === "E";
  if (!commit || hasFailed) {
    client.connection.touched = true;
    await rollBack(client, pooler);
    if (commit) {
      throw rolledBack();
    }
    return;
  }
  client.connection.touched = true;
  // What is deferred until the end still runs as the caller.
  const resets = pooler ? `SET CONSTRAINTS ALL IMMEDIATE; ${resetText()}; ` : "";
  const results = [await client.command(`${resets}COMMIT`)].flat();
  if (results.at(-1)?.command !== "COMMIT") {
    throw rolledBack();
  }
}

/** The same where the session stays the gateway's own, which takes one flight. */
async function commitTransaction(client: RawClient, limits: QueryLimits): Promise<void> {
  if (client.getTransactionStatus() === "E") {
    return endTransaction(client, true, false);
  }
  const query = new RowQuery({ text: "COMMIT", params: [] }, limits, null, { behind: discardSequences });
  client.run(query);
  try {
    await query.rows;
  } catch (error) {
    throw error instanceof StatementFailure ? error.cause : error;
  }
  if (query.tag !== "COMMIT") {
    throw rolledBack();
  }
}

function rolledBack(): PuffError {
  return new PuffError("PUFF_SQL_FAILED", "the transaction was rolled back, because a statement in it had failed");
}
