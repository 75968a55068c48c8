/** What pg and Node report of a failure, and what can be told from it. */

/** The fields that are read here, of pg's DatabaseError and of system errors in Node. */
export interface Reported {
  readonly message: string;
  /** SQLSTATE, or a system error's name such as ECONNREFUSED. */
  readonly code?: string;
  /** Only errors that the server sent have one, in the server's language. */
  readonly severity?: string;
  /** The severity in English; a pooler sends none. */
  readonly level?: string;
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

/** Codes for failures that pg has only words for. Like those of system errors, they begin with an E. */
export const connectFailures = {
  /** The server has no TLS. */
  tlsRefused: "ETLSREFUSED",
  /** The server answered neither yes nor no to the wish for TLS. */
  tlsFailed: "ETLSFAILED",
  /** The server did not answer in time. */
  timeout: "ECONNECTTIMEOUT",
  /** The connection ended, or had ended before a statement was sent. */
  ended: "ECONNECTIONENDED",
} as const;

/** Tells what a failure of pg's is by a code. */
export function coded<Failure extends Error>(error: Failure, code: string): Failure & { readonly code: string } {
  return Object.assign(error, { code });
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** The functions of Postgres by which PL/pgSQL, PL/Python, PL/Perl and PL/Tcl raise what a user's function asks for. */
const raising = /^(exec_stmt_raise|PLy_|plperl_|pltcl_|throw_tcl_error)/;

/** Whether the server said it, rather than pg or Node. Then its code is a SQLSTATE. */
export function isFromServer({ severity }: Reported): boolean {
  return severity !== undefined;
}

/** Whether a user's function raised it, who may choose any SQLSTATE: nothing follows from that. */
export function isRaised({ routine = "" }: Reported): boolean {
  return raising.test(routine);
}

/**
 * Whether the database could not be asked, or the connection ended before it answered. Severity alone decides where the
 * server said something: after an ERROR the connection serves on, whatever the SQLSTATE.
 */
export function isLostConnection(reported: Reported): boolean {
  const { code = "", severity, level = severity } = reported;
  if (isFromServer(reported)) {
    return level === "FATAL" || level === "PANIC";
  }
  return /^(E|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code);
}

/** Whether it met another transaction, so that the same may do when it runs again. */
export function isConflict(reported: Reported): boolean {
  return (reported.code === "40001" || reported.code === "40P01") && isFromServer(reported) && !isRaised(reported);
}
