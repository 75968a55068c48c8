/** The rows of one request's answer. Their memory is used again once the answer is written. */
import type { RowSet } from "../bytes/rows.ts";
import type { Session } from "../database/database.ts";

export class RowKeeper {
  #rows: RowSet[] = [];

  /** The session, whose rows are remembered. */
  of(session: Session): Session {
    const { scope } = session;
    const query: Session["query"] = (statement) =>
      session.query(statement).then((rows) => {
        this.#rows.push(rows);
        return rows;
      });
    return scope === undefined ? { query } : { scope, query };
  }

  add(rows: RowSet): void {
    this.#rows.push(rows);
  }

  /** Gives back their memory: nothing may read them any more. */
  release(): void {
    for (const rows of this.#rows) {
      rows.release();
    }
    this.#rows = [];
  }
}
