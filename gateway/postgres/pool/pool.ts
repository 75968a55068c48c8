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
import type { RowSet, Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { type Client, currentClient } from "../../fairness/client.ts";
import { FairQueue, type Waiter } from "../../fairness/fair-queue.ts";
import { Places, type Refusal } from "../../fairness/places.ts";
import { explain } from "../errors/errors.ts";
import { isConflict } from "../errors/reported.ts";
import { StatementFailure } from "../errors/statement-errors.ts";
import { explainConnect } from "../errors/unavailable.ts";
import type { SessionEffects } from "../session/session-effects.ts";
import { resetStatements } from "../session/session-reset.ts";
import type { Prelude } from "../session/session-settings.ts";
import { abandonment, cancelRunning } from "../wire/cancel.ts";
import { RawClient, type RawClientConfig, type RawConnection } from "../wire/connection.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { RowBatches } from "../wire/row-batches.ts";
import { type QueryLimits, RowQuery } from "../wire/row-query.ts";

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
  /** Percent of the connections, and of the queue, that one client may hold while others want them. */
  readonly clientShare: number;
  readonly limits: QueryLimits;
  /** Whether each transaction may meet another session, so that a statement has to tidy up in its own flight. */
  readonly pooler: boolean;
  readonly effects: SessionEffects;
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
  /** Those under way that are the pool's own, which end soon. */
  readonly own: Set<Exchange<RawConnection>>;
}

interface SlotWaiter extends Waiter {
  start(slot: Slot): void;
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
/** Milliseconds in all that a list may keep a connection for a client that does not take its rows, while others wait. */
const heldLimit = 2_000;
/** The catalogue is read while nobody waits. */
const catalogueLimits: QueryLimits = { maxRows: Number.POSITIVE_INFINITY, silence: 60_000 };
const sessionSpoiled = new Error("a statement before it changed the session");

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiting: FairQueue<SlotWaiter>;
  /** Statements and transactions under way, by client. */
  readonly #held: Places;
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
    const { size, queueLimit: limit, acquireTimeout: patience, clientShare: share } = options;
    this.#waiting = new FairQueue({ limit, share, patience, overdue: () => this.#overdueError() });
    this.#held = new Places(size, share);
  }

  /**
   * Runs a statement that only reads.
   *
   * @param batches Takes the rows in the place of the result.
   * @throws PuffError
   */
  async run(statement: Statement, prelude: Prelude | null, batches: RowBatches | null = null): Promise<RowSet> {
    this.#enter();
    const { limits, pooler, effects } = this.#options;
    const resets = effects.mayChange(statement.text);
    const behind = resets && pooler ? { behind: this.#resets() } : {};
    let outdated = false;
    try {
      for (let runs = 1; ; runs++) {
        const query = new RowQuery(statement, limits, prelude, { batches, anew: outdated, reads: true, ...behind });
        try {
          return await this.#share(query, runs === 1, resets && !pooler);
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
      const client = currentClient();
      let slot = await this.#take(client);
      while (!slot.client.isAlive) {
        this.#held.leave(client);
        slot = await this.#take(client); // that one was lost meanwhile, with nothing sent on it
      }
      try {
        return await use(slot.client);
      } finally {
        this.#held.leave(client);
        slot.client.connection.spoiled ||= slot.client.load > 0;
        this.#giveBack(slot);
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

  #take(client: Client): Promise<Slot> {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const start = (slot: Slot): void => {
      slot.lent = true;
      this.#held.take(client);
      resolve(slot);
    };
    this.#start({ client, quick: false, start, fail: reject });
    return promise;
  }

  /** What was written may have left behind more than the statements say, such as `lastval()`; nobody waits for it to go. */
  #giveBack(slot: Slot): void {
    const settle = (): void => {
      slot.lent = false;
      this.#settle(slot);
    };
    if (this.#options.pooler || isSpoiled(slot.client) || !slot.client.isAlive) {
      settle();
    } else {
      void this.#reset(slot).then(settle);
    }
  }

  /** Makes the session as new for what is sent from now on, or ends the connection. */
  async #reset(slot: Slot): Promise<void> {
    const { client } = slot;
    const { ahead, last } = resetStatements(this.#options.effects.mayPrepare);
    const query = new RowQuery(last, this.#options.limits, null, { ahead });
    slot.own.add(query);
    client.run(query);
    await query.rows.catch(() => {
      if (!query.isStranded) {
        client.connection.giveUp(sessionSpoiled);
      }
    });
  }

  #resets(): readonly Statement[] {
    const { ahead, last } = resetStatements(this.#options.effects.mayPrepare);
    return [...ahead, last];
  }

  /** Reads the catalogue on the least loaded connection; null: there is none. */
  #readCatalogue(statement: Statement): Promise<RowSet> | null {
    let best: Slot | null = null;
    for (const slot of this.#slots) {
      const isFree = !slot.lent && !slot.cancelling && !slot.client.isHeld && slot.client.isAlive;
      if (isFree && slot.client.load < (best?.client.load ?? mostUnderWay)) {
        best = slot;
      }
    }
    if (best === null) {
      return null;
    }
    const query = new RowQuery(statement, catalogueLimits, null);
    best.own.add(query);
    best.client.run(query);
    return query.rows;
  }

  /** @param resets Whether the session is made as new behind it. */
  #share(query: RowQuery, mayJoin: boolean, resets: boolean): Promise<RowSet> {
    const quick = mayJoin && (this.#times.get(query.statement.text) ?? Number.POSITIVE_INFINITY) <= quickLimit;
    const client = currentClient();
    const leave = (): void => {
      this.#held.leave(client);
      if (this.#waiting.length > 0) {
        this.#serve(); // before, it counted still
      }
    };
    const start = (slot: Slot): void => {
      slot.quick = quick;
      this.#held.take(client);
      query.rows.then(leave, leave);
      if (slot.client.run(query) && resets) {
        void this.#reset(slot);
      }
    };
    this.#start({ client, quick, statement: query.statement, start, fail: (error) => query.fail(error) });
    return query.rows;
  }

  /** Starts at once where there is a connection, and else queues up. */
  #start(waiter: SlotWaiter): void {
    // Where connections are free, those who wait have more than their share.
    const isNext = this.#waiting.length === 0 || (this.#held.isModest(waiter.client) && this.#free > 0);
    const slot = isNext ? this.#choose(waiter) : "all";
    if (typeof slot === "object") {
      waiter.start(slot);
      return;
    }
    const { size, queueLimit } = this.#options;
    if (!this.#waiting.push(waiter, queueLimit + size - this.#slots.size)) {
      waiter.fail(
        this.#busyError(`all ${size} connections are busy and ${this.#waiting.length} statements wait for one`),
      );
      return;
    }
    this.#serve();
  }

  /** Connections that nobody uses, or that can be opened. */
  get #free(): number {
    let free = this.#pause === null ? this.#options.size : this.#slots.size;
    for (const { lent, cancelling, client } of this.#slots) {
      free -= lent || cancelling || client.load > 0 ? 1 : 0;
    }
    return free;
  }

  /** An idle connection, or else the least loaded one that takes more, while another is being opened. */
  #choose({ client, quick }: SlotWaiter): Slot | Refusal {
    const refusal = this.#held.isModest(client) ? null : this.#held.refuse(client, this.#free);
    let best: Slot | null = null;
    for (const slot of this.#slots) {
      const { load } = slot.client;
      if (slot.lent || slot.cancelling) {
        continue;
      }
      if (load === slot.own.size) {
        if (refusal === null) {
          return slot;
        }
      } else if (quick && slot.quick && !slot.client.isHeld && load < (best?.client.load ?? mostUnderWay)) {
        best = slot;
      }
    }
    if (refusal === null) {
      this.#grow();
    }
    return best ?? refusal ?? "all";
  }

  #serve(): void {
    for (;;) {
      const next = this.#waiting.take<Slot>((waiter) => this.#choose(waiter));
      if (next === null) {
        return;
      }
      next.waiter.start(next.granted);
    }
  }

  #answered(slot: Slot, query: Exchange<RawConnection>): void {
    slot.own.delete(query);
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
    this.#options.effects.refresh((statement) => this.#readCatalogue(statement));
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
    const slot: Slot = {
      client,
      lent: false,
      quick: false,
      idleSince: performance.now(),
      cancelling: false,
      own: new Set(),
    };
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
    this.#endHeld();
    const isOver = (statement: Statement | undefined): boolean => statement?.signal?.aborted === true;
    for (const waiter of this.#waiting.drop(({ statement }) => isOver(statement))) {
      waiter.fail(new Error("nobody waits for it"));
    }
    for (const slot of this.#slots) {
      const { running } = slot.client.connection;
      // With others behind it, it was quick until now; and they might be hit.
      if (isOver(running?.statement) && slot.client.load - slot.own.size === 1 && !slot.cancelling) {
        void this.#cancel(slot);
      }
    }
  }

  /** While statements wait, ends the one whose client has taken its rows the most slowly: Postgres can't be told to wait. */
  #endHeld(): void {
    if (this.#waiting.length === 0) {
      return;
    }
    const held = [...this.#slots].map(({ client: { connection } }) => ({
      connection,
      time: connection.running?.heldTime ?? 0,
    }));
    const [slowest] = held.toSorted((one, other) => other.time - one.time);
    if (slowest !== undefined && slowest.time > heldLimit) {
      const message = "its client took the rows slowly, and other statements waited for the connection";
      slowest.connection.giveUp(this.#busyError(message));
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
