/** A connection of Python's as the planner's database: its statements see what Python has not committed. */
import type { Database, PgSettings, RowSet, RowStream, Statement, TransactionWork } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { explain, type QueryLimits, type RawClient, runStatement, type SessionSettings } from "../postgres/index.ts";
import { ConnectFailure } from "./connect-failure.ts";
import type { News } from "./outcome.ts";

/** Gives the connection to `work` between two of Python's statements. */
export type Lend = <T>(work: (client: RawClient, status: News["status"]) => Promise<T>) => Promise<T>;

export interface StatementOptions {
  /** Settings that each statement brings, since the session is Python's. */
  readonly reads: SessionSettings;
  readonly writes: SessionSettings;
  readonly limits: QueryLimits;
}

export interface PlannerDatabaseOptions extends StatementOptions {
  /** The database, for errors. */
  readonly place: string;
}

/**
 * Where Python has a transaction open, the planner's are savepoints in it, and end with nothing of theirs left: neither
 * a setting nor a failure.
 */
export class PlannerDatabase implements Database {
  readonly #lend: Lend;
  readonly #options: PlannerDatabaseOptions;

  constructor(lend: Lend, options: PlannerDatabaseOptions) {
    this.#lend = async (work) => {
      try {
        return await lend(work);
      } catch (error) {
        throw error instanceof ConnectFailure ? unavailable(error, options.place) : error;
      }
    };
    this.#options = options;
  }

  query(statement: Statement, settings?: PgSettings): Promise<RowSet> {
    const { reads, limits, place } = this.#options;
    const run = (client: RawClient) => runStatement(client, statement, reads.prelude(false, settings), limits, place);
    return this.#lend(async (client, status) => {
      if (status === "I") {
        return await run(client);
      }
      await client.query("SAVEPOINT puff_query");
      try {
        return await run(client);
      } finally {
        await client.query("ROLLBACK TO SAVEPOINT puff_query; RELEASE SAVEPOINT puff_query");
      }
    });
  }

  async stream(statement: Statement, _signal: AbortSignal, settings?: PgSettings): Promise<RowStream> {
    return { first: await this.query(statement, settings), rest: null };
  }

  async transaction<T>(work: TransactionWork<T>, settings?: PgSettings): Promise<T> {
    const { writes, limits, place } = this.#options;
    const prelude = writes.prelude(false, settings) ?? { begins: false, settings: [] };
    const names = prelude.settings.map(([name]) => name);
    const end = await this.#lend(async (client, status) => {
      const isOuter = status === "I";
      await client.query(isOuter ? "BEGIN" : "SAVEPOINT puff_transaction");
      return { isOuter, restore: await restoring(client, names) };
    });
    let ended = false;
    const query = (statement: Statement): Promise<RowSet> =>
      this.#lend(async (client) => {
        if (ended) {
          throw new PuffError("PUFF_INTERNAL", "a statement came after its transaction had ended");
        }
        const rows = await runStatement(client, statement, prelude, limits, place);
        if (client.getTransactionStatus() === "I") {
          throw new PuffError("PUFF_PLAN_INVALID", "the plan's SQL ended the transaction that it runs in", {
            remedy: "Leave COMMIT and ROLLBACK to the gateway.",
          });
        }
        await client.query(end.restore);
        return rows;
      });
    const finish = (commit: boolean): Promise<void> =>
      this.#lend(async (client) => {
        ended = true;
        await endTransaction(client, end.isOuter, commit).catch((error: unknown) => {
          throw explain(error, place);
        });
      });
    try {
      const { commit, result } = await work({ query });
      await finish(commit);
      return result;
    } catch (error) {
      await finish(false).catch(() => undefined); // the connection is lost, and the transaction with it
      throw error;
    }
  }
}

async function endTransaction(client: RawClient, isOuter: boolean, commit: boolean): Promise<void> {
  if (!isOuter) {
    const undo = commit ? "" : "ROLLBACK TO SAVEPOINT puff_transaction; ";
    await client.query(`${undo}RELEASE SAVEPOINT puff_transaction`);
    return;
  }
  const { command } = await client.query(commit ? "COMMIT" : "ROLLBACK");
  if (commit && command !== "COMMIT") {
    throw new PuffError("PUFF_SQL_FAILED", "the transaction was rolled back, because a statement in it had failed");
  }
}

/** SQL that gives settings the values that they have now, until the transaction ends. */
async function restoring(client: RawClient, names: readonly string[]): Promise<string> {
  const calls = names.map((name) => `coalesce(current_setting(${client.escapeLiteral(name)}, true), '')`);
  const { rows } = await client.query<{ readonly values: readonly string[] }>(
    `SELECT ARRAY[${calls.join(", ")}]::text[] AS values`,
  );
  const values = rows[0]?.values ?? [];
  const sets = names.map(
    (name, index) => `set_config(${client.escapeLiteral(name)}, ${client.escapeLiteral(values[index] ?? "")}, true)`,
  );
  return `SELECT ${sets.join(", ")}`;
}

function unavailable({ code, message }: ConnectFailure, place: string): PuffError {
  return new PuffError(code ?? "PUFF_DATABASE_UNAVAILABLE", message.trim(), { place });
}
