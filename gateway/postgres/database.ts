/** A Postgres database as the planner sees it: statements on a pool of connections. */
import type { Database, RowSet, Session, Statement } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { createPool, type PooledClient, RawClient, type RawClientConfig, type RawPool } from "./connection.ts";
import { explain } from "./errors.ts";
import { reach } from "./reach.ts";
import { type QueryLimits, RowQuery, StatementFailure } from "./row-query.ts";
import { readUrl } from "./url.ts";

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`, with libpq's parameters such as `sslmode`. */
  readonly url: string;
  /** Connections at most. */
  readonly poolSize: number;
  /** Statements and transactions that may wait for a connection; past it `PUFF_POOL_BUSY`. */
  readonly queueLimit: number;
  /** Milliseconds one may wait for a connection, or for connecting; past it `PUFF_POOL_BUSY` or `PUFF_DATABASE_UNAVAILABLE`. */
  readonly acquireTimeout: number;
  /** Milliseconds a statement may run; past it `PUFF_STATEMENT_TIMEOUT`. 0: no limit. */
  readonly statementTimeout: number;
  /** Rows a statement may return; past it `PUFF_TOO_MANY_ROWS`. */
  readonly maxRows: number;
  /** Milliseconds to go on trying while the database can't be reached at start. */
  readonly connectDeadline: number;
}

export interface PostgresDatabase extends Database {
  /** The URL without its password. */
  readonly place: string;
  /** Postgres's version, such as `18.1`. */
  version(): Promise<string>;
  /** Whether the database answers. */
  ping(): Promise<boolean>;
  /**
   * Runs a script of many statements, in one transaction unless it says otherwise.
   *
   * @throws PuffError `PUFF_SQL_FAILED`, with the script's `line` and `column` among the extensions where Postgres names them.
   */
  run(sqlText: string): Promise<void>;
  /** Ends the connections once what runs on them is done. What comes later fails with `PUFF_SHUTTING_DOWN`. */
  close(): Promise<void>;
}

/** Milliseconds past Postgres's own timeout after which its silence means that the connection is dead. */
const silenceMargin = 5_000;
/** Milliseconds that a script may take: the start of a server must not hang on it for ever. */
const scriptTimeout = 600_000;

/**
 * Opens a database: connects once, trying again until the deadline while it can't be reached, and looks at its version.
 * Afterwards it recovers by itself whenever the database comes back.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` for the URL, `PUFF_DATABASE_UNAVAILABLE` for all else.
 *
 * @example
 * const database = await openDatabase({ url: "postgres://localhost/blog", poolSize: 10, … });
 * const rows = await database.query({ text: "SELECT $1::int AS one", params: [[0, "1"]] });
 */
export async function openDatabase(options: DatabaseOptions): Promise<PostgresDatabase> {
  const address = readUrl(options.url);
  const config = {
    connectionTimeoutMillis: options.acquireTimeout,
    settings: {
      statement_timeout: String(options.statementTimeout),
      // What a transaction waits for in between has a deadline of its own; this one is for a gateway that is gone.
      idle_in_transaction_session_timeout: "60000",
    },
  };
  const reached = await reach(config, address, options.connectDeadline);
  return new PoolDatabase(options, reached, address.place);
}

class PoolDatabase implements PostgresDatabase {
  readonly place: string;
  readonly #options: DatabaseOptions;
  readonly #config: RawClientConfig;
  readonly #limits: QueryLimits;
  readonly #pool: RawPool;
  #closed: Promise<void> | null = null;
  /** Statements and transactions under way, those that wait for a connection included. */
  #busy = 0;
  #whenIdle: (() => void) | null = null;

  constructor(options: DatabaseOptions, config: RawClientConfig, place: string) {
    this.place = place;
    this.#options = options;
    this.#config = config;
    const { maxRows, statementTimeout } = options;
    this.#limits = { maxRows, silence: statementTimeout === 0 ? 0 : statementTimeout + silenceMargin };
    this.#pool = createPool({ ...config, max: options.poolSize, idleTimeoutMillis: 300_000 });
  }

  async query(statement: Statement): Promise<RowSet> {
    return this.#lend(async (client) => {
      try {
        return await runOn(client, statement, this.#limits);
      } catch (error) {
        if (error instanceof StatementFailure && error.outdated) {
          return await runOn(client, statement, this.#limits);
        }
        throw error;
      }
    });
  }

  async transaction<T>(
    work: (session: Session) => Promise<{ readonly commit: boolean; readonly result: T }>,
  ): Promise<T> {
    return this.#lend(async (client) => {
      await client.query("BEGIN");
      const session = new TransactionSession(client, this.#limits, this.place);
      try {
        const { commit, result } = await work(session);
        await session.end();
        await finish(client, commit);
        return result;
      } catch (error) {
        await session.end();
        await client.query("ROLLBACK").catch(() => client.connection.giveUp(new Error("ROLLBACK failed")));
        throw error;
      }
    });
  }

  async version(): Promise<string> {
    const rows = await this.query({ text: "SHOW server_version", params: [] });
    rows.seek(0);
    return rows.text(0).replace(/ .*/, ""); // Debian adds its own
  }

  async ping(): Promise<boolean> {
    try {
      await this.query({ text: "SELECT", params: [] });
      return true;
    } catch {
      return false;
    }
  }

  async run(sqlText: string): Promise<void> {
    const text = sqlText.replace(/^\uFEFF/, "");
    const settings = { ...this.#config.settings, statement_timeout: String(scriptTimeout) };
    const client = new RawClient({ ...this.#config, settings });
    try {
      await client.connect();
      await client.query(text);
    } catch (error) {
      throw explain(error, this.place, text);
    } finally {
      await client.end();
    }
  }

  async close(): Promise<void> {
    this.#closed ??= this.#drain();
    await this.#closed;
  }

  /** The pool forgets whoever still waits for a connection when it is ended. */
  async #drain(): Promise<void> {
    if (this.#busy > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      await promise;
    }
    await this.#pool.end();
  }

  /** Takes a connection for `use` and brings it back, or ends it where its session isn't as it was. */
  async #lend<T>(use: (client: PooledClient) => Promise<T>): Promise<T> {
    if (this.#closed !== null) {
      throw new PuffError("PUFF_SHUTTING_DOWN", "the database connections are being closed", { place: this.place });
    }
    this.#busy++;
    try {
      const client = await this.#acquire();
      try {
        return await use(client);
      } catch (error) {
        const explained = explain(error, this.place);
        if (explained.code === "PUFF_DATABASE_UNAVAILABLE") {
          client.connection.spoiled = true; // Postgres said so; the end of the connection may yet be on its way
        }
        throw explained;
      } finally {
        client.release(client.connection.spoiled || client.getTransactionStatus() !== "I");
      }
    } finally {
      this.#busy--;
      if (this.#busy === 0) {
        this.#whenIdle?.();
      }
    }
  }

  async #acquire(): Promise<PooledClient> {
    const { queueLimit, poolSize, acquireTimeout } = this.#options;
    const { waitingCount, idleCount, totalCount } = this.#pool;
    if (totalCount >= poolSize && waitingCount >= queueLimit + idleCount) {
      throw this.#poolBusy(`all ${poolSize} connections are busy and ${queueLimit} statements wait for one`);
    }
    try {
      return await this.#pool.connect();
    } catch (error) {
      if (error instanceof Error && error.message === "timeout exceeded when trying to connect") {
        throw this.#poolBusy(`none of the ${poolSize} connections was free within ${acquireTimeout / 1000} s`);
      }
      throw explain(error, this.place);
    }
  }

  #poolBusy(message: string): PuffError {
    return new PuffError("PUFF_POOL_BUSY", message, {
      place: this.place,
      remedy: "Try again later; if it happens often, make the pool larger or the statements faster.",
    });
  }
}

/** A transaction's statements, one after the other, whether or not its user waits for each. */
class TransactionSession implements Session {
  readonly #client: PooledClient;
  readonly #limits: QueryLimits;
  readonly #place: string;
  #last: Promise<unknown> = Promise.resolve();
  #ended = false;

  constructor(client: PooledClient, limits: QueryLimits, place: string) {
    this.#client = client;
    this.#limits = limits;
    this.#place = place;
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
    try {
      const rows = await runOn(this.#client, statement, this.#limits);
      if (this.#client.getTransactionStatus() === "I") {
        throw new PuffError("PUFF_PLAN_INVALID", "the plan's SQL ended the transaction that it runs in", {
          remedy: "Leave COMMIT and ROLLBACK to the gateway.",
        });
      }
      return rows;
    } catch (error) {
      throw explain(error, this.#place);
    }
  }
}

function runOn(client: RawClient, statement: Statement, limits: QueryLimits): Promise<RowSet> {
  const query = new RowQuery(statement, limits);
  client.run(query);
  return query.rows;
}

/** COMMIT of a transaction in which a statement failed succeeds as ROLLBACK: whoever asked for it must know. */
async function finish(client: RawClient, commit: boolean): Promise<void> {
  const { command } = await client.query(commit ? "COMMIT" : "ROLLBACK");
  if (commit && command !== "COMMIT") {
    throw new PuffError("PUFF_SQL_FAILED", "the transaction was rolled back, because a statement in it had failed");
  }
}
