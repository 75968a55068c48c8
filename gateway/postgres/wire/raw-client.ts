/** The one file that imports `pg`: its client, on a connection that keeps rows as bytes. */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LRUCache } from "lru-cache";
import { Client, type ClientConfig, Connection, type QueryResult, type QueryResultRow, type Submittable } from "pg";

export { escapeLiteral } from "pg";

import { coded, connectFailures } from "../errors/reported.ts";
import type { Exchange, PreparedStatement } from "./exchange.ts";
import { Flight } from "./flight.ts";
import { errorField, errorResponse, FrameSplitter, type RowSink } from "./frames.ts";

/** Statements kept prepared for one connection. Each costs the server some kilobytes. */
const preparedLimit = 256;
/** Sets names of statements apart from those of other connections, which a pooler in between may put on one server. */
let connectionCount = 0;
/** How a server answers the wish for TLS: `S`, or `N`. */
const tlsOffered = 0x53;
const tlsRefused = 0x4e;
const namePrefix = `puff_${randomBytes(4).toString("hex")}`;

/** Where all sockets without TLS are read into, in turns: memory of its own for each read costs the collector more than all else. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** Takes over all that Postgres says, in place of pg. */
export interface Tap extends RowSink {
  /** One or several whole messages that are not rows, until it returns. */
  push(messages: Buffer): void;
}

/** pg's connection, which hands rows to {@link sink} as they come from the socket, where there is one. */
export class RawConnection extends Connection {
  declare stream: Duplex; // which pg's types have as readonly
  sink: RowSink | null = null;
  #tap: Tap | null = null;
  /** Parameters of the session, as Postgres reported them at its start. */
  readonly parameters: Record<string, string> = {};
  running: Exchange<RawConnection> | null = null;
  /** Whether the session was changed or ended, so that the connection may not serve again. */
  spoiled = false;
  /** Whether what ran may have left something in the session, which has to be made as new before it serves again. */
  touched = false;
  readonly prepared = new LRUCache<string, PreparedStatement>({
    max: preparedLimit,
    dispose: ({ name }) => this.close({ type: "S", name }),
  });
  /** Types of parameters, by a statement's key: those that were asked for, and outlive statements that don't stay prepared. */
  readonly parameterTypes = new LRUCache<string, readonly number[]>({ max: preparedLimit });
  /** Takes the bytes of {@link readBuffer}, where the socket is read into it. */
  #receive: (chunk: Buffer) => void = () => undefined;
  readonly #number = ++connectionCount;
  #named = 0;
  #givenUp = false;
  readonly #timeout: number;
  /** What pg has no code for. */
  #failure: string | null = null;
  /** Whether its end was asked for, or has been told as an error. */
  #hasEnded = false;
  /** Severity of the error that is being told, in English. */
  #level: string | undefined;

  readonly #keepsStatements: boolean;

  /**
   * @param keepsStatements Whether statements stay prepared; else each is parsed again, without a name.
   * @param timeout Milliseconds to connect in. 0: no limit.
   */
  constructor(keepsStatements: boolean, timeout: number) {
    super({ keepAlive: true, keepAliveInitialDelayMillis: 30_000 });
    this.#keepsStatements = keepsStatements;
    this.#timeout = timeout;
    // Before Client hears of it.
    this.on("error", (error: Error) => {
      this.#hasEnded = true;
      if (this.#failure !== null) {
        coded(error, this.#failure);
        this.#failure = null;
      }
    });
    // Client keeps these to itself.
    this.on("parameterDescription", (message: { dataTypeIDs: readonly number[] }) =>
      this.running?.handleParameterDescription(message.dataTypeIDs),
    );
    this.on("parameterStatus", (message: { parameterName: string; parameterValue: string }) => {
      this.parameters[message.parameterName] = message.parameterValue;
    });
    // pg keeps the severity in the server's language alone.
    this.on("errorMessage", (error: Error) => Object.assign(error, { level: this.#level }));
    this.on("noData", () => this.running?.handleNoData());
    this.on("bindComplete", () => this.running?.handleBindComplete());
  }

  /** Has the socket, which is not connected yet, read without memory of its own: only where there is no TLS. */
  readInPlace(): void {
    const callback = (length: number): boolean => {
      this.#receive(readBuffer.subarray(0, length));
      return true;
    };
    this.stream = new Socket({ onread: { buffer: readBuffer, callback } });
  }

  // What comes first on the socket, and its end, are looked at before pg puts them into words.
  override connect(port: number | string, host?: string): void {
    if (this.ssl && this.sslNegotiation !== "direct") {
      this.stream.once("data", ([answer]: Buffer) => {
        if (answer !== tlsOffered) {
          this.#failure = answer === tlsRefused ? connectFailures.tlsRefused : connectFailures.tlsFailed;
        }
      });
    }
    this.stream.once("close", () => {
      if (!this.#hasEnded) {
        this.emit("error", connectionEnded());
      }
    });
    if (this.#timeout > 0) {
      const late = (): void => this.giveUp(coded(new Error("timeout expired"), connectFailures.timeout));
      const timer = setTimeout(late, this.#timeout);
      const stop = (): void => clearTimeout(timer);
      this.once("readyForQuery", stop).once("error", stop).once("end", stop);
    }
    super.connect(port, host);
  }

  override end(): void {
    this.#hasEnded = true;
    super.end();
  }

  // Authentication, notices, errors and a statement's end stay pg's: its parser gets every message but rows.
  override attachListeners(stream: Duplex): void {
    const relay = new EventEmitter();
    super.attachListeners(relay);
    const splitter = new FrameSplitter(this, (messages) => {
      // What is left of a chunk would be taken for answers to what was sent later.
      if (this.#tap !== null) {
        this.#tap.push(messages);
      } else if (!this.#givenUp) {
        if (messages[0] === errorResponse) {
          this.#level = errorField(messages, "V");
        }
        // What comes while nothing runs may be kept by pg, such as the salt of a password.
        relay.emit("data", this.running === null ? Buffer.from(messages) : messages);
      }
    });
    this.#receive = (chunk) => {
      try {
        splitter.push(chunk);
      } catch (error) {
        stream.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    };
    stream.on("data", this.#receive);
    stream.on("end", () => relay.emit("end"));
  }

  get tap(): Tap | null {
    return this.#tap;
  }

  /** Set while nothing of pg's runs, by what speaks with Postgres itself. */
  set tap(tap: Tap | null) {
    this.#tap = tap;
    this.sink = tap;
  }

  nameStatement(): string {
    this.#named++;
    return this.#keepsStatements ? `${namePrefix}_${this.#number}_${this.#named}` : "";
  }

  keep(statement: PreparedStatement): void {
    if (this.#keepsStatements) {
      this.prepared.set(statement.key, statement);
    }
  }

  has(statement: PreparedStatement): boolean {
    return this.prepared.peek(statement.key) === statement;
  }

  /** Reads no more until the stream is resumed. */
  hold(): void {
    this.stream.pause();
    this.emit("held");
  }

  /** Ends the connection at once; what runs on it fails with `reason`. */
  giveUp(reason: Error): void {
    this.spoiled = true;
    this.#givenUp = true;
    this.stream.destroy(reason);
  }
}

/** pg's client on a {@link RawConnection}, which has several statements under way at once. */
export class RawClient extends Client {
  declare readonly connection: RawConnection;
  /** Called when a statement has been answered; those sent after it are under way still. */
  onAnswered: (query: Exchange<RawConnection>) => void = () => undefined;
  /** Whether the answer that is coming is being taken a part at a time. */
  isHeld = false;
  readonly #settings: Record<string, string>;
  /** Sent and not answered, in their order. */
  readonly #underWay: Sent[] = [];
  /** To be sent at the end of this turn of the event loop. */
  #gathered: Exchange<RawConnection>[] = [];
  #load = 0;
  /** Whether pg sends nothing any more. */
  #isOver = false;
  /** What Postgres said when it ended the connection while nothing ran; null: nothing. */
  lastWords: Error | null = null;

  constructor({ connectionTimeoutMillis = 0, ...config }: RawClientConfig) {
    super({ ...config, connection: new RawConnection(config.keepsStatements, connectionTimeoutMillis) });
    this.#settings = config.settings;
    // Client reads them from the URL, too late for a connection that it is given.
    this.connection.ssl = this.ssl;
    this.connection.sslNegotiation = this.sslNegotiation;
    if (!this.ssl) {
      this.connection.readInPlace();
    }
    // A lost connection fails the statement on it; an error event that nobody hears would end the process.
    this.on("error", (error) => {
      this.#isOver = true;
      this.lastWords ??= "severity" in error ? error : null;
      this.#abandon(error);
    });
    this.on("drain", () => this.#proceed());
    this.connection.on("held", () => this.#abandonFollowing());
  }

  /** Whether the connection has not ended, as far as is known here. */
  get isAlive(): boolean {
    const { stream } = this.connection;
    return !stream.destroyed && !stream.readableEnded;
  }

  /**
   * Runs commands, as text.
   *
   * @throws what the server says, or a failure with a code.
   */
  async command<Row extends QueryResultRow>(text: string): Promise<QueryResult<Row>> {
    if (this.#isOver) {
      throw connectionEnded();
    }
    return await this.query<Row>(text);
  }

  override end(): Promise<void>;
  override end(callback: (error: Error) => void): void;
  override end(callback?: (error: Error) => void): Promise<void> | undefined {
    this.#isOver = true;
    if (callback === undefined) {
      return super.end();
    }
    super.end(callback);
    return undefined;
  }

  /** Statements under way, those that were gathered included. */
  get load(): number {
    return this.#load;
  }

  /** Those that have not been answered, but for the ones that were gathered. */
  get unanswered(): readonly Exchange<RawConnection>[] {
    return this.#underWay.flatMap((sent) => (sent instanceof Flight ? sent.left : [sent]));
  }

  /** Statements that go together at the end of this turn of the event loop. */
  get gathered(): number {
    return this.#gathered.length;
  }

  /** Sends a statement without waiting for those before it. Returns false if it can't be sent. */
  run(query: Exchange<RawConnection>): boolean {
    if (!query.send(this.connection)) {
      return false;
    }
    this.#load++;
    this.#follow(query);
    return true;
  }

  /** Sends a statement with others of this turn of the event loop: one write and one Sync for all of them. */
  gather(query: Exchange<RawConnection>): void {
    this.#load++;
    if (this.#gathered.push(query) === 1) {
      setImmediate(this.#sendGathered);
    }
  }

  readonly #sendGathered = (): void => {
    const { connection } = this;
    const gathered = this.#gathered;
    this.#gathered = [];
    if (this.#isOver || !this.isAlive) {
      for (const query of gathered) {
        query.abandon();
      }
      return;
    }
    const shared = gathered.length === 1 ? [] : gathered.filter((query) => query.mayShare(connection));
    connection.stream.cork();
    if (shared.length > 0) {
      for (const query of shared) {
        query.sendShared(connection);
      }
      connection.sync();
      this.#follow(new Flight(shared, (query) => this.#tell(query)));
    }
    for (const query of gathered) {
      if (!shared.includes(query)) {
        this.#load--;
        this.run(query);
      }
    }
    connection.stream.uncork();
    if (this.isHeld) {
      this.#abandonFollowing();
    }
  };

  #follow(sent: Sent): void {
    if (this.#underWay.push(sent) === 1) {
      this.#expect(sent);
    }
  }

  // As parameters of the startup message they leave the URL's `options` alone and cost no round trip.
  override getStartupConf(): Record<string, string> {
    return { application_name: "puff-gateway", ...super.getStartupConf(), ...this.#settings };
  }

  /** Client has the query whose answer comes next, and only that: its own pipelining takes no queries but its own. */
  #expect(query: Sent): void {
    if (this.#isOver) {
      const { connection } = this;
      process.nextTick(() => query.handleError(connectionEnded(), connection));
      return;
    }
    // Client calls no other methods on it than RowQuery has, and gives them the connection that it was made with.
    this.query(query as unknown as Submittable);
  }

  #proceed(): void {
    this.isHeld = false;
    const answered = this.#underWay.shift();
    const [next] = this.#underWay;
    if (next !== undefined) {
      this.#expect(next);
    }
    for (const query of answered instanceof Flight ? answered.left : answered === undefined ? [] : [answered]) {
      this.#tell(query);
    }
  }

  #tell(query: Exchange<RawConnection>): void {
    this.#load--;
    this.onAnswered(query);
  }

  /** Someone takes his rows at leisure: those behind are asked for elsewhere. */
  #abandonFollowing(): void {
    this.isHeld = true;
    const [first, ...following] = this.#underWay;
    if (first instanceof Flight) {
      first.abandonFollowing();
    }
    for (const query of following) {
      query.abandon();
    }
  }

  /** Client itself fails the first. */
  #abandon(error: Error): void {
    for (const query of this.#underWay.slice(1)) {
      query.handleError(error, this.connection);
    }
  }
}

/** A statement with a Sync of its own, or several with one. */
type Sent = Exchange<RawConnection> | Flight<RawConnection>;

export interface RawClientConfig extends ClientConfig {
  /** Settings of the session, in the startup message. */
  readonly settings: Record<string, string>;
  /** Whether statements stay prepared on the connection. */
  readonly keepsStatements: boolean;
}

function connectionEnded(): Error {
  return coded(new Error("the connection has ended"), connectFailures.ended);
}
