/** Databases that stand before another: all else that they are asked for goes to it as it came. */
import type { Database, PgSettings, Session, Statement } from "./database.ts";
import { shareDatabase } from "./transaction.ts";

export interface Wrapping {
  readonly scope?: string;
  /** Of all statements, in the place of those given. */
  readonly settings?: PgSettings | undefined;
  /** Called with each statement, those of transactions included: what is run in its place. */
  statement(statement: Statement): Statement;
}

/**
 * The database with each statement passed through a function.
 *
 * @example
 * const logged = wrapDatabase(database, { statement: (statement) => (console.log(statement.text), statement) });
 */
export function wrapDatabase(database: Database, { scope, settings, statement: pass }: Wrapping): Database {
  const queryOf =
    (session: Session): Session["query"] =>
    (statement) =>
      session.query(pass(statement));
  const { commit } = database;
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(commit === undefined ? {} : { commit: (statement, given) => commit(pass(statement), settings ?? given) }),
    query: (statement, given) => database.query(pass(statement), settings ?? given),
    stream: (statement, signal, given) => database.stream(pass(statement), signal, settings ?? given),
    transaction: (work, given) =>
      database.transaction((session) => work({ query: queryOf(session) }), settings ?? given),
    share: (access, work, given) =>
      shareDatabase(
        database,
        access,
        (session) => work({ query: queryOf(session), ticket: session.ticket }),
        settings ?? given,
      ),
  };
}

/** A database that is chosen when it is needed: an operation without SQL asks for no connection. */
export function lateDatabase(scope: string, choose: () => Promise<Database>): Database {
  return {
    scope,
    query: async (statement, settings) => (await choose()).query(statement, settings),
    stream: async (statement, signal, settings) => (await choose()).stream(statement, signal, settings),
    transaction: async (work, settings) => (await choose()).transaction(work, settings),
    share: async (access, work, settings) => shareDatabase(await choose(), access, work, settings),
  };
}
