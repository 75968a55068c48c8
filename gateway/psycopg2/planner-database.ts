/** A Python connection as the planner's database: the statements of both see what neither has committed. */
import type {
  Access,
  Database,
  PgSettings,
  RowSet,
  RowStream,
  Session,
  SharedWork,
  Statement,
  TransactionWork,
} from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import {
  asPuffError,
  checkTransaction,
  endTransaction,
  type QueryLimits,
  type RawClient,
  runStatement,
  type SessionSettings,
} from "../postgres/index.ts";
import { ConnectFailure } from "./connect/connect-failure.ts";
import type { PythonSession } from "./session/session.ts";

/** Gives the connection to `work` between two Python statements. */
export type Lend = <T>(work: (client: RawClient, session: PythonSession) => Promise<T>) => Promise<T>;

export interface StatementOptions {
  /** Settings that each statement brings, since the session is Python's. */
  readonly reads: SessionSettings;
  readonly writes: SessionSettings;
  readonly limits: QueryLimits;
}

export interface PlannerDatabaseOptions extends StatementOptions {
  /** The database, for errors. */
  readonly place: string;
  /** What Python's connections come into a transaction by; null: this is Python's connection. */
  readonly ticket: string | null;
}

/**
 * Where Python has a transaction open, the planner's are savepoints in it, and end with nothing of theirs left: neither
 * a setting nor a failure. Where the planner's is the outer one, Python's are savepoints in that.
 */
export class PlannerDatabase implements Database {
  readonly #lend: Lend;
  readonly #options: PlannerDatabaseOptions;

  constructor(lend: Lend, options: PlannerDatabaseOptions) {
    this.#options = options;
    this.#lend = async (work) => {
      try {
        return await lend(work);
      } catch (error) {
        throw error instanceof ConnectFailure ? unavailable(error, options.place) : asPuffError(error, options.place);
      }
    };
  }

  query(statement: Statement, settings?: PgSettings): Promise<RowSet> {
    const { reads, limits, place } = this.#options;
    const run = (client: RawClient) =>
      runStatement(client, statement, reads.prelude(false, settings), limits, { place, reads: true });
    return this.#lend(async (client, session) => {
      if (session.status === "I") {
        return await run(client);
      }
      await client.command("SAVEPOINT puff_query");
      try {
        return await run(client);
      } finally {
        await client.command("ROLLBACK TO SAVEPOINT puff_query; RELEASE SAVEPOINT puff_query");
      }
    });
  }

  async stream(statement: Statement, _signal: AbortSignal, settings?: PgSettings): Promise<RowStream> {
    return { first: await this.query(statement, settings), rest: null };
  }

  transaction<T>(work: TransactionWork<T>, settings?: PgSettings): Promise<T> {
    return this.#within("write", {}, settings, work);
  }

  share<T>(access: Access, work: SharedWork<T>, settings?: PgSettings): Promise<T> {
    const { ticket } = this.#options;
    return this.#within(access, settings ?? {}, settings, (session) =>
      work({
        ticket,
        query: (statement) => (access === "read" ? this.query(statement, settings) : session.query(statement)),
      }),
    );
  }

  /** `standing`: settings that hold for Python's statements, too. */
  async #within<T>(
    access: Access,
    standing: PgSettings,
    settings: PgSettings | undefined,
    work: (session: Session) => ReturnType<TransactionWork<T>>,
  ): Promise<T> {
    const { writes, limits, place } = this.#options;
    const prelude = writes.prelude(false, settings) ?? { begins: false, settings: [] };
    const names = prelude.settings.map(([name]) => name);
    const held = Object.entries({ ...standing, ...(access === "read" ? { transaction_read_only: "on" } : {}) });
    const hold = (client: RawClient) =>
      runStatement(client, { text: "SELECT", params: [] }, { begins: false, settings: held }, limits, {
        place,
        reads: false,
      });
    const begun = await this.#lend(async (client, session) => {
      const begun = await begin(client, session, names, writes.pooler);
      if (held.length === 0) {
        return begun;
      }
      try {
        await hold(client);
        return { ...begun, within: await restoring(client, names) };
      } catch (error) {
        await end(client, session, begun, false);
        throw error;
      }
    });
    let ended = false;
    const query = (statement: Statement): Promise<RowSet> =>
      this.#lend(async (client) => {
        if (ended) {
          throw new PuffError("PUFF_INTERNAL", "a statement came after its transaction had ended");
        }
        const rows = await runStatement(client, statement, prelude, limits, { place, reads: false });
        checkTransaction(client);
        await client.command(begun.within);
        return rows;
      });
    const finish = (commit: boolean): Promise<void> =>
      this.#lend(async (client, session) => {
        ended = true;
        await end(client, session, begun, commit);
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

interface Begun {
  /** Whether it is not a savepoint. */
  readonly isOuter: boolean;
  /** SQL that gives settings the values that they had before it, and that they have in it. */
  readonly before: string;
  /** Whether it has to leave the session as new. */
  readonly pooler: boolean;
  readonly within: string;
}

async function begin(
  client: RawClient,
  session: PythonSession,
  names: readonly string[],
  pooler: boolean,
): Promise<Begun> {
  const isOuter = session.status === "I";
  await client.command(isOuter ? "BEGIN" : "SAVEPOINT puff_transaction");
  if (isOuter) {
    session.beginNesting();
  }
  const before = await restoring(client, names);
  return { isOuter, before, within: before, pooler };
}

async function end(
  client: RawClient,
  session: PythonSession,
  { isOuter, before, pooler }: Begun,
  commit: boolean,
): Promise<void> {
  if (!isOuter) {
    await client.command(
      `${commit ? before : "ROLLBACK TO SAVEPOINT puff_transaction"}; RELEASE SAVEPOINT puff_transaction`,
    );
    return;
  }
  session.endNesting();
  await endTransaction(client, commit, pooler);
}

/** SQL that gives settings the values that they have now, until the transaction ends. */
async function restoring(client: RawClient, names: readonly string[]): Promise<string> {
  const calls = names.map((name) => `coalesce(current_setting(${client.escapeLiteral(name)}, true), '')`);
  const { rows } = await client.command<{ readonly values: readonly string[] }>(
    `SELECT ARRAY[${calls.join(", ")}]::text[] AS values`,
  );
  const values = rows[0]?.values ?? [];
  const sets = names.map(
    (name, index) => `set_config(${client.escapeLiteral(name)}, ${client.escapeLiteral(values[index] ?? "")}, true)`,
  );
  return `SELECT ${sets.join(", ")}`;
}

/** A connection that can't be had, as the planner is told of it. */
export function unavailable({ code, message }: ConnectFailure, place: string): PuffError {
  return new PuffError(code ?? "PUFF_DATABASE_UNAVAILABLE", message.trim(), { place });
}
