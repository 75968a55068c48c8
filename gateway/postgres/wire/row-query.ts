/** What pg's Client runs in place of its own Query: a prepared statement whose rows stay bytes. */
import { type Column, noRows, RowSet, type Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";
import { isFromServer, type Reported } from "../errors/reported.ts";
import { noCopy, noSession, refuse, StatementFailure, silent, tooManyRows } from "../errors/statement-errors.ts";
import { type Prelude, preludeStatements } from "../session/session-settings.ts";
import { checkOf, hasEmptyList, noText, TypesAsked, valuesOf } from "./empty-lists.ts";
import type { Exchange, PreparedStatement } from "./exchange.ts";
import type { CountingSink, RowSink } from "./frames.ts";
import { execute, keyOf, prepare, sendStep } from "./prepare.ts";
import type { RawConnection } from "./raw-client.ts";
import type { RowBatches } from "./row-batches.ts";

export interface QueryLimits {
  /** Rows that the statement may return. */
  readonly maxRows: number;
  /**
   * Milliseconds until the connection is given up: longer than Postgres's own timeout, of which nothing is heard where
   * the network drops what is sent. 0: none.
   */
  readonly silence: number;
}

export interface RunOptions {
  /** Takes the rows in the place of {@link RowQuery.rows}, which then has none. Default: null. */
  readonly batches?: RowBatches | null;
  /** Whether to prepare it even where the connection has it prepared, which may be for other tables. Default: false. */
  readonly anew?: boolean;
  /** Whether it is to read only, as far as errors tell. Default: false. */
  readonly reads?: boolean;
  /** What is sent ahead of it, and behind it, in the same flight, whose rows nobody wants. Default: none. */
  readonly ahead?: readonly Statement[];
  readonly behind?: readonly Statement[];
  /** Whether a transaction is open, which is to survive that what was prepared is outdated. Default: false. */
  readonly inTransaction?: boolean;
}

/** Goes ahead, in an open transaction, of what was prepared earlier. */
export const savepoint = "puff_prepared";

/** Commands that leave the session as it was. */
const harmless =
  /^(SELECT|INSERT|UPDATE|DELETE|MERGE|SHOW|EXPLAIN|CALL|FETCH|BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/;
/** Commands whose only effect would be on the session, which ends with them. */
const ofSession = /^(SET|RESET|LISTEN|UNLISTEN|DISCARD|PREPARE|DEALLOCATE)\b/;
/** Where "cached plan must not change result type" and "prepared statement does not exist" come from, before anything runs. */
const outdatedRoutines = /^(RevalidateCachedQuery|FetchPreparedStatement)$/;

/**
 * One run of a statement. It is prepared under a name the first time that a connection sees it; from then on a Bind and
 * an Execute suffice, and neither its parameters nor its columns are described again.
 *
 * The methods are the calls that Client makes on the query whose answer comes next: {@link submit} first, after
 * {@link handleError} none, and else {@link handleReadyForQuery} last.
 */
export class RowQuery implements Exchange<RawConnection> {
  /** Fails with a {@link StatementFailure}, {@link TypesAsked} or a PuffError. */
  readonly rows: Promise<RowSet>;
  readonly statement: Statement;
  readonly #limits: QueryLimits;
  readonly #prelude: Prelude | null;
  readonly #options: RunOptions;
  readonly #resolve: (rows: RowSet) => void;
  readonly #reject: (error: unknown) => void;
  #connection: RawConnection | undefined;
  #prepared: PreparedStatement | undefined;
  #rows = noRows;
  #received: CountingSink = noRows;
  /** Whether it had been prepared before. */
  #known = false;
  /** Whether it only asks for its parameters' types. */
  #asks = false;
  /** Whether what goes ahead of it fails for a list where a text is wanted. */
  #checks = false;
  #bound = false;
  /** Statements of the prelude that have not been answered. */
  #ahead = 0;
  #begunAt = 0;
  /** Whether all its rows are there. */
  #isDone = false;
  #isAbandoned = false;
  /** Whether it has failed, for whatever reason. */
  failed = false;
  /** What Postgres said that it did, such as `INSERT 0 1`; empty where it has not. */
  tag = "";

  constructor(statement: Statement, limits: QueryLimits, prelude: Prelude | null, options: RunOptions = {}) {
    this.statement = statement;
    this.#limits = limits;
    this.#prelude = prelude;
    this.#options = options;
    const { promise, resolve, reject } = Promise.withResolvers<RowSet>();
    this.rows = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether the server did not come to it: the connection was lost, or is held up, on those before it, or one of them failed. */
  get isStranded(): boolean {
    return this.#isAbandoned || (this.#connection !== undefined && this.#begunAt === 0);
  }

  /** Milliseconds that its connection has waited for the reader of the rows. */
  get heldTime(): number {
    return this.#options.batches?.heldTime ?? 0;
  }

  /** Fails it as stranded. Its answer, which is still to come, is for nobody. */
  abandon(): void {
    this.#isAbandoned = true;
    this.fail(new Error("the server did not come to it"));
  }

  /** Milliseconds since the server came to it. */
  get elapsed(): number {
    return performance.now() - this.#begunAt;
  }

  endIfSilent(): void {
    const { silence } = this.#limits;
    if (silence > 0 && this.elapsed > silence) {
      this.#connection?.giveUp(silent(silence));
    }
  }

  /** Whether it can be sent to a connection together with others: prepared there, and nothing goes ahead of it or behind it. */
  mayShare(connection: RawConnection): boolean {
    const { anew = false, ahead, behind, inTransaction = false } = this.#options;
    const isPlain = this.#prelude === null && !anew && ahead === undefined && behind === undefined && !inTransaction;
    const columns = connection.prepared.get(keyOf(this.statement))?.columns ?? null;
    return isPlain && columns !== null && !hasEmptyList(this.statement);
  }

  /** Sends it without a Sync, where {@link mayShare} says that it can be. */
  sendShared(connection: RawConnection): void {
    this.#connection = connection;
    this.#known = true;
    this.#prepared = prepare(connection, this.statement, keyOf(this.statement), "never");
    const { params } = this.statement;
    execute(
      connection,
      this.#prepared,
      params.map(([, value]) => value),
    );
  }

  /**
   * Sends the statement, to be answered after all that were sent before.
   *
   * @returns false if it can't be sent: it has failed, and the connection knows nothing of it.
   */
  send(connection: RawConnection): boolean {
    const { anew = false, inTransaction = false, ahead = none, behind = none } = this.#options;
    const key = keyOf(this.statement);
    if (anew) {
      connection.prepared.delete(key);
      connection.parameterTypes.delete(key);
    }
    this.#known = connection.prepared.has(key);
    const refusal = this.#known ? null : refuse(this.statement);
    if (refusal !== null) {
      this.fail(refusal);
      return false;
    }
    this.#connection = connection;
    connection.stream.cork();
    try {
      const { params } = this.statement;
      const types = connection.prepared.get(key)?.parameterTypes ?? connection.parameterTypes.get(key);
      this.#asks = types === undefined && hasEmptyList(this.statement);
      const check = types === undefined ? null : checkOf(params, types);
      this.#checks = check !== null;
      const saving = this.#known && inTransaction ? [{ text: `SAVEPOINT ${savepoint}`, params: [] }] : [];
      for (const statement of [
        ...saving,
        ...preludeStatements(this.#prelude),
        ...ahead,
        ...(check === null ? none : [check]),
      ]) {
        sendStep(connection, statement);
        this.#ahead++;
      }
      this.#prepared = prepare(connection, this.statement, key, this.#asks ? "always" : "first");
      if (!this.#asks) {
        execute(connection, this.#prepared, valuesOf(params, types));
        for (const statement of behind) {
          sendStep(connection, statement);
        }
      }
      connection.sync();
    } catch (error) {
      // Half a statement may be on its way.
      connection.giveUp(error instanceof Error ? error : new Error(String(error)));
    } finally {
      connection.stream.uncork();
    }
    return true;
  }

  /** Fails it, sent or not. */
  fail(error: unknown): void {
    this.failed = true;
    this.#reject(error);
  }

  /** The next answer is its own. */
  submit(connection: RawConnection): void {
    this.#begunAt = performance.now();
    connection.running = this;
    if (this.#ahead > 0) {
      connection.sink = nowhere;
    } else if (this.#known && !this.#asks) {
      this.#receiveRows(this.#prepared?.columns ?? [], connection);
    }
  }

  handleParameterDescription(types: readonly number[]): void {
    if (this.#prepared !== undefined) {
      this.#prepared.parameterTypes = types;
    }
    if (this.#asks) {
      this.#connection?.parameterTypes.set(keyOf(this.statement), types);
    }
  }

  handleRowDescription(message: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#describe(message.fields.map(({ name, dataTypeID }) => ({ name, oid: dataTypeID })));
  }

  handleNoData(): void {
    this.#describe([]);
    if (this.#prepared !== undefined) {
      this.#prepared.yieldsRows = false;
    }
  }

  handleBindComplete(): void {
    this.#bound = this.#ahead === 0;
  }

  handleCommandComplete({ text: tag }: { text: string }, connection: RawConnection): void {
    if (this.#ahead > 0) {
      this.#ahead--;
      if (this.#ahead === 0) {
        connection.sink = null;
        if (this.#known && !this.#asks) {
          this.#receiveRows(this.#prepared?.columns ?? [], connection);
        }
      }
      return;
    }
    if (this.#isDone) {
      return; // one behind it
    }
    this.#isDone = true;
    this.tag = tag;
    if (this.#prepared !== undefined) {
      this.#prepared.size = this.#received.size;
    }
    if (this.#options.behind !== undefined) {
      connection.sink = nowhere;
    }
    // SET, LISTEN, CREATE TEMPORARY TABLE, … would affect the next caller. CREATE TABLE AS calls itself SELECT.
    if (!harmless.test(tag) || (tag.startsWith("SELECT") && this.#prepared?.yieldsRows === false)) {
      connection.spoiled = true;
    }
    if (ofSession.test(tag)) {
      this.fail(noSession(tag));
    }
  }

  handleEmptyQuery(): void {
    this.fail(
      new PuffError("PUFF_PLAN_STATEMENTS", "the plan's SQL contains no statement", {
        remedy: "Return one SQL statement, or another kind of plan.",
      }),
    );
  }

  handleCopyInResponse(connection: RawConnection): void {
    this.fail(noCopy());
    // Postgres has skipped the Sync that it was sent already.
    connection.sendCopyFail("a plan has no data for COPY");
    connection.sync();
  }

  handleCopyData(): void {
    this.fail(noCopy());
  }

  handleError(error: Error & Reported, connection: RawConnection): void {
    this.#finish(connection);
    // A function that runs while the statement is planned may raise the same states: only the routine is Postgres's own.
    const isOutdated = outdatedRoutines.test(error.routine ?? "") && error.where === undefined;
    const outdated = this.#known && !this.#bound && this.#ahead === 0 && isOutdated;
    const prepared = this.#prepared;
    // Another run may have prepared it again meanwhile.
    if (prepared !== undefined && (outdated || prepared.columns === null) && connection.has(prepared)) {
      connection.prepared.delete(prepared.key);
    }
    if (this.#checks && this.#ahead > 0 && error.code === divisionByZero) {
      this.fail(noText());
      return;
    }
    this.fail(
      error instanceof PuffError
        ? error
        : new StatementFailure(error, this.statement, {
            wanted: prepared?.parameterTypes?.length ?? null,
            outdated,
            ofSettings: this.#ahead > 0 && this.#prelude !== null && isFromServer(error),
            reads: this.#options.reads === true,
          }),
    );
  }

  handleReadyForQuery(connection: RawConnection): void {
    this.#finish(connection);
    if (this.#asks) {
      this.fail(new TypesAsked());
    } else {
      this.#resolve(this.#rows);
    }
  }

  #describe(columns: readonly Column[]): void {
    if (this.#prepared !== undefined && this.#connection !== undefined) {
      this.#prepared.columns = columns;
      if (!this.#asks) {
        this.#receiveRows(columns, this.#connection);
      }
    }
  }

  #receiveRows(columns: readonly Column[], connection: RawConnection): void {
    if (this.#isAbandoned) {
      connection.sink = nowhere;
      return;
    }
    const { maxRows } = this.#limits;
    const { batches } = this.#options;
    const expected = this.#prepared?.size ?? 0;
    if (batches === undefined || batches === null) {
      this.#rows = new RowSet(columns, expected);
    }
    const sink = batches?.receive(columns, connection, expected) ?? this.#rows;
    this.#received = sink;
    connection.sink = {
      add: (buffer, start, end, count) => {
        sink.add(buffer, start, end, count);
        if (sink.count > maxRows) {
          this.#overflow(connection);
        }
      },
    };
  }

  /**
   * Ends the connection rather than limiting the portal's rows: Postgres runs a limited portal without its parallel
   * workers, and all statements would pay for the few that return too much.
   */
  #overflow(connection: RawConnection): void {
    connection.sink = nowhere;
    const error = tooManyRows(this.#limits.maxRows);
    this.fail(error);
    connection.giveUp(error);
  }

  #finish(connection: RawConnection): void {
    connection.sink = null;
    connection.running = null;
  }
}

const none: readonly Statement[] = [];
const divisionByZero = "22012";
/** For rows that nobody wants. */
const nowhere: RowSink = { add: () => undefined };
