/**
 * The catalogue of errors that users meet. Each has a code, the status it has over HTTP, and whether its message is
 * safe to show to clients in production. docs/errors.md explains each; a test holds the two together.
 */

interface CatalogueEntry {
  /** HTTP status where the error ends the request; a command that fails with it exits with 1. */
  readonly status: number;
  /** Whether it is logged as a security event: a refusal, a limit that was hit, a failed authentication. */
  readonly security?: boolean;
  /** Whether clients see the message in production. What isn't safe is masked and logged. */
  readonly safe: boolean;
  /** What clients see in its place; absent: "Internal server error". */
  readonly masked?: string;
  /** How it is logged; `warn`: the operator need not act. Absent: `error`. */
  readonly level?: LogLevel;
}

type LogLevel = "warn" | "error";

const catalogue = {
  // What a client asked for.
  PUFF_DOCUMENT_INVALID: { status: 400, safe: true },
  PUFF_VARIABLES_INVALID: { status: 400, safe: true },
  PUFF_REQUEST_INVALID: { status: 400, safe: true },
  // In Apollo's words, at which its clients send the text.
  PERSISTED_QUERY_NOT_FOUND: { status: 200, safe: true },
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 200, safe: true },
  PUFF_DOCUMENT_NOT_TRUSTED: { status: 403, safe: true, security: true },
  PUFF_METHOD_NOT_ALLOWED: { status: 405, safe: true },
  PUFF_NOT_FOUND: { status: 404, safe: true },
  PUFF_UNSUPPORTED_MEDIA_TYPE: { status: 415, safe: true },
  PUFF_NOT_ACCEPTABLE: { status: 406, safe: true },
  PUFF_CSRF: { status: 403, safe: true, security: true },
  PUFF_HOST_REFUSED: { status: 421, safe: true, security: true },
  PUFF_PERMISSION_DENIED: { status: 403, safe: true, security: true },
  PUFF_INTROSPECTION_OFF: { status: 400, safe: true, security: true },
  PUFF_EXPLAIN_MUTATION: { status: 400, safe: true },
  // Limits.
  PUFF_REQUEST_SLOW: { status: 408, safe: true, security: true },
  PUFF_HEADERS_TOO_LARGE: { status: 431, safe: true, security: true },
  PUFF_BODY_TOO_LARGE: { status: 413, safe: true, security: true },
  PUFF_BODIES_BUSY: { status: 503, safe: true, security: true },
  PUFF_JSON_TOO_DEEP: { status: 400, safe: true, security: true },
  PUFF_TOO_MANY_TOKENS: { status: 400, safe: true, security: true },
  PUFF_TOO_DEEP: { status: 400, safe: true, security: true },
  PUFF_TOO_MANY_ALIASES: { status: 400, safe: true, security: true },
  PUFF_TOO_MANY_ROOT_FIELDS: { status: 400, safe: true, security: true },
  PUFF_TOO_MANY_FIELDS: { status: 400, safe: true, security: true },
  PUFF_LIST_TOO_LONG: { status: 400, safe: true, security: true },
  PUFF_TOO_MANY_ITEMS: { status: 400, safe: true, security: true },
  PUFF_FILTER_TOO_LARGE: { status: 200, safe: true, security: true },
  PUFF_TOO_MANY_ROWS: { status: 200, safe: true },
  PUFF_REQUEST_DEADLINE: { status: 504, safe: true },
  PUFF_STATEMENT_TIMEOUT: { status: 200, safe: true },
  PUFF_STATEMENT_CANCELLED: { status: 200, safe: true },
  PUFF_PYTHON_BUSY: { status: 503, safe: true, security: true },
  PUFF_WSGI_BUSY: { status: 503, safe: true, security: true },
  PUFF_WSGI_DEADLINE: { status: 503, safe: true },
  PUFF_WSGI_FAILED: { status: 500, safe: false },
  PUFF_WEBSOCKET_FAILED: { status: 500, safe: false },
  PUFF_POOL_BUSY: { status: 503, safe: true, security: true },
  PUFF_SHUTTING_DOWN: { status: 503, safe: true },
  // What a client asked of a collection.
  PUFF_PAGE_INVALID: { status: 200, safe: true },
  PUFF_CURSOR_INVALID: { status: 200, safe: true },
  PUFF_GLOBAL_ID_INVALID: { status: 200, safe: true },
  // What a field answered with.
  PUFF_NO_SUCH_ROW: { status: 200, safe: true },
  PUFF_INPUT_INVALID: { status: 200, safe: true },
  PUFF_VISIBLE_UNCHECKED: { status: 200, safe: false },
  PUFF_VALUE_INVALID: { status: 200, safe: true, masked: "The value does not fit the field's type" },
  PUFF_NULL_IN_NON_NULL: { status: 200, safe: true },
  PUFF_ANSWER_BROKEN: { status: 200, safe: false },
  PUFF_TYPE_UNRESOLVED: { status: 200, safe: false },
  PUFF_RESOLVER_FAILED: { status: 200, safe: false },
  PUFF_RESOLVER_IMPURE: { status: 200, safe: false },
  PUFF_RESOLVER_DEADLINE: { status: 200, safe: true },
  PUFF_INTERPRETER_DIED: { status: 200, safe: true },
  PUFF_CALL_FAILED: { status: 500, safe: false },
  PUFF_CALL_DEADLINE: { status: 503, safe: true },
  PUFF_HOST_FUNCTION_UNKNOWN: { status: 200, safe: false },
  PUFF_HOST_RESOLVER_FAILED: { status: 200, safe: false },
  // Subscriptions.
  PUFF_EVENT_INVALID: { status: 200, safe: false },
  PUFF_EVENTS_LOST: { status: 200, safe: true },
  PUFF_SUBSCRIBER_SLOW: { status: 200, safe: true, security: true },
  PUFF_TOO_MANY_SUBSCRIPTIONS: { status: 503, safe: true, security: true },
  // Plans.
  PUFF_PLAN_INVALID: { status: 200, safe: false },
  PUFF_PLAN_COLUMN_MISSING: { status: 200, safe: false },
  PUFF_PLAN_KEY_MISSING: { status: 200, safe: false },
  PUFF_PLAN_UNCORRELATED: { status: 200, safe: false },
  PUFF_PLAN_PARAMETERS: { status: 200, safe: false },
  PUFF_PLAN_STATEMENTS: { status: 200, safe: false },
  PUFF_PLAN_WRITES: { status: 200, safe: false },
  PUFF_PG_SETTINGS: { status: 500, safe: false },
  PUFF_SQL_FAILED: { status: 200, safe: false },
  PUFF_SQL_VALUE: { status: 200, safe: false, masked: "The database refuses a value of the request", level: "warn" },
  PUFF_SQL_CONFLICT: { status: 200, safe: true },
  PUFF_CONSTRAINT: { status: 200, safe: true },
  PUFF_RAISED: { status: 200, safe: true },
  PUFF_DATABASE_UNAVAILABLE: { status: 503, safe: false, masked: "The database is not available" },
  PUFF_REDIS_UNAVAILABLE: { status: 503, safe: false, masked: "Redis is not available" },
  PUFF_REDIS_BUSY: { status: 503, safe: true },
  PUFF_REDIS_COMMAND: { status: 500, safe: false },
  // Start.
  PUFF_SCHEMA_NOT_FOUND: { status: 500, safe: false },
  PUFF_SCHEMA_SYNTAX: { status: 500, safe: false },
  PUFF_SCHEMA_IMPORT: { status: 500, safe: false },
  PUFF_SCHEMA_INVALID: { status: 500, safe: false },
  PUFF_WSGI_APPLICATION: { status: 500, safe: false },
  PUFF_DJANGO_SETTINGS: { status: 500, safe: false },
  PUFF_COMPILED_PACKAGE: { status: 500, safe: false },
  PUFF_CONFIG_INVALID: { status: 500, safe: false },
  PUFF_DOCUMENTS_INVALID: { status: 500, safe: false },
  PUFF_HOST_MODULE: { status: 500, safe: false },
  PUFF_PORT_TAKEN: { status: 500, safe: false },
  PUFF_CPYTHON_UNFIT: { status: 500, safe: false },
  PUFF_NODE_TOO_OLD: { status: 500, safe: false },
  PUFF_EMBEDDED_POSTGRES: { status: 500, safe: false },
  PUFF_NO_POSTGRES: { status: 500, safe: false },
  PUFF_INIT_SQL: { status: 500, safe: false },
  PUFF_INTERNAL: { status: 500, safe: false },
} as const satisfies { [code: string]: CatalogueEntry };

export type ErrorCode = keyof typeof catalogue;

export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[]; // Object.keys forgets the literal type

const entries: { readonly [code in ErrorCode]: CatalogueEntry } = catalogue;

/** Whether an error is logged as a security event where it ends a client's request. */
export function isSecurityCode(code: ErrorCode): boolean {
  return entries[code].security === true;
}

export interface PuffErrorDetails {
  /** Where it went wrong: `schema.py:12`, `puff.toml`, a URL without its password. */
  readonly place?: string;
  /** What the user can do, a sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** Whether clients see the message in production, where it differs from the catalogue. */
  readonly safe?: boolean;
  readonly extensions?: { readonly [key: string]: unknown };
  readonly said?: Said;
}

/** What the database's author says by an error, which a schema may show to clients. */
export type Said =
  | { readonly kind: "constraint"; readonly name: string }
  | { readonly kind: "raised"; readonly message: string; readonly hint: string | null };

/**
 * A failure with a code of the catalogue. Its message names the cause in one sentence; place and remedy are apart,
 * and `describeError` puts the three together.
 *
 * @example throw new PuffError("PUFF_PORT_TAKEN", "port 7777 is in use", { remedy: "Choose another with --port." });
 */
export class PuffError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly safe: boolean;
  /** What clients see in production where it is not safe. */
  readonly masked: string;
  /** How it is logged. */
  readonly level: LogLevel;
  readonly place: string | undefined;
  readonly remedy: string | undefined;
  readonly extensions: { readonly [key: string]: unknown };
  readonly said: Said | null;

  constructor(code: ErrorCode, message: string, details: PuffErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PuffError";
    this.code = code;
    const { status, safe, masked = "Internal server error", level = "error" } = entries[code];
    this.status = status;
    this.safe = details.safe ?? safe;
    this.masked = masked;
    this.level = level;
    this.place = details.place;
    this.remedy = details.remedy;
    this.extensions = details.extensions ?? {};
    this.said = details.said ?? null;
  }
}

/** The error as a person at a terminal reads it: `PUFF_CODE place: message. Remedy`. */
export function describeError(error: PuffError): string {
  const place = error.place === undefined ? "" : `${error.place}: `;
  const message = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`;
  return `${place}${message}${error.remedy === undefined ? "" : ` ${error.remedy}`} [${error.code}]`;
}
