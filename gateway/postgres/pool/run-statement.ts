/** One statement on a connection that its user has for now. */
import type { RowSet, Statement } from "../../../planner/index.ts";
import { asPuffError } from "../errors/errors.ts";
import type { Prelude } from "../session/session-settings.ts";
import { withTypes } from "../wire/empty-lists.ts";
import type { RawClient } from "../wire/raw-client.ts";
import { type QueryLimits, RowQuery } from "../wire/row-query.ts";

/**
 * Runs a statement.
 *
 * @param prelude What goes ahead of it; null: nothing.
 * @param place The database, and whether the statement is to read only, for errors.
 * @throws PuffError as {@link Session} says.
 */
export async function runStatement(
  client: RawClient,
  statement: Statement,
  prelude: Prelude | null,
  limits: QueryLimits,
  { place, reads }: { readonly place: string; readonly reads: boolean },
): Promise<RowSet> {
  try {
    return await withTypes(() => {
      const query = new RowQuery(statement, limits, prelude, { reads });
      client.run(query);
      return query.rows;
    });
  } catch (error) {
    throw asPuffError(error, place);
  }
}
