/** One statement on a connection that its user has for now. */
import type { RowSet, Statement } from "../../planner/index.ts";
import type { RawClient } from "./connection.ts";
import { explain } from "./errors.ts";
import { type QueryLimits, RowQuery } from "./row-query.ts";
import type { Prelude } from "./session-settings.ts";

/**
 * Runs a statement.
 *
 * @param prelude What goes ahead of it; null: nothing.
 * @param place The database, for errors.
 * @throws PuffError as {@link Session} says.
 */
export async function runStatement(
  client: RawClient,
  statement: Statement,
  prelude: Prelude | null,
  limits: QueryLimits,
  place: string,
): Promise<RowSet> {
  const query = new RowQuery(statement, limits, prelude);
  client.run(query);
  try {
    return await query.rows;
  } catch (error) {
    throw explain(error, place);
  }
}
