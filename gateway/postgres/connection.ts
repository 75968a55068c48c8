/** The one file that imports `pg`: its client, on a connection that keeps rows as bytes. */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import { LRUCache } from "lru-cache";
import { Client, type ClientConfig, Connection, Pool, type PoolClient, type PoolConfig, type Submittable } from "pg";
import type { Column } from "../../planner/index.ts";
import { FrameSplitter, type RowSink } from "./frames.ts";
import type { RowQuery } from "./row-query.ts";

/** A statement that Postgres has parsed for one connection. */
export interface PreparedStatement {
  /** What it is found by. */
  readonly key: string;
  readonly name: string;
  /** Null until Postgres has described them. It refuses to run the statement once they would differ. */
  columns: readonly Column[] | null;
  /** False where it has no result at all, which is less than one without columns. */
  yieldsRows: boolean;
  /** How many parameters it wants; null until Postgres has said so. */
  parameterCount: number | null;
}

/** Statements kept prepared for one connection. Each costs the server some kilobytes. */
const preparedLimit = 256;
/** Sets names of statements apart from those of other connections, which a pooler in between may put on one server. */
let connectionCount = 0;
const namePrefix = `puff_${randomBytes(4).toString("hex")}`;

/** Settings of every session: those that values are printed by have to be the same everywhere. */
const sessionSettings = {
  application_name: "puff-gateway",
  DateStyle: "ISO",
  IntervalStyle: "iso_8601",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  // Statements are short; compiling them takes longer than running them.
  jit: "off",
};

/** pg's connection, which hands rows to {@link sink} as they come from the socket, where there is one. */
export class RawConnection extends Connection {
  sink: RowSink | null = null;
  running: RowQuery | null = null;
  /** Whether the session was changed or ended, so that the connection may not serve again. */
  spoiled = false;
  readonly prepared = new LRUCache<string, PreparedStatement>({
    max: preparedLimit,
    dispose: ({ name }) => this.close({ type: "S", name }),
  });
  readonly #number = ++connectionCount;
  #named = 0;

  constructor() {
    super({ keepAlive: true, keepAliveInitialDelayMillis: 30_000 });
    // Client keeps these to itself.
    this.on("parameterDescription", (message: { dataTypeIDs: readonly number[] }) =>
      this.running?.handleParameterDescription(message.dataTypeIDs.length),
    );
    this.on("noData", () => this.running?.handleNoData());
    this.on("bindComplete", () => this.running?.handleBindComplete());
  }

  // Authentication, notices, errors and a statement's end stay pg's: its parser gets every message but rows.
  override attachListeners(stream: Duplex): void {
    const relay = new EventEmitter();
    super.attachListeners(relay);
    const splitter = new FrameSplitter(this, (messages) => relay.emit("data", messages));
    stream.on("data", (chunk: Buffer) => {
      try {
        splitter.push(chunk);
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.on("end", () => relay.emit("end"));
  }

  nameStatement(): string {
    this.#named++;
    return `${namePrefix}_${this.#number}_${this.#named}`;
  }

  /** Ends the connection at once; what runs on it fails with `reason`. */
  giveUp(reason: Error): void {
    this.spoiled = true;
    this.stream.destroy(reason);
  }
}

/** pg's client on a {@link RawConnection}, with settings under which values have one text only. */
export class RawClient extends Client {
  declare readonly connection: RawConnection;
  readonly #settings: Record<string, string>;

  constructor(config: RawClientConfig) {
    super({ ...config, connection: new RawConnection() });
    this.#settings = config.settings;
    // Client reads them from the URL, too late for a connection that it is given.
    this.connection.ssl = this.ssl;
    this.connection.sslNegotiation = this.sslNegotiation;
    // A lost connection fails the statement on it; an error event that nobody hears would end the process.
    this.on("error", () => undefined);
  }

  /** Sends the statement as soon as those before it are done. */
  run(query: RowQuery): void {
    // Client gives `submit` the connection that it was made with.
    this.query(query as unknown as Submittable);
  }

  // As parameters of the startup message they leave the URL's `options` alone and cost no round trip.
  override getStartupConf(): Record<string, string> {
    return { ...sessionSettings, ...super.getStartupConf(), ...this.#settings };
  }
}

export interface RawClientConfig extends ClientConfig {
  /** Settings of the session beside those that all have. */
  readonly settings: Record<string, string>;
}

/** A {@link RawClient} on loan from the pool. */
export type PooledClient = RawClient & PoolClient;

/** A pool of {@link RawClient}s; `connect` fails with pg's errors. */
export interface RawPool {
  connect(): Promise<PooledClient>;
  end(): Promise<void>;
  readonly waitingCount: number;
  readonly idleCount: number;
  readonly totalCount: number;
}

export function createPool(config: RawClientConfig & PoolConfig): RawPool {
  // @types/pg has Client made without arguments, though the pool passes its own; and connect returns what it made.
  const pool = new Pool({ ...config, Client: RawClient as unknown as new () => RawClient }) as Pool & RawPool;
  // An idle connection was lost: the pool has dropped it, and opens another when one is needed.
  pool.on("error", () => undefined);
  return pool;
}
