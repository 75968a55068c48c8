/** A database as one caller sees it. */
import type { Database, PgSettings, Statement } from "./database.ts";
import { shareDatabase } from "./transaction.ts";

/** Settings that decide which tables, with which columns, a statement's names mean. */
const scoping = /^(search_path|role|session_authorization)$/i;

/** The database with every statement under the caller's settings, where `Schema.auth` gave any, and given up with `signal`. */
export function asCaller(database: Database, given: PgSettings | null, signal?: AbortSignal): Database {
  const settings = given ?? undefined;
  const scope = Object.entries(settings ?? {}).filter(([name]) => scoping.test(name));
  const bind = (statement: Statement): Statement => (signal === undefined ? statement : { ...statement, signal });
  return {
    ...(scope.length === 0 ? {} : { scope: JSON.stringify(scope) }),
    query: (statement) => database.query(bind(statement), settings),
    stream: (statement, ended) => database.stream(statement, ended, settings),
    transaction: (work) =>
      database.transaction((session) => work({ query: (statement) => session.query(bind(statement)) }), settings),
    share: (access, work) => shareDatabase(database, access, work, settings),
  };
}
