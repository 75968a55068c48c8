/** What a statement's error says: its SQLSTATE, its reason, whether Postgres answered at all. */
import { type ErrorCode, PuffError } from "../../schema/index.ts";

/** Postgres's own words, without a place in SQL that nobody has written. */
export function reasonOf(error: unknown): string {
  const { cause = error } = error instanceof PuffError ? error : {};
  return cause instanceof Error ? cause.message : String(cause);
}

/** The SQLSTATE by which Postgres refuses a statement as it is; empty where a function within has failed, which may raise any. */
export function stateOf({ extensions }: PuffError): string {
  return extensions["where"] === undefined ? String(extensions["sqlstate"] ?? "") : "";
}

/** Whether Postgres refused the statement, so that another way of asking may do. */
export function isAnswer(error: unknown): error is PuffError {
  return error instanceof PuffError && error.status === 200 && !ENDS.has(error.code);
}

/** What ended a statement that Postgres had not refused. */
const ENDS: ReadonlySet<string> = new Set<ErrorCode>([
  "PUFF_STATEMENT_TIMEOUT",
  "PUFF_STATEMENT_CANCELLED",
  "PUFF_SQL_CONFLICT",
]);
