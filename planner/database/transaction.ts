import type { RowSet } from "../bytes/rows.ts";
import type { Access, Database, PgSettings, Session, SharedSession, SharedWork, Statement } from "./database.ts";

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

  /** Whether a connection has been asked for. */
  get hasBegun(): boolean {
    return this.#session !== null;
  }

  async query(statement: Statement): Promise<RowSet> {
    this.#session ??= this.#begin((work) => this.#database.transaction(work));
    return (await this.#session).query(statement);
  }

  /** Begins now, for Python to come into it; gives the ticket, null if none is needed. */
  async share(): Promise<string | null> {
    const begun = this.#begin<SharedSession>((work) => shareDatabase(this.#database, "write", work));
    this.#session = begun;
    return (await begun).ticket;
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

  #begin<Kind extends Session>(run: (work: (session: Kind) => Ending) => Promise<unknown>): Promise<Kind> {
    return new Promise((resolve, reject) => {
      this.#outcome = run(async (session) => {
        resolve(session);
        return { commit: await this.#end.promise, result: undefined };
      });
      this.#outcome.catch(reject);
    });
  }
}

type Ending = Promise<{ readonly commit: boolean; readonly result: undefined }>;

/** A transaction with Python in it, as far as the database has such. */
export async function shareDatabase<T>(
  database: Database,
  access: Access,
  work: SharedWork<T>,
  settings?: PgSettings,
): Promise<T> {
  if (database.share === undefined && access === "read") {
    const query: Session["query"] = (statement) => database.query(statement, settings);
    return (await work({ query, ticket: null })).result;
  }
  if (database.share === undefined) {
    return database.transaction(
      (session) => work({ query: (statement) => session.query(statement), ticket: null }),
      settings,
    );
  }
  return database.share(access, work, settings);
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
