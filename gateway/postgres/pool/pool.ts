/**
 * The connections to one server. Statements share them; a transaction has one to itself.
 *
 * A connection takes several statements without waiting for their answers, but only where each of them was quick the last
 * times: behind a slow one all others would wait. Those of one turn of the event loop share a write and a Sync.
 *
 * Before they did: `npm run bench pool` on 2 cores, 32 askers, 10 connections, 64 rows:
 * 22,700 statements/s at 19 µs of CPU each, where pg's own pool with one at a time has 9,600 at 60 µs. Where 5 % are
 * pg_sleep(0.2), the others' p99 is 3 ms here, 6 ms there, and 182 ms with pipelining to the least loaded connection.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { RowSet, Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { type Client, currentClient } from "../../fairness/client.ts";
import { abandonment } from "../connect/cancel.ts";
import { asPuffError } from "../errors/errors.ts";
import { isConflict } from "../errors/reported.ts";
import { StatementFailure } from "../errors/statement-errors.ts";
import type { SessionEffects } from "../session/session-effects.ts";
import { resetStatements } from "../session/session-reset.ts";
import type { Prelude } from "../session/session-settings.ts";
import { TypesAsked } from "../wire/empty-lists.ts";
import type { Exchange } from "../wire/exchange.ts";
import type { RawClient, RawClientConfig, RawConnection } from "../wire/raw-client.ts";
import type { RowBatches } from "../wire/row-batches.ts";
import { type QueryLimits, RowQuery } from "../wire/row-query.ts";
import { endAbandoned } from "./abandoned.ts";
import { mostUnderWay, SlotQueue, type SlotQueueOptions } from "./slot-queue.ts";
import { isSpoiled, type Slot, Slots } from "./slots.ts";
import { UsualTimes } from "./usual-times.ts";

export interface PoolOptions extends SlotQueueOptions {
  readonly connect: RawClientConfig;
  readonly limits: QueryLimits;
  /** Whether each transaction may meet another session, so that a statement has to tidy up in its own flight. */
  readonly pooler: boolean;
  readonly effects: SessionEffects;
}

/** Milliseconds up to which a statement is quick. */
const quickLimit = 10;
/** Milliseconds between two looks for statements that nobody waits for any more: a listener for each would cost more. */
const abandonedInterval = 100;
/** Milliseconds until a statement that met another transaction runs again, at most. */
const longestPause = 40;
/** Runs of a statement that met another transaction, or whose connection was lost for those before it; from the second on it has one to itself. */
const mostRuns = 3;
/** The catalogue is read while nobody waits. */
const catalogueLimits: QueryLimits = { maxRows: Number.POSITIVE_INFINITY, silence: 60_000 };
const sessionSpoiled = new Error("a statement before it changed the session");

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #slots: Slots;
  readonly #queue: SlotQueue;
  readonly #times = new UsualTimes();
  readonly #abandonedTimer = setInterval(() => endAbandoned(this.#slots, this.#queue), abandonedInterval).unref();
  /** Statements and transactions that have not ended, those that wait included. */
  #busy = 0;
  #whenIdle: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#slots = new Slots({
      connect: options.connect,
      size: options.size,
      changed: () => this.#queue.serve(),
      answered: (slot, query) => this.#answered(slot, query),
      unreachable: (error) => this.#queue.failAll(error),
    });
    this.#queue = new SlotQueue(this.#slots, options);
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
    const resets = effects.mayChange(statement.text, false);
    const behind = resets && pooler ? { behind: this.#resets() } : {};
    let outdated = false;
    try {
      for (let runs = 1; ; runs++) {
        const query = new RowQuery(statement, limits, prelude, { batches, anew: outdated, reads: true, ...behind });
        try {
          return await this.#share(query, runs === 1, resets && !pooler);
        } catch (error) {
          if (error instanceof TypesAsked) {
            outdated = false; // asking has prepared it anew; once more would ask again, for ever
            runs--;
            continue;
          }
          const given = abandonment(statement);
          if (given !== null) {
            throw given;
          }
          outdated = isOutdated(error);
          const met = batches === null && hasMet(error);
          const mayRunAgain = query.isStranded || outdated || met || (batches === null && isEnded(error));
          if (!mayRunAgain || runs === mostRuns) {
            throw asPuffError(error, this.#options.place);
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
        this.#queue.release(client);
        slot = await this.#take(client); // that one was lost meanwhile, with nothing sent on it
      }
      try {
        return await use(slot.client);
      } finally {
        this.#queue.release(client);
        slot.client.connection.spoiled ||= slot.client.load > 0;
        this.#giveBack(slot);
      }
    } catch (error) {
      throw asPuffError(error, this.#options.place);
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
    clearInterval(this.#abandonedTimer);
    await this.#slots.close();
  }

  #take(client: Client): Promise<Slot> {
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const start = (slot: Slot): void => {
      slot.lent = true;
      this.#queue.hold(client);
      resolve(slot);
    };
    const slot = this.#queue.take({ client, quick: false, time: Number.POSITIVE_INFINITY, start, fail: reject });
    if (slot !== null) {
      start(slot);
    }
    return promise;
  }

  /** Nobody waits for what was left behind to go. */
  #giveBack(slot: Slot): void {
    const { client } = slot;
    const settle = (): void => {
      slot.lent = false;
      this.#settle(slot);
    };
    if (this.#options.pooler || isSpoiled(client) || !client.isAlive || !client.connection.touched) {
      settle();
    } else {
      client.connection.touched = false;
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
    for (const slot of this.#slots.open) {
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
    const time = mayJoin && !resets ? this.#times.of(query.statement.text) : Number.POSITIVE_INFINITY;
    const quick = time <= quickLimit;
    const client = currentClient();
    const leave = (): void => {
      this.#queue.release(client);
      if (this.#queue.length > 0) {
        this.#queue.serve(); // before, it counted still
      }
    };
    const start = (slot: Slot): void => {
      slot.quick = quick;
      this.#queue.hold(client);
      query.rows.then(leave, leave);
      if (quick) {
        slot.client.gather(query);
        return;
      }
      if (slot.client.run(query) && resets) {
        void this.#reset(slot);
      }
    };
    const { statement } = query;
    const slot = this.#queue.take({ client, quick, time, statement, start, fail: (error) => query.fail(error) });
    if (slot !== null) {
      start(slot);
    }
    return query.rows;
  }

  #answered(slot: Slot, query: Exchange<RawConnection>): void {
    slot.own.delete(query);
    const { text } = query.statement;
    this.#times.note(text, query.failed || isSpoiled(slot.client) ? Number.POSITIVE_INFINITY : query.elapsed);
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
      void this.#slots.end(slot);
    } else if (slot.client.load === 0) {
      slot.idleSince = performance.now();
    }
    // First: who waits takes the connection.
    this.#options.effects.refresh((statement) => this.#readCatalogue(statement));
    this.#queue.serve();
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
