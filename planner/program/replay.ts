/** A database that has answered a statement already. The first to ask for it again gets the same answer. */
import type { Database, Statement } from "../database/database.ts";
import { wrapDatabase } from "../database/wrap-database.ts";

/** What came of a statement that was asked for by `query`, or by `stream`. */
export type Outcome =
  | { readonly kind: "query"; readonly answer: ReturnType<Database["query"]> }
  | { readonly kind: "stream"; readonly answer: ReturnType<Database["stream"]> };

/**
 * The database, which gives a statement's outcome the first time that it is asked for it.
 *
 * @example
 * const answer = database.query(statement);
 * await replay(database, statement, { kind: "query", answer }).query(statement); // asks for nothing
 */
export function replay(database: Database, { text }: Statement, outcome: Outcome): Database {
  let isGiven = false;
  const isMeant = (asked: Statement): boolean => {
    const isFirst = !isGiven && asked.text === text;
    isGiven = true; // whatever comes later, the plans' statement has been asked for
    return isFirst;
  };
  return {
    ...wrapDatabase(database, { statement: (statement) => statement }),
    ...(database.scope === undefined ? {} : { scope: database.scope }),
    query: (statement, settings) =>
      isMeant(statement) && outcome.kind === "query" ? outcome.answer : database.query(statement, settings),
    stream: (statement, signal, settings) =>
      isMeant(statement) && outcome.kind === "stream" ? outcome.answer : database.stream(statement, signal, settings),
  };
}
