/** What may be wrong with a statement and its run, before or after Postgres has seen it. */
import type { Statement } from "../../../planner/index.ts";
import { PuffError } from "../../../schema/index.ts";

/** A statement that Postgres or the connection failed, with what it takes to explain it. */
export class StatementFailure extends Error {
  override readonly cause: Error;
  readonly statement: Statement;
  readonly details: FailureDetails;

  constructor(cause: Error, statement: Statement, details: FailureDetails) {
    super(cause.message, { cause });
    this.cause = cause;
    this.statement = statement;
    this.details = details;
  }
}

interface FailureDetails {
  /** Parameters that the statement wants, where Postgres said so. */
  readonly wanted: number | null;
  /** Whether it was refused before anything ran because it had been prepared earlier: it may be run again, once. */
  readonly outdated: boolean;
  /** Whether Postgres refused the settings sent ahead of the statement. */
  readonly ofSettings: boolean;
  /** Whether the statement was to read only. */
  readonly reads: boolean;
}

/** Bind counts parameters in an Int16. */
const parameterLimit = 65_535;
/** What would break the protocol or pass unnoticed, since Postgres accepts parameters of a given type that go unused. */
export function refuse({ text, params }: Statement): PuffError | null {
  if (text.includes("\0")) {
    return new PuffError("PUFF_PLAN_INVALID", "the plan's SQL contains a NUL character", {
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

export function tooManyRows(limit: number): PuffError {
  return new PuffError("PUFF_TOO_MANY_ROWS", `the statement returned more than ${counted(limit, "row")}`, {
    remedy: "Ask for fewer, for example with a LIMIT in the SQL, or raise the limit on rows.",
  });
}

export function noCopy(): PuffError {
  return new PuffError("PUFF_PLAN_STATEMENTS", "a plan can't COPY", {
    remedy: "Return a SELECT, INSERT, UPDATE or DELETE.",
  });
}

/** `command`: SET, LISTEN, … */
export function noSession(command: string): PuffError {
  return new PuffError("PUFF_PLAN_STATEMENTS", `a plan can't ${command}: no other statement runs in its session`, {
    remedy: "Give a caller's settings as pg_settings from Schema.auth, and listen with graphql.on_notify(…).",
  });
}

export function silent(milliseconds: number): PuffError {
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", `Postgres did not answer within ${milliseconds / 1000} s`, {
    remedy: "Check the database server and the network to it.",
  });
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
