/** A statement that commits in the flight that it goes to Postgres in: the protocol's own transaction, up to its Sync. */
import type { RowSet, Statement } from "../../../planner/index.ts";
import { abandonment, cancelRunning } from "../connect/cancel.ts";
import { asPuffError } from "../errors/errors.ts";
import { StatementFailure } from "../errors/statement-errors.ts";
import { discardSequences } from "../session/session-reset.ts";
import { withTypes } from "../wire/empty-lists.ts";
import type { RawClient } from "../wire/raw-client.ts";
import { RowQuery } from "../wire/row-query.ts";
import type { TransactionOptions } from "./transaction.ts";

/**
 * Runs a statement, and commits it where it succeeds.
 *
 * @throws PuffError
 */
export async function commitStatement(
  client: RawClient,
  statement: Statement,
  { prelude, limits, place, effects }: Omit<TransactionOptions, "pooler">,
): Promise<RowSet> {
  const { connection } = client;
  const run = (): Promise<RowSet> => {
    const query = new RowQuery(statement, limits, prelude, { behind: discardSequences });
    client.run(query);
    return query.rows;
  };
  connection.touched ||= effects.mayChange(statement.text, true);
  const { signal } = statement;
  let cancelling: Promise<void> | null = null;
  // At once: who is told that it failed must not find it done.
  const cancel = (): void => {
    cancelling = cancelRunning(client);
  };
  try {
    const given = abandonment(statement);
    if (given !== null) {
      throw given;
    }
    signal?.addEventListener("abort", cancel);
    return await withTypes(run).catch((error: unknown) => {
      if (error instanceof StatementFailure && error.details.outdated) {
        return withTypes(run); // it has had no effect
      }
      throw error;
    });
  } catch (error) {
    connection.touched = true;
    throw abandonment(statement) ?? asPuffError(error, place);
  } finally {
    signal?.removeEventListener("abort", cancel);
    await cancelling; // what runs next must not be what is stopped
  }
}
