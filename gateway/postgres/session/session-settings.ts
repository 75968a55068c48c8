/** Settings under which a value has one text only, and by which a gateway that is gone harms nobody. */
import type { PgSettings, Statement } from "../../../planner/index.ts";
import { PuffError, type TypedText } from "../../../schema/index.ts";

/** What is sent ahead of a statement, in the same flight. */
export interface Prelude {
  /** Whether a transaction begins here. Where none does, the flight is one. */
  readonly begins: boolean;
  /** Settings until the transaction ends, as SET LOCAL has them. */
  readonly settings: readonly (readonly [name: string, value: string])[];
}

export interface SessionOptions {
  /** Whether connections go through a pooler, which gives each transaction another session. */
  readonly pooler: boolean;
  readonly readOnly: boolean;
  /** Milliseconds; 0: no limit. */
  readonly statementTimeout: number;
}

/** How sessions of one pool come to their settings. */
export interface SessionSettings {
  /** For the startup message. */
  readonly startup: Record<string, string>;
  /** Whether each transaction may meet another session, so that it has to leave it as new. */
  readonly pooler: boolean;
  /**
   * What goes ahead of a statement outside of transactions, and of a transaction's first.
   *
   * @throws PuffError `PUFF_PG_SETTINGS` if the caller's would have values printed in another form.
   */
  prelude(begins: boolean, claims: PgSettings | undefined): Prelude | null;
}

/** Those that values are printed by have to be the same everywhere. */
const common: PgSettings = {
  DateStyle: "ISO",
  IntervalStyle: "iso_8601",
  TimeZone: "UTC",
  bytea_output: "hex",
  extra_float_digits: "1",
  // Statements are short; compiling them takes longer than running them.
  jit: "off",
  // What a transaction waits for in between has a deadline of its own; this one is for a gateway that is gone.
  idle_in_transaction_session_timeout: "60000",
};

/**
 * As parameters of the startup message the settings cost nothing. A pooler refuses or forgets them there, so that each
 * transaction brings its own.
 */
export function sessionSettings({ pooler, readOnly, statementTimeout }: SessionOptions): SessionSettings {
  const settings = { ...common, statement_timeout: String(statementTimeout) };
  const startup = pooler ? {} : { ...settings, default_transaction_read_only: readOnly ? "on" : "off" };
  const local = pooler ? Object.entries({ ...settings, ...(readOnly ? { transaction_read_only: "on" } : {}) }) : [];
  const plain = local.length === 0 ? null : { begins: false, settings: local };
  return {
    startup,
    pooler,
    prelude(begins, claims) {
      refuseForms(claims);
      return claims === undefined && !begins
        ? plain
        : { begins, settings: claims === undefined ? local : [...local, ...Object.entries(claims)] };
    },
  };
}

/** A session's time zone may differ: moments are answered in UTC whatever zone they are printed in. */
const forms = new Set(["datestyle", "intervalstyle", "bytea_output", "extra_float_digits"]);

function refuseForms(claims: PgSettings | undefined): void {
  const refused = Object.keys(claims ?? {}).find((name) => forms.has(name.toLowerCase()));
  if (refused !== undefined) {
    throw new PuffError("PUFF_PG_SETTINGS", `pg_settings can't have ${refused}, which changes how values are printed`, {
      remedy: "Remove it from what Schema.auth returns; a statement can format a value itself, with to_char(…).",
    });
  }
}

/** The statements of a prelude. */
export function preludeStatements(prelude: Prelude | null): Statement[] {
  if (prelude === null) {
    return [];
  }
  const { begins, settings } = prelude;
  const begin = begins ? [{ text: "BEGIN", params: [] }] : [];
  const calls = settings.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
  const params = settings.flat().map((text): TypedText => [textOid, text]);
  return calls.length === 0 ? begin : [...begin, { text: `SELECT ${calls.join(", ")}`, params }];
}

const textOid = 25;
