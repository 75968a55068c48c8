/** A database as one caller sees it. */
import type { Database, PgSettings } from "./database.ts";
import { wrapDatabase } from "./wrap-database.ts";

/** Settings that decide which tables, with which columns, a statement's names mean. */
const scoping = /^(search_path|role|session_authorization)$/i;

/** The database with every statement under the caller's settings, where `Schema.auth` gave any, and given up with `signal`. */
export function asCaller(database: Database, given: PgSettings | null, signal?: AbortSignal): Database {
  const scope = Object.entries(given ?? {}).filter(([name]) => scoping.test(name));
  return wrapDatabase(database, {
    ...(scope.length === 0 ? {} : { scope: JSON.stringify(scope) }),
    settings: given ?? undefined,
    statement: (statement) => (signal === undefined ? statement : { ...statement, signal }),
  });
}
