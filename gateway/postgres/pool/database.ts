/** A Postgres database as the planner sees it: statements on a pool of connections. */
import type {
  Database,
  PgSettings,
  RowSet,
  RowStream,
  Share,
  Statement,
  TransactionWork,
} from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import type { Listener, Unsubscribe } from "../../pubsub/pubsub.ts";
import { reach } from "../connect/reach.ts";
import { readUrl, type ServerConfig } from "../connect/url.ts";
import { asPuffError } from "../errors/errors.ts";
import { SessionEffects } from "../session/session-effects.ts";
import { type SessionSettings, sessionSettings } from "../session/session-settings.ts";
import { RawClient, type RawClientConfig } from "../wire/raw-client.ts";
import { RowBatches } from "../wire/row-batches.ts";
import type { QueryLimits } from "../wire/row-query.ts";
import { commitStatement } from "./lone-statement.ts";
import { Notifications } from "./notifications.ts";
import { ConnectionPool } from "./pool.ts";
import { runTransaction } from "./transaction.ts";

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`, with libpq's parameters such as `sslmode`. */
  readonly url: string;
  /** A replica's, for what only reads. Default: null, the same server. */
  readonly readUrl?: string | null;
  /**
   * Whether a pooler stands in between that gives each transaction another session, such as PgBouncer: nothing is kept in
   * a session then, neither prepared statements nor settings. Default: false.
   */
  readonly pooler?: boolean;
  /** Connections at most: for what only reads, and as many for transactions. */
  readonly poolSize: number;
  /** Statements and transactions that may wait for a connection; past it `PUFF_POOL_BUSY`. */
  readonly queueLimit: number;
  /** Milliseconds one may wait for a connection, or for connecting; past it `PUFF_POOL_BUSY` or `PUFF_DATABASE_UNAVAILABLE`. */
  readonly acquireTimeout: number;
  /** Percent of the connections, and of the queue, that one client may hold while others want them. Default: 25. */
  readonly clientShare?: number;
  /** Milliseconds a statement may run; past it `PUFF_STATEMENT_TIMEOUT`. 0: no limit. */
  readonly statementTimeout: number;
  /** Rows a statement may return; past it `PUFF_TOO_MANY_ROWS`. */
  readonly maxRows: number;
  /** Milliseconds to go on trying while the database can't be reached at start. */
  readonly connectDeadline: number;
  /** Transactions that Python's connections come into. Absent: Python has no way into the database. */
  readonly share?: Share | undefined;
}

export interface PostgresDatabase extends Database {
  /** The URL without its password. */
  readonly place: string;
  /** Postgres's version, such as `18.1`. */
  version(): Promise<string>;
  /** Whether the database answers, and its replica where there is one. */
  ping(): Promise<boolean>;
  /**
   * Runs a script of many statements, in one transaction unless it says otherwise.
   *
   * @throws PuffError `PUFF_SQL_FAILED`, with the script's `line` and `column` among the extensions where Postgres names them.
   */
  run(sqlText: string): Promise<void>;
  /**
   * Listens to a channel of NOTIFY, on one connection for all channels. Resolves when notifications will be heard.
   *
   * @throws PuffError if Postgres refuses, or a pooler is in between.
   */
  listen(channel: string, listener: Listener): Promise<Unsubscribe>;
  /** Ends the connections once what runs on them is done. What comes later fails with `PUFF_SHUTTING_DOWN`. */
  close(): Promise<void>;
}

const defaultShare = 25;
/** Milliseconds past Postgres's own timeout after which its silence means that the connection is dead. */
export const silenceMargin = 5_000;
/** Milliseconds that a script may take: the start of a server must not hang on it for ever. */
const scriptTimeout = 600_000;

/**
 * Opens a database: connects once, trying again until the deadline while it can't be reached, and looks at its version.
 * Afterwards it recovers by itself whenever the database comes back.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` for a URL, `PUFF_DATABASE_UNAVAILABLE` for all else.
 *
 * @example
 * const database = await openDatabase({ url: "postgres://localhost/blog", poolSize: 10, … });
 * const rows = await database.query({ text: "SELECT $1::int AS one", params: [[0, "1"]] });
 */
export async function openDatabase(options: DatabaseOptions): Promise<PostgresDatabase> {
  const { url, readUrl: replicaUrl = null } = options;
  const [writes, reads] = await Promise.all([
    reachServer(options, url, false),
    replicaUrl === null ? null : reachServer(options, replicaUrl, true),
  ]);
  // On one server, queries have a pool of their own all the same: its sessions are read-only, at no cost to a statement,
  // and no transaction takes a connection away from them. Connections are opened when they are needed.
  return new PoolDatabase(options, writes, reads ?? { ...writes, settings: settingsOf(options, true) });
}

/** A server that can be reached, and what its sessions are given. */
interface Server {
  readonly place: string;
  readonly config: ServerConfig;
  readonly settings: SessionSettings;
}

async function reachServer(options: DatabaseOptions, url: string, readOnly: boolean): Promise<Server> {
  const address = readUrl(url);
  const settings = settingsOf(options, readOnly);
  const config = {
    connectionTimeoutMillis: options.acquireTimeout,
    settings: settings.startup,
    keepsStatements: options.pooler !== true,
  };
  return { place: address.place, config: await reach(config, address, options.connectDeadline), settings };
}

function settingsOf({ pooler = false, statementTimeout }: DatabaseOptions, readOnly: boolean): SessionSettings {
  return sessionSettings({ pooler, readOnly, statementTimeout });
}

class PoolDatabase implements PostgresDatabase {
  readonly place: string;
  readonly share?: Share;
  readonly commit?: NonNullable<Database["commit"]>;
  readonly #options: DatabaseOptions;
  readonly #writer: Server;
  readonly #reader: Server;
  readonly #limits: QueryLimits;
  readonly #effects = new SessionEffects();
  readonly #reads: ConnectionPool;
  readonly #writes: ConnectionPool;
  readonly #notifications: Notifications;

  constructor(options: DatabaseOptions, writer: Server, reader: Server) {
    this.place = writer.place;
    if (options.share !== undefined) {
      this.share = options.share;
    }
    // Through a pooler, what tidies up must come before the commit.
    if (options.pooler !== true) {
      this.commit = (statement, settings) => this.#commit(statement, settings);
    }
    this.#options = options;
    this.#writer = writer;
    this.#reader = reader;
    const { maxRows, statementTimeout } = options;
    this.#limits = { maxRows, silence: statementTimeout === 0 ? 0 : statementTimeout + silenceMargin };
    this.#reads = this.#createPool(reader);
    this.#writes = this.#createPool(writer);
    this.#notifications = new Notifications(this.#configOf(writer), writer.place);
  }

  query(statement: Statement, settings?: PgSettings): Promise<RowSet> {
    return this.#reads.run(statement, this.#reader.settings.prelude(false, settings));
  }

  stream(statement: Statement, signal: AbortSignal, settings?: PgSettings): Promise<RowStream> {
    const batches = new RowBatches(signal);
    this.#reads.run({ ...statement, signal }, this.#reader.settings.prelude(false, settings), batches).then(
      () => batches.end(),
      (error) => batches.fail(error),
    );
    return batches.first();
  }

  transaction<T>(work: TransactionWork<T>, settings?: PgSettings): Promise<T> {
    const { pooler } = this.#writer.settings;
    const options = {
      prelude: this.#writer.settings.prelude(true, settings),
      limits: this.#limits,
      place: this.place,
      pooler,
      effects: this.#effects,
    };
    return this.#writes.lend((client) => runTransaction(client, work, options));
  }

  #commit(statement: Statement, settings?: PgSettings): Promise<RowSet> {
    const options = {
      prelude: this.#writer.settings.prelude(false, settings),
      limits: this.#limits,
      place: this.place,
      effects: this.#effects,
    };
    return this.#writes.lend((client) => commitStatement(client, statement, options));
  }

  async version(): Promise<string> {
    const rows = await this.query({ text: "SHOW server_version", params: [] });
    rows.seek(0);
    return rows.text(0).replace(/ .*/, ""); // Debian adds its own
  }

  async ping(): Promise<boolean> {
    const statement = { text: "SELECT", params: [] };
    try {
      await this.query(statement);
      if (this.#reader.place !== this.#writer.place) {
        await this.transaction(async (session) => ({ commit: false, result: await session.query(statement) }));
      }
      return true;
    } catch {
      return false;
    }
  }

  async run(sqlText: string): Promise<void> {
    const text = sqlText.replace(/^\uFEFF/, "");
    const config = this.#configOf(this.#writer);
    const timeout = this.#options.pooler === true ? {} : { statement_timeout: String(scriptTimeout) };
    const client = new RawClient({ ...config, settings: { ...config.settings, ...timeout } });
    try {
      await client.connect();
      await client.command(text);
      this.#effects.forget();
    } catch (error) {
      throw asPuffError(error, this.place, text);
    } finally {
      await client.end();
    }
  }

  async listen(channel: string, listener: Listener): Promise<Unsubscribe> {
    if (this.#options.pooler === true) {
      throw new PuffError("PUFF_CONFIG_INVALID", "NOTIFY can't be listened to through a pooler", {
        place: this.place,
        remedy: "Connect to Postgres itself, or publish on a pub/sub channel instead.",
      });
    }
    return await this.#notifications.listen(channel, listener);
  }

  async close(): Promise<void> {
    await Promise.all([this.#reads.close(), this.#writes.close(), this.#notifications.close()]);
  }

  #createPool(server: Server): ConnectionPool {
    const { poolSize, queueLimit, acquireTimeout, clientShare = defaultShare, pooler = false } = this.#options;
    return new ConnectionPool({
      connect: this.#configOf(server),
      place: server.place,
      size: poolSize,
      queueLimit,
      acquireTimeout,
      clientShare,
      limits: this.#limits,
      pooler,
      effects: this.#effects,
    });
  }

  #configOf({ config, settings }: Server): RawClientConfig {
    const { acquireTimeout, pooler = false } = this.#options;
    return {
      ...config,
      connectionTimeoutMillis: acquireTimeout,
      settings: settings.startup,
      keepsStatements: !pooler,
    };
  }
}
