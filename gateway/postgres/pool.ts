/**
 * The connections to one server. Statements share them; a transaction has one to itself.
 *
 * A connection takes several statements without waiting for their answers, but only where each of them was quick the last
 * times: behind a slow one all others would wait. `npm run bench pool` on 2 cores, 32 askers, 10 connections, 64 rows:
 * 22,700 statements/s at 19 µs of CPU each, where pg's own pool with one at a time has 9,600 at 60 µs. Where 5 % are
 * pg_sleep(0.2), the others' p99 is 3 ms here, 6 ms there, and 182 ms with pipelining to the least loaded connection.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { LRUCache } from "lru-cache";
import type { RowSet, Statement } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { abandonment, cancelRunning } from "./cancel.ts";
import { RawClient, type RawClientConfig } from "./connection.ts";
import { explain } from "./errors.ts";
import { isConflict } from "./reported.ts";
import type { RowBatches } from "./row-batches.ts";
import { type QueryLimits, RowQuery } from "./row-query.ts";
import type { Prelude } from "./session-settings.ts";
import { StatementFailure } from "./statement-errors.ts";
import { explainConnect } from "./unavailable.ts";
import { type Waiter, WaitQueue } from "./wait-queue.ts";

export interface PoolOptions {
  readonly connect: RawClientConfig;
  /** The database, without password, for messages. */
  readonly place: string;
  /** Connections at most. */
  readonly size: number;
  /** Statements and transactions that may wait for a connection. */
  readonly queueLimit: number;
  /** Milliseconds that one may wait. */
  readonly acquireTimeout: number;
  readonly limits: QueryLimits;
}

interface Slot {
  readonly client: RawClient;
  /** Whether a transaction has it. */
  lent: boolean;
  /** Whether all that is under way on it is quick. */
  quick: boolean;
  idleSince: number;
  /** Whether what runs on it is being cancelled. */
  cancelling: boolean;
}

interface SlotWaiter extends Waiter<Slot> {
  /** Absent: a transaction. */
  readonly statement?: Statement;
  /** Whether it may join others on a connection. */
  readonly quick: boolean;
}

/** Statements under way on one connection. More would not be answered sooner. */
const mostUnderWay = 8;
/** Milliseconds up to which a statement is quick. */
const quickLimit = 10;
/** The last run's share in a statement's usual time. */
const newestShare = 0.2;
/** Milliseconds that an idle connection is kept. */
const idleLimit = 300_000;
/** Milliseconds between two looks for statements that nobody waits for any more: a listener for each would cost more. */
const abandonedInterval = 100;
/** Milliseconds without a further attempt where the server refused one connection more, but has given others. */
const pauseAfterFailure = 1_000;
/** Milliseconds until a statement that met another transaction runs again, at most. */
const longestPause = 40;
/** Runs of a statement that met another transaction, or whose connection was lost for those before it; from the second on it has one to itself. */
const mostRuns = 3;
const sessionSpoiled = new Error("a statement before it changed the session");

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiting: WaitQueue<SlotWaiter>;
  /** Milliseconds that statements usually take, by their text; infinite for those that spoil the session. */
  readonly #times = new LRUCache<string, number>({ max: 2_000 });
  readonly #opening = new Set<Promise<void>>();
  /** Runs while no further connection is attempted. */
  #pause: NodeJS.Timeout | null = null;
  readonly #idleTimer = setInterval(() => this.#endIdle(), idleLimit / 5).unref();
  readonly #abandonedTimer = setInterval(() => this.#endAbandoned(), abandonedInterval).unref();
  /** Statements and transactions that have not ended, those that wait included. */
  #busy = 0;
  #whenIdle: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#waiting = new WaitQueue(options.acquireTimeout, () => this.#overdueError());
  }

  /**
   * Runs a statement that only reads.
   *
   * @param batches Takes the rows in the place of the result.
   * @throws PuffError
   */
  async run(statement: Statement, prelude: Prelude | null, batches: RowBatches | null = null): Promise<RowSet> {
    this.#enter();
    let outdated = false;
    try {
      for (let runs = 1; ; runs++) {
        const query = new RowQuery(statement, this.#options.limits, prelude, { batches, anew: outdated, reads: true });
        try {
          return await this.#share(query, runs === 1);
        } catch (error) {
          const given = abandonment(statement);
          if (given !== null) {
            throw given;
          }
          outdated = isOutdated(error);
          const met = batches === null && hasMet(error);
          const mayRunAgain = query.isStranded || outdated || met || (batches === null && isEnded(error));
          if (!mayRunAgain || runs === mostRuns) {
            throw explain(error, this.#options.place);
          }
          if (met) {
            await sleep(Math.random() * longestPause);
          }
        }
      }
    } finally {
      this.#leave();
    }
  }

  /**
   * Gives `use` a connection that nobody else uses.
   *
   * @throws PuffError
   */
  async lend<T>(use: (client: RawClient) => Promise<T>): Promise<T> {
    this.#enter();
    try {
      let slot = await this.#take();
      while (!slot.client.isAlive) {
        slot = await this.#take(); // that one was lost meanwhile, with nothing sent on it
      }
      try {
        return await use(slot.client);
      } finally {
        slot.lent = false;
        slot.client.connection.spoiled ||= slot.client.load > 0;
        this.#settle(slot);
      }
    } catch (error) {
      throw explain(error, this.#options.place);
    } finally {
      this.#leave();
    }
  }

  /** Ends the connections once all that was asked for is done. What comes later fails with `PUFF_SHUTTING_DOWN`. */
  async close(): Promise<void> {
    this.#closed ??= this.#drain();
    await this.#closed;
  }

  #enter(): void {
    if (this.#closed !== null) {
      const { place } = this.#options;
      throw new PuffError("PUFF_SHUTTING_DOWN", "the database connections are being closed", { place });
    }
    this.#busy++;
  }

  #leave(): void {
    this.#busy--;
    if (this.#busy === 0) {
      this.#whenIdle?.();
    }
  }

  async #drain(): Promise<void> {
    if (this.#busy > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#whenIdle = resolve;
      await promise;
    }
    await Promise.all(this.#opening);
    clearInterval(this.#idleTimer);
    clearInterval(this.#abandonedTimer);
    await Promise.all([...this.#slots].map((slot) => this.#end(slot)));
  }

  #take(): Promise<Slot> {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const start = (slot: Slot): void => {
      slot.lent = true;
      resolve(slot);
    };
    this.#start({ quick: false, start, fail: reject });
    return promise;
  }

  #share(query: RowQuery, mayJoin: boolean): Promise<RowSet> {
    const quick = mayJoin && (this.#times.get(query.statement.text) ?? Number.POSITIVE_INFINITY) <= quickLimit;
    const start = (slot: Slot): void => {
      slot.quick = quick;
      slot.client.run(query);
    };
    this.#start({ quick, statement: query.statement, start, fail: (error) => query.fail(error) });
    return query.rows;
  }

  /** Starts at once where there is a connection, and else queues up. */
  #start(waiter: SlotWaiter): void {
    const slot = this.#waiting.length === 0 ? this.#choose(waiter.quick) : null;
    if (slot !== null) {
      waiter.start(slot);
      return;
    }
    const { size, queueLimit } = this.#options;
    if (this.#waiting.length >= queueLimit + size - this.#slots.size) {
      waiter.fail(this.#busyError(`all ${size} connections are busy and ${queueLimit} statements wait for one`));
      return;
    }
    this.#waiting.push(waiter);
  }

  /** An idle connection, or else the least loaded one that takes more, while another is being opened. */
  #choose(quick: boolean): Slot | null {
    let best: Slot | null = null;
    for (const slot of this.#slots) {
      const { load } = slot.client;
      if (slot.lent || slot.cancelling) {
        continue;
      }
      if (load === 0) {
        return slot;
      }
      if (quick && slot.quick && !slot.client.isHeld && load < (best?.client.load ?? mostUnderWay)) {
        best = slot;
      }
    }
    this.#grow();
    return best;
  }

  #serve(): void {
    for (let waiter = this.#waiting.first; waiter !== undefined; waiter = this.#waiting.first) {
      const slot = this.#choose(waiter.quick);
      if (slot === null) {
        return;
      }
      this.#waiting.shift();
      waiter.start(slot);
    }
  }

  #answered(slot: Slot, query: RowQuery): void {
    const { text } = query.statement;
    const { elapsed } = query;
    const usual = this.#times.get(text) ?? elapsed;
    const spoils = isSpoiled(slot.client);
    this.#times.set(text, spoils ? Number.POSITIVE_INFINITY : usual + newestShare * (elapsed - usual));
    if (!slot.lent) {
      this.#settle(slot);
    }
  }

  /** A connection has room for more, or is done with altogether. */
  #settle(slot: Slot): void {
    if (isSpoiled(slot.client)) {
      if (slot.client.load > 0) {
        slot.client.connection.giveUp(sessionSpoiled); // those under way would run in it
      }
      void this.#end(slot);
    } else if (slot.client.load === 0) {
      slot.idleSince = performance.now();
    }
    this.#serve();
  }

  #grow(): void {
    const { size, connect } = this.#options;
    const connections = this.#slots.size + this.#opening.size;
    if (connections >= size || (connections > 0 && this.#pause !== null)) {
      return;
    }
    const opening = this.#open(new RawClient(connect));
    this.#opening.add(opening);
    void opening.finally(() => this.#opening.delete(opening)).then(() => this.#serve());
  }

  async #open(client: RawClient): Promise<void> {
    try {
      await client.connect();
    } catch (error) {
      void client.end();
      clearTimeout(this.#pause ?? undefined);
      this.#pause = setTimeout(() => {
        this.#pause = null;
        this.#serve(); // what waits would else do so until another ends
      }, pauseAfterFailure).unref();
      if (this.#slots.size === 0 && this.#opening.size === 1) {
        this.#waiting.failAll(explainConnect(error, this.#options.place));
      }
      return;
    }
    const slot: Slot = { client, lent: false, quick: false, idleSince: performance.now(), cancelling: false };
    client.onAnswered = (query) => this.#answered(slot, query);
    const forget = (): void => {
      this.#slots.delete(slot);
      this.#serve();
    };
    client.once("error", forget).once("end", forget);
    this.#slots.add(slot);
  }

  async #end(slot: Slot): Promise<void> {
    this.#slots.delete(slot);
    await slot.client.end();
  }

  #endIdle(): void {
    for (const slot of this.#slots) {
      if (!slot.lent && slot.client.load === 0 && performance.now() - slot.idleSince > idleLimit) {
        void this.#end(slot);
      }
    }
  }

  #endAbandoned(): void {
    const isOver = (statement: Statement | undefined): boolean => statement?.signal?.aborted === true;
    for (const waiter of this.#waiting.drop(({ statement }) => isOver(statement))) {
      waiter.fail(new Error("nobody waits for it"));
    }
    for (const slot of this.#slots) {
      const { running } = slot.client.connection;
      // With others behind it, it was quick until now; and they might be hit.
      if (isOver(running?.statement) && slot.client.load === 1 && !slot.cancelling) {
        void this.#cancel(slot);
      }
    }
  }

  async #cancel(slot: Slot): Promise<void> {
    slot.cancelling = true;
    await cancelRunning(slot.client);
    slot.cancelling = false;
    this.#serve();
  }

  #overdueError(): PuffError {
    const { size, acquireTimeout, place } = this.#options;
    return this.#slots.size === 0
      ? explainConnect(new Error("timeout: no connection was made"), place)
      : this.#busyError(`none of the ${size} connections was free within ${acquireTimeout / 1000} s`);
  }

  #busyError(message: string): PuffError {
    return new PuffError("PUFF_POOL_BUSY", message, {
      place: this.#options.place,
      remedy: "Try again later; if it happens often, make the pool larger or the statements faster.",
    });
  }
}

function isOutdated(error: unknown): boolean {
  return error instanceof StatementFailure && error.details.outdated;
}

/** Whether it met another transaction. It has read only: there is nothing to undo. */
function hasMet(error: unknown): boolean {
  return error instanceof StatementFailure && isConflict(error.cause);
}

/** Whether the connection was ended for the statement before it. */
function isEnded(error: unknown): boolean {
  return error instanceof StatementFailure && error.cause === sessionSpoiled;
}

/** Whether its session isn't as it was. */
function isSpoiled(client: RawClient): boolean {
  return client.connection.spoiled || client.getTransactionStatus() !== "I";
}
