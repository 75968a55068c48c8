/** What pg's Client runs in place of its own Query: a prepared statement whose rows stay bytes. */
import { type Column, RowSet, type Statement } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import type { PreparedStatement, RawConnection } from "./connection.ts";

export interface QueryLimits {
  /** Rows that the statement may return. */
  readonly maxRows: number;
  /**
   * Milliseconds until the connection is given up: longer than Postgres's own timeout, of which nothing is heard where
   * the network drops what is sent. 0: none.
   */
  readonly silence: number;
}

/** A statement that Postgres or the connection failed, with what it takes to explain it. */
export class StatementFailure extends Error {
  override readonly cause: Error;
  readonly statement: Statement;
  /** Parameters that the statement wants, where Postgres said so. */
  readonly wanted: number | null;
  /** Whether it was refused before anything ran because it had been prepared earlier: it may be run again, once. */
  readonly outdated: boolean;

  constructor(cause: Error, statement: Statement, wanted: number | null, outdated: boolean) {
    super(cause.message, { cause });
    this.cause = cause;
    this.statement = statement;
    this.wanted = wanted;
    this.outdated = outdated;
  }
}

/** Bind counts parameters in an Int16. */
const parameterLimit = 65_535;
/** Commands that leave the session as it was. */
const harmless =
  /^(SELECT|INSERT|UPDATE|DELETE|MERGE|SHOW|EXPLAIN|CALL|FETCH|BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b/;
/** "cached plan must not change result type", "prepared statement does not exist". */
const outdatedStates: readonly unknown[] = ["0A000", "26000"];

/**
 * One run of a statement. It is prepared under a name the first time that a connection sees it; from then on a Bind and
 * an Execute suffice, and neither its parameters nor its columns are described again.
 *
 * The methods are the calls that Client makes on the query that is running: after {@link handleError} none, and else
 * {@link handleReadyForQuery} last.
 */
export class RowQuery {
  /** Fails with a {@link StatementFailure} or a PuffError. */
  readonly rows: Promise<RowSet>;
  readonly #statement: Statement;
  readonly #limits: QueryLimits;
  readonly #resolve: (rows: RowSet) => void;
  readonly #reject: (error: Error) => void;
  #connection: RawConnection | undefined;
  #prepared: PreparedStatement | undefined;
  #rows = new RowSet([]);
  /** Whether it had been prepared before. */
  #known = false;
  #bound = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(statement: Statement, limits: QueryLimits) {
    this.#statement = statement;
    this.#limits = limits;
    const { promise, resolve, reject } = Promise.withResolvers<RowSet>();
    this.rows = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Sends the statement. An error that it returns is given to {@link handleError}. */
  submit(connection: RawConnection): Error | null {
    const { text, params } = this.#statement;
    const types = params.map(([oid]) => oid);
    const key = `${types.join()} ${text}`;
    let prepared = connection.prepared.get(key);
    this.#known = prepared !== undefined;
    if (prepared === undefined) {
      const refusal = refuse(this.#statement);
      if (refusal !== null) {
        return refusal;
      }
      prepared = { key, name: connection.nameStatement(), columns: null, yieldsRows: true, parameterCount: null };
    }
    this.#connection = connection;
    this.#prepared = prepared;
    connection.running = this;
    if (this.#limits.silence > 0) {
      this.#timer = setTimeout(() => connection.giveUp(silent(this.#limits.silence)), this.#limits.silence);
    }
    connection.stream.cork();
    try {
      if (this.#known) {
        this.#receiveRows(prepared.columns ?? [], connection);
      } else {
        connection.prepared.set(key, prepared);
        connection.parse({ name: prepared.name, text, types });
        connection.describe({ type: "S", name: prepared.name });
      }
      connection.bind({ statement: prepared.name, values: params.map(([, value]) => value) });
      connection.execute(null);
      connection.sync();
    } catch (error) {
      // Half a statement may be on its way.
      connection.giveUp(error instanceof Error ? error : new Error(String(error)));
    } finally {
      connection.stream.uncork();
    }
    return null;
  }

  handleParameterDescription(count: number): void {
    if (this.#prepared !== undefined) {
      this.#prepared.parameterCount = count;
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
    this.#bound = true;
  }

  handleCommandComplete({ text: tag }: { text: string }, connection: RawConnection): void {
    // SET, LISTEN, CREATE TEMPORARY TABLE, … would be met by whoever comes next. CREATE TABLE AS calls itself SELECT.
    if (!harmless.test(tag) || (tag.startsWith("SELECT") && this.#prepared?.yieldsRows === false)) {
      connection.spoiled = true;
    }
  }

  handleEmptyQuery(): void {
    this.#reject(
      new PuffError("PUFF_PLAN_STATEMENTS", "the plan's SQL holds no statement", {
        remedy: "Return one SQL statement, or another kind of plan.",
      }),
    );
  }

  handleCopyInResponse(connection: RawConnection): void {
    this.#reject(noCopy());
    // Postgres has skipped the Sync that it was sent already.
    connection.sendCopyFail("a plan has no data for COPY");
    connection.sync();
  }

  handleCopyData(): void {
    this.#reject(noCopy());
  }

  handleError(error: Error, connection: RawConnection): void {
    this.#finish(connection);
    const state = "code" in error ? error.code : undefined;
    const outdated = this.#known && !this.#bound && outdatedStates.includes(state);
    if (this.#prepared !== undefined && (outdated || this.#prepared.columns === null)) {
      connection.prepared.delete(this.#prepared.key);
    }
    this.#reject(
      error instanceof PuffError
        ? error
        : new StatementFailure(error, this.#statement, this.#prepared?.parameterCount ?? null, outdated),
    );
  }

  handleReadyForQuery(connection: RawConnection): void {
    this.#finish(connection);
    this.#resolve(this.#rows);
  }

  #describe(columns: readonly Column[]): void {
    if (this.#prepared !== undefined && this.#connection !== undefined) {
      this.#prepared.columns = columns;
      this.#receiveRows(columns, this.#connection);
    }
  }

  #receiveRows(columns: readonly Column[], connection: RawConnection): void {
    const rows = new RowSet(columns);
    const { maxRows } = this.#limits;
    this.#rows = rows;
    connection.sink = {
      add: (buffer, offset) => {
        if (rows.count < maxRows) {
          rows.add(buffer, offset);
        } else {
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
    connection.sink = { add: () => undefined };
    const error = tooManyRows(this.#limits.maxRows);
    this.#reject(error);
    connection.giveUp(error);
  }

  #finish(connection: RawConnection): void {
    clearTimeout(this.#timer);
    connection.sink = null;
    connection.running = null;
  }
}

/** What would break the protocol or pass unnoticed, since Postgres accepts parameters of a given type that go unused. */
function refuse({ text, params }: Statement): PuffError | null {
  if (text.includes("\0")) {
    return new PuffError("PUFF_PLAN_INVALID", "the plan's SQL holds a NUL character", {
      remedy: "Pass the value as a parameter.",
    });
  }
  if (params.length > parameterLimit) {
    return new PuffError(
      "PUFF_PLAN_PARAMETERS",
      `${params.length} parameters, where Postgres takes ${parameterLimit}`,
      {
        remedy: "Pass the values as one array: = ANY($1).",
      },
    );
  }
  const named = new Set(text.match(/\$\d+/g));
  const unused = params.findIndex((_, index) => !named.has(`$${index + 1}`));
  if (unused !== -1) {
    return new PuffError(
      "PUFF_PLAN_PARAMETERS",
      `the plan has ${counted(params.length, "parameter")}, and its SQL does not use $${unused + 1}`,
      { remedy: "Use each parameter in the SQL, or leave it out." },
    );
  }
  return null;
}

function tooManyRows(limit: number): PuffError {
  return new PuffError("PUFF_TOO_MANY_ROWS", `the statement returned more than ${counted(limit, "row")}`, {
    remedy: "Ask for fewer, for example with a LIMIT in the SQL, or raise the limit on rows.",
  });
}

function noCopy(): PuffError {
  return new PuffError("PUFF_PLAN_STATEMENTS", "a plan can't COPY", {
    remedy: "Return a SELECT, INSERT, UPDATE or DELETE.",
  });
}

function silent(milliseconds: number): PuffError {
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", `Postgres did not answer within ${milliseconds / 1000} s`, {
    remedy: "See whether the database server and the network to it are well.",
  });
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
