/** From what pg and Postgres report to errors of the catalogue. */
import { PuffError, type Said } from "../../../schema/index.ts";
import { isConflict, isFromServer, isLostConnection, isRaised, type Reported } from "./reported.ts";
import { counted, StatementFailure } from "./statement-errors.ts";
import { unavailable } from "./unavailable.ts";

/**
 * The error as users meet it. A PuffError passes unchanged.
 *
 * @param place The database, without password.
 * @param sql The text that the error's position refers to, where it was not one statement of a plan.
 */
export function asPuffError(error: unknown, place: string, sql?: string): PuffError {
  if (error instanceof PuffError) {
    return error;
  }
  const failure = error instanceof StatementFailure ? error : null;
  const reported = (failure?.cause ?? error) as Reported; // every field but the message is optional
  if (isLostConnection(reported)) {
    return unavailable(reported, place);
  }
  if (!isFromServer(reported)) {
    return new PuffError("PUFF_INTERNAL", `the database driver failed: ${reported.message}`, { place, cause: error });
  }
  return (
    (failure === null ? null : explainPlan(failure, reported)) ??
    explainEnd(reported) ??
    explainSql(reported, failure?.statement.text ?? sql, isOfValues(failure, reported))
  );
}

/** What is wrong with the plan rather than with its SQL; null: nothing known. */
function explainPlan({ statement, details, cause }: StatementFailure, reported: Reported): PuffError | null {
  const { code, routine = "", message } = reported;
  if (details.ofSettings) {
    return new PuffError("PUFF_PG_SETTINGS", `Postgres refuses pg_settings: ${message}`, {
      remedy: "Correct what Schema.auth returns as pg_settings, or grant the right to the user of the database URL.",
      cause,
      extensions: { sqlstate: code },
    });
  }
  if (details.reads && code === "25006" && readOnly.test(routine)) {
    return new PuffError("PUFF_PLAN_WRITES", `a query may not write: ${message}`, {
      remedy: "Make it a field of Mutation.",
      cause,
      extensions: { sqlstate: code },
    });
  }
  const came = statement.params.length;
  if (code === "42601" && routine === "exec_parse_message") {
    return new PuffError("PUFF_PLAN_STATEMENTS", "the plan contains more than one SQL statement", {
      remedy: "Return one statement per plan; a WITH query can combine several.",
      cause,
    });
  }
  const missing =
    /^(42P02|42P18)$/.test(code ?? "") && !isRaised(reported) ? Number(/\$(\d+)/.exec(message)?.[1] ?? 0) : 0;
  if ((code === "08P01" && routine === "exec_bind_message") || missing > came) {
    const wants = details.wanted ?? missing;
    return new PuffError(
      "PUFF_PLAN_PARAMETERS",
      `the SQL wants ${counted(wants, "parameter")}, and the plan has ${came}`,
      {
        remedy: wants === 0 ? "Leave them out." : `Give a value for ${wants === 1 ? "$1" : `each of $1 to $${wants}`}.`,
        cause,
        extensions: { sqlstate: code },
      },
    );
  }
  return null;
}

/** By which Postgres refuses what writes, in read-only transactions and on a standby. */
const readOnly = /^PreventCommand/;

/** What ended a statement that may be right as it is; null: nothing did. */
function explainEnd(reported: Reported): PuffError | null {
  const { code, routine, message } = reported;
  const details = { cause: reported, extensions: { sqlstate: code } };
  if (isConflict(reported)) {
    return new PuffError("PUFF_SQL_CONFLICT", "another transaction changed the same data at the same time", {
      remedy: "Send it again.",
      ...details,
    });
  }
  if (code !== "57014" || routine !== "ProcessInterrupts") {
    return null;
  }
  // Nothing but the message tells the two apart, in the language of the server's messages.
  return message.includes("user request")
    ? new PuffError("PUFF_STATEMENT_CANCELLED", "someone cancelled the statement, for example with pg_cancel_backend", {
        remedy: "Send it again.",
        ...details,
      })
    : new PuffError("PUFF_STATEMENT_TIMEOUT", "Postgres cancelled the statement at its statement timeout", {
        remedy: "Make it faster, for example with an index, or raise the limit on a statement's time.",
        ...details,
      });
}

/**
 * Whether a value is at fault rather than the statement: Postgres's class 22, where the statement was given values. A
 * division by zero is the statement's to avoid.
 */
function isOfValues(failure: StatementFailure | null, reported: Reported): boolean {
  const { code = "" } = reported;
  const isData = code.startsWith("22") && code !== "22012" && !isRaised(reported);
  return isData && failure !== null && failure.statement.params.length > 0;
}

function explainSql(reported: Reported, sql: string | undefined, isOfValue: boolean): PuffError {
  const { code = "", message, detail, hint, constraint, where } = reported;
  const spot = sql === undefined || reported.position === undefined ? null : locate(sql, Number(reported.position));
  const extensions = {
    sqlstate: code,
    ...(spot === null ? {} : { line: spot.line, column: spot.column }),
    ...(detail === undefined ? {} : { detail }),
    ...(hint === undefined ? {} : { hint }),
    ...(constraint === undefined ? {} : { constraint }),
    ...(where === undefined ? {} : { where }),
  };
  const shown = spot === null ? "" : `, at line ${spot.line}, column ${spot.column}: ${spot.excerpt}`;
  const remedy = hint ?? remedyFor(reported);
  const text = `${message}${detail === undefined ? "" : ` (${detail})`}${shown}`;
  return new PuffError(isOfValue ? "PUFF_SQL_VALUE" : "PUFF_SQL_FAILED", text, {
    ...(remedy === undefined ? {} : { remedy }),
    cause: reported,
    extensions,
    ...saidBy(reported),
  });
}

/** What the database's author says by an error: with a constraint, or with RAISE, to which PL/pgSQL gives class P0. */
function saidBy(reported: Reported): { readonly said?: Said } {
  const { code = "", message, hint = null, constraint } = reported;
  if (constraint !== undefined) {
    return { said: { kind: "constraint", name: constraint } };
  }
  return code.startsWith("P0") && isRaised(reported) ? { said: { kind: "raised", message, hint } } : {};
}

/** Where Postgres gives no hint of its own. */
function remedyFor(reported: Reported): string | undefined {
  const { code = "", routine = "" } = reported;
  if (isRaised(reported)) {
    return undefined;
  }
  switch (code) {
    case "42P18":
      return "Say which type it has with a cast, such as $1::int.";
    case "42P01":
      return "Create the table, or name its schema: schema.table.";
    case "25P02":
      return "Look for the first error of the transaction.";
    case "25006":
      return readOnly.test(routine)
        ? "The database or its user is read-only: give the URL of the primary, and see default_transaction_read_only."
        : undefined;
    case "42501":
      return refusals.find(([pattern]) => pattern.test(routine))?.[1];
    default:
      return undefined;
  }
}

/** The causes of 42501: the rights on a table, or its policies. */
const refusals: readonly (readonly [routine: RegExp, remedy: string])[] = [
  [/^aclcheck_error/, "Grant the right to the user of the database URL, or to the role of pg_settings."],
  [
    /^(ExecWithCheckOptions|check_enable_rls)$/,
    "The table's row-level security refuses the row: see the policy's WITH CHECK, and what Schema.auth gives as pg_settings.",
  ],
];

/** Line, column and the line's text around a position that counts characters from 1. */
function locate(sql: string, position: number): { line: number; column: number; excerpt: string } {
  const before = Array.from(sql)
    .slice(0, position - 1)
    .join("");
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = sql.indexOf("\n", before.length);
  const column = before.length - lineStart;
  const text = sql.slice(lineStart, lineEnd === -1 ? undefined : lineEnd);
  const from = text.length <= excerptLength ? 0 : Math.max(0, column - excerptLength / 2);
  const excerpt = text.slice(from, from + excerptLength).trim();
  return { line: before.split("\n").length, column: column + 1, excerpt };
}

/** Characters of the line shown. */
const excerptLength = 120;
