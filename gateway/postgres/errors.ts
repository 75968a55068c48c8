/** From what pg and Postgres report to errors of the catalogue. */
import { PuffError } from "../../schema/index.ts";
import { counted, isSqlState, StatementFailure } from "./statement-errors.ts";

/** The fields of pg's DatabaseError and of Node's system errors that are read here. */
export interface Reported {
  readonly message: string;
  /** SQLSTATE, or a system error's name such as ECONNREFUSED. */
  readonly code?: string;
  readonly severity?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** In characters, from 1. */
  readonly position?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** The function of Postgres that failed: unlike its message, the same in every language. */
  readonly routine?: string;
}

/**
 * The error as users meet it. A PuffError passes unchanged.
 *
 * @param place The database, without password.
 * @param sql The text that the error's position refers to, where it was not one statement of a plan.
 */
export function explain(error: unknown, place: string, sql?: string): PuffError {
  if (error instanceof PuffError) {
    return error;
  }
  const failure = error instanceof StatementFailure ? error : null;
  const reported = (failure?.cause ?? error) as Reported; // every field but the message is optional
  if (isLostConnection(reported)) {
    return unavailable(reported, place);
  }
  if (reported.code === undefined || !isSqlState(reported.code)) {
    return new PuffError("PUFF_INTERNAL", `the database driver failed: ${reported.message}`, { place, cause: error });
  }
  return (
    (failure === null ? null : explainPlan(failure, reported)) ?? explainSql(reported, failure?.statement.text ?? sql)
  );
}

/** Whether the database could not be asked, or the connection ended before it answered. */
export function isLostConnection({ code, severity, message }: Reported): boolean {
  if (code === undefined) {
    return /connection|timeout|not queryable|SSL/i.test(message);
  }
  if (!isSqlState(code)) {
    return /^(E|CERT|ERR_(SSL|TLS)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code);
  }
  // Too many connections, shutdown and recovery, authentication, no such database; whatever ends the session.
  return severity === "FATAL" || severity === "PANIC" || /^(08(?!P01)|57P0|53300|28|3D000)/.test(code);
}

/** How a lost or refused connection is put, and what to do. */
function unavailable(error: Reported, place: string): PuffError {
  const [cause, remedy] = describeLoss(error);
  const extensions = error.code !== undefined && isSqlState(error.code) ? { sqlstate: error.code } : {};
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", cause, { place, remedy, cause: error, extensions });
}

/** Whether pg says that the server has ended the connection: as it does, and of what comes later. */
export function isEndOfConnection(message: string): boolean {
  return /terminated unexpectedly|not queryable/.test(message);
}

function describeLoss({ code, message }: Reported): readonly [cause: string, remedy: string] {
  if (/unsupported startup parameter/.test(message)) {
    return [`this is a pooler: ${message}`, "Set --database-pooler, or pooler = true in its [[postgres]]."];
  }
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
      return ["no Postgres listens there (connection refused)", "Start it, or correct the host and port of the URL."];
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return ["there is no such host", "Correct the host of the URL, or the name service."];
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return ["the host does not answer", "See whether the network, or a firewall, lets the gateway reach it."];
    case "28P01":
      return ["password authentication failed", "Correct the user and the password of the URL."];
    case "28000":
      return [
        `Postgres refuses the connection: ${message}`,
        "See the server's pg_hba.conf, or add sslmode=require to the URL.",
      ];
    case "3D000":
      return ["the database does not exist", "Create it with createdb, or correct the URL."];
    case "53300":
      return ["Postgres has no connection left", "Raise max_connections there, or make the gateway's pool smaller."];
    case "57P03":
      return ["Postgres is starting up or shutting down", "It is tried again with the next request."];
    case undefined:
      if (message.includes("timeout")) {
        return ["the host does not answer in time", "See whether the network and the database server are well."];
      }
      if (isEndOfConnection(message)) {
        return ["the server closed the connection unexpectedly", "It is tried again with the next request."];
      }
      return [`the connection failed: ${message}`, "It is tried again with the next request."];
    default:
      return [
        `the connection failed: ${message === "" ? (code ?? "no reason given") : message}`,
        "It is tried again with the next request.",
      ];
  }
}

/** What is wrong with the plan rather than with its SQL; null: nothing known. */
function explainPlan({ statement, details, cause }: StatementFailure, reported: Reported): PuffError | null {
  const { code, routine, message } = reported;
  if (details.ofSettings) {
    return new PuffError("PUFF_PG_SETTINGS", `Postgres refuses pg_settings: ${message}`, {
      remedy: "Correct what Schema.auth returns as pg_settings, or grant the right to the user of the database URL.",
      cause,
      extensions: { sqlstate: code },
    });
  }
  if (code === "25006") {
    return new PuffError("PUFF_PLAN_WRITES", `a query may not write: ${message}`, {
      remedy: "Make it a field of Mutation.",
      cause,
      extensions: { sqlstate: code },
    });
  }
  const came = statement.params.length;
  if (code === "42601" && routine === "exec_parse_message") {
    return new PuffError("PUFF_PLAN_STATEMENTS", "the plan holds more than one SQL statement", {
      remedy: "Return one statement a plan; a WITH query can join several.",
      cause,
    });
  }
  const missing = /^(42P02|42P18)$/.test(code ?? "") ? Number(/\$(\d+)/.exec(message)?.[1] ?? 0) : 0;
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

function explainSql(reported: Reported, sql: string | undefined): PuffError {
  const { code = "", message, detail, hint, constraint, where } = reported;
  if (code === "57014" || code === "25P03" || code === "25P04") {
    return new PuffError("PUFF_STATEMENT_TIMEOUT", `Postgres ended the statement: ${message}`, {
      remedy: "Make it faster, for example with an index, or raise the limit on a statement's time.",
      cause: reported,
      extensions: { sqlstate: code },
    });
  }
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
  const remedy = hint ?? remedies[code];
  return new PuffError("PUFF_SQL_FAILED", `${message}${detail === undefined ? "" : ` (${detail})`}${shown}`, {
    ...(remedy === undefined ? {} : { remedy }),
    cause: reported,
    extensions,
  });
}

/** Where Postgres gives no hint of its own. */
const remedies: { readonly [sqlstate: string]: string } = {
  "42P18": "Say which type it has with a cast, such as $1::int.",
  "42P01": "Create the table, or name its schema: schema.table.",
  "42501": "Grant the right to the user of the database URL.",
  "40001": "Run it again: it met another transaction.",
  "40P01": "Run it again: it met another transaction.",
  "25P02": "Look for the first error of the transaction.",
};

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
