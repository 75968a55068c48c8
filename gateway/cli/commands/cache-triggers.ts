/** `puff-gateway cache triggers`: what to run in a database so that other writers end responses that are kept. */
import { PuffError } from "../../../schema/index.ts";
import { findTables, writeTriggers } from "../../cache/triggers.ts";
import type { Configuration } from "../config/config.ts";
import { startDatabases } from "../support/databases.ts";
import { chooseSchema, withGateway } from "../support/quiet-gateway.ts";
import { exitOnSignals } from "../support/signals.ts";
import { print } from "../support/terminal.ts";

/**
 * Prints the SQL for some tables, or for all of the database that a schema reads.
 *
 * @throws PuffError if the database can't be had.
 */
export async function cacheTriggersCommand(
  config: Configuration,
  { tables, name }: { readonly tables: readonly string[]; readonly name: string | null },
): Promise<void> {
  if (tables.length > 0) {
    print(writeTriggers(tables));
    return;
  }
  const chosen = chooseSchema(config, name);
  exitOnSignals();
  const databases = await startDatabases(config, () => {});
  try {
    const wanted = config.schemas.find((schema) => schema.name === chosen)?.database ?? "";
    const found = await withGateway(config, databases.sources, async ({ app }) => {
      const database = app.puff.databases.get(wanted);
      if (database === undefined) {
        throw new PuffError("PUFF_CONFIG_INVALID", `schema ${chosen} has no database`);
      }
      return await findTables(database);
    });
    print(writeTriggers(found));
  } finally {
    await databases.stop();
  }
}
