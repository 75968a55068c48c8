/** A database as one caller sees it. */
import type { Database, PgSettings } from "./database.ts";
import { shareDatabase } from "./transaction.ts";

/** Settings that decide which tables, with which columns, a statement's names mean. */
const scoping = /^(search_path|role|session_authorization)$/i;

/** The database with every statement under the caller's settings, where `Schema.auth` gave any. */
export function asCaller(database: Database, settings: PgSettings | null): Database {
  if (settings === null) {
    return database;
  }
  const scope = Object.entries(settings).filter(([name]) => scoping.test(name));
  return {
    ...(scope.length === 0 ? {} : { scope: JSON.stringify(scope) }),
    query: (statement) => database.query(statement, settings),
    stream: (statement, signal) => database.stream(statement, signal, settings),
    transaction: (work) => database.transaction(work, settings),
    share: (access, work) => shareDatabase(database, access, work, settings),
  };
}
