/** The host service `postgres`, which the psycopg2 shim stands on. */

import type { Share } from "../../planner/index.ts";
import {
  type HostAnswer,
  type HostService,
  type HostSession,
  list,
  longestTimer,
  method,
  methods,
  Numbered,
  nothing,
  nullable,
  number,
  record,
  text,
} from "../../python-bridge/index.ts";
import type { JsonValue } from "../../schema/index.ts";
import type { RawClient } from "../postgres/index.ts";
import { type ConnectParameters, connectTo } from "./connect/connect.ts";
import { ConnectFailure } from "./connect/connect-failure.ts";
import { startupSettings } from "./connect/startup-settings.ts";
import { Lender, type LenderOptions } from "./lender.ts";
import { PlannerDatabase, type StatementOptions } from "./planner-database.ts";
import { PythonConnection } from "./python-connection.ts";
import type { Answer } from "./session/session.ts";
import { SharedSessions } from "./shared.ts";

export interface Psycopg2Options {
  /** What Python reaches as `dbname=NAME`; the first also where nothing names a server. */
  readonly pools: readonly LenderOptions[];
  /** The environment that libpq's variables are read from. */
  readonly environment: NodeJS.ProcessEnv;
  /** Called when a transaction was rolled back because what it was begun by has ended. */
  onLeftOpen(): void;
  /** Called the first time that what would be in a transaction of the gateway's runs beside it, on a connection that Python made. */
  onBeside(database: string): void;
}

/** Keywords that name a server of the user's own. */
const naming = ["host", "hostaddr", "port", "user", "password", "service", "passfile"];

export class Psycopg2Service implements HostService {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #lenders: ReadonlyMap<string, Lender>;
  readonly #options: Psycopg2Options;
  /** Those of all interpreters, by handle. */
  readonly #connections = new Numbered<PythonConnection>();
  readonly #shared = new SharedSessions();
  #toldBeside = false;

  constructor(options: Psycopg2Options) {
    this.#options = options;
    this.#environment = options.environment;
    this.#lenders = new Map(options.pools.map((pool) => [pool.name, new Lender(pool)]));
  }

  open(): HostSession {
    return new Psycopg2Session(
      (parameters, signal) => this.#connect(parameters, signal),
      this.#connections,
      this.#shared,
    );
  }

  /**
   * The planner's database on a Python connection.
   *
   * @param signal Of the greenlet that has it.
   */
  plannerDatabase(handle: number, signal: AbortSignal, options: StatementOptions): PlannerDatabase {
    const connection = this.#connections.get(handle);
    return new PlannerDatabase(
      async (work) => {
        if (connection === undefined) {
          throw new ConnectFailure("the connection is closed\n");
        }
        return await (await connection.use(signal)).lend(work);
      },
      { ...options, place: "Python's connection", ticket: null },
    );
  }

  /** Transactions on the database of that name that Python's connections to it come into. */
  sharing(name: string, options: StatementOptions): Share | undefined {
    const lender = this.#lenders.get(name);
    return lender === undefined ? undefined : this.#shared.sharing(lender, options);
  }

  /** Waits for connections on their way back. */
  async close(): Promise<void> {
    await Promise.all([...this.#lenders.values()].map((lender) => lender.close()));
  }

  async #connect(parameters: ConnectParameters, signal: AbortSignal): Promise<Connected> {
    const lender = this.#lender(parameters);
    if (lender !== undefined) {
      const { onLeftOpen } = this.#options;
      const connection = await PythonConnection.borrowed(lender, startupSettings(parameters), { signal, onLeftOpen });
      const { client } = await connection.use(signal);
      const { host, port, user = "", database = "" } = client;
      return { connection, parameters: { ...parameters, user, dbname: database, host, port: String(port) } };
    }
    const own = await connectTo(parameters, this.#environment);
    const connection = PythonConnection.own(own.client, (user) => this.#tellBeside(own.client, user));
    return { connection, parameters: own.parameters };
  }

  #tellBeside({ port, database }: RawClient, signal: AbortSignal): void {
    for (const { name, shared } of this.#toldBeside ? [] : this.#lenders.values()) {
      const client = shared.get(signal)?.session.client;
      // Not by the host, which has many names.
      if (client?.port === port && client.database === database) {
        this.#toldBeside = true;
        this.#options.onBeside(name);
      }
    }
  }

  #lender(parameters: ConnectParameters): Lender | undefined {
    if (naming.some((keyword) => parameters[keyword] !== undefined)) {
      return undefined;
    }
    const [first] = this.#options.pools;
    return this.#lenders.get(parameters["dbname"] ?? first?.name ?? "");
  }
}

interface Connected {
  readonly connection: PythonConnection;
  readonly parameters: ConnectParameters;
}

function answerOf({ value, buffers }: Answer): HostAnswer {
  return { value: value as unknown as JsonValue, buffers }; // plain data
}

/** One interpreter's connections. */
class Psycopg2Session implements HostSession {
  readonly #connect: (parameters: ConnectParameters, signal: AbortSignal) => Promise<Connected>;
  readonly #connections: Numbered<PythonConnection>;
  readonly #shared: SharedSessions;
  /** Its own of them. */
  readonly #handles = new Set<number>();
  #closed = false;

  constructor(
    connect: (parameters: ConnectParameters, signal: AbortSignal) => Promise<Connected>,
    connections: Numbered<PythonConnection>,
    shared: SharedSessions,
  ) {
    this.#shared = shared;
    this.#connect = connect;
    this.#connections = connections;
  }

  readonly call = methods("postgres", {
    connect: method([record(text)], async ([parameters], { signal }) => await this.#open(parameters, signal)),
    join: method([text], ([ticket], { signal }) => {
      this.#shared.join(ticket, signal);
      return nothing;
    }),
    leave: method([text], async ([ticket], { signal }) => {
      await this.#shared.leave(ticket, signal);
      return nothing;
    }),
    wait: method([list(number), nullable(number)], async ([handles, limit], { signal }) => ({
      value: await this.#wait(handles, limit, signal),
    })),
    close: method([number], ([handle]) => {
      this.#drop(handle);
      return nothing;
    }),
    query: method([number], async ([handle], { buffers, signal }) =>
      answerOf(await this.#find(handle).query(buffers, signal)),
    ),
    copyData: method([number], async ([handle], { buffers, signal }) =>
      answerOf(await (await this.#find(handle).use(signal)).copyData(buffers)),
    ),
    copyEnd: method([number], async ([handle], { buffers: [failure = null], signal }) =>
      answerOf(await (await this.#find(handle).use(signal)).copyEnd(failure, signal)),
    ),
    copyRead: method([number], async ([handle], { signal }) =>
      answerOf(await (await this.#find(handle).use(signal)).copyRead(signal)),
    ),
    poll: method([number], ([handle]) => ({ value: this.#find(handle).poll() as unknown as JsonValue })), // plain data
    cancel: method([number], async ([handle]) => {
      await this.#find(handle).cancel();
      return nothing;
    }),
  });

  close(): void {
    this.#closed = true;
    for (const handle of this.#handles) {
      this.#drop(handle);
    }
  }

  #find(handle: number): PythonConnection {
    const connection = this.#connections.get(handle);
    if (connection === undefined) {
      throw new ConnectFailure("the connection is closed\n");
    }
    return connection;
  }

  /** Those of the connections that have news, once one has, or after this many milliseconds. */
  async #wait(handles: readonly number[], limit: number | null, signal: AbortSignal): Promise<number[]> {
    const connections = handles.map((handle) => this.#find(handle));
    const sessions = await Promise.all(connections.map((connection) => connection.use(signal)));
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (signal.aborted || sessions.some(({ isReadable }) => isReadable)) {
        resolve();
      }
    };
    const timer = limit === null ? undefined : setTimeout(resolve, Math.min(limit, longestTimer));
    signal.addEventListener("abort", look);
    for (const { watchers } of sessions) {
      watchers.add(look);
    }
    look();
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", look);
    for (const { watchers } of sessions) {
      watchers.delete(look);
    }
    return handles.filter((_, index) => sessions[index]?.isReadable);
  }

  #drop(handle: number): void {
    this.#connections.get(handle)?.close();
    this.#connections.delete(handle);
    this.#handles.delete(handle);
  }

  async #open(wanted: ConnectParameters, signal: AbortSignal): Promise<HostAnswer> {
    const { connection, parameters } = await this.#connect(wanted, signal);
    const { client, parameters: reported } = await connection.use(signal);
    if (this.#closed || signal.aborted) {
      connection.close(); // nobody learns its handle
      throw new ConnectFailure("the call that connected has ended\n");
    }
    const handle = this.#connections.add(connection);
    this.#handles.add(handle);
    const { password: _, ...shown } = parameters;
    const value = { handle, pid: client.processID ?? 0, parameters: shown, reported: { ...reported } };
    return { value, unclaimed: () => this.#drop(handle) };
  }
}
