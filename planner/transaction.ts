import type { Database, Session, Statement } from "./database.ts";
import type { RowSet } from "./rows.ts";

/** A transaction that begins with its first statement, so that a mutation without SQL needs no connection. */
export class LazyTransaction implements Session {
  readonly #database: Database;
  #session: Promise<Session> | null = null;
  #outcome: Promise<unknown> = Promise.resolve();
  readonly #end = Promise.withResolvers<boolean>();

  constructor(database: Database) {
    this.#database = database;
  }

  get scope(): string {
    return this.#database.scope ?? "";
  }

  async query(statement: Statement): Promise<RowSet> {
    this.#session ??= this.#begin();
    return (await this.#session).query(statement);
  }

  /** Commits or rolls back what began. Throws where the commit fails. */
  async end(commit: boolean): Promise<void> {
    this.#end.resolve(commit);
    try {
      await this.#outcome;
    } catch (error) {
      if (commit) {
        throw error;
      }
      // What failed is known already: it is why this rolls back.
    }
  }

  #begin(): Promise<Session> {
    return new Promise((resolve, reject) => {
      this.#outcome = this.#database.transaction(async (session) => {
        resolve(session);
        return { commit: await this.#end.promise, result: undefined };
      });
      this.#outcome.catch(reject);
    });
  }
}

/** Runs a statement whose failure leaves its transaction usable, if it has one. */
export async function attempt(session: Session, statement: Statement): Promise<RowSet> {
  if (!(session instanceof LazyTransaction)) {
    return session.query(statement);
  }
  await session.query({ text: "SAVEPOINT puff_attempt", params: [] });
  try {
    return await session.query(statement);
  } catch (error) {
    await session.query({ text: "ROLLBACK TO SAVEPOINT puff_attempt", params: [] });
    throw error;
  }
}
