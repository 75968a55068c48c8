/** Where a schema's rows and events come from. */
import type { Database, Events } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import type { PostgresDatabase } from "../postgres/index.ts";
import type { Message, PubSub } from "../pubsub/index.ts";

/** The events of pub/sub, and of NOTIFY in the schema's database. */
export function eventsOf(pubsub: () => PubSub, database: PostgresDatabase | undefined): Events {
  return {
    listen: async (source, channel, { event, missed }) => {
      const listener = { message: ({ data }: Message) => event(data.toString()), missed };
      if (source === "channel") {
        return await pubsub().subscribe(channel, listener);
      }
      if (database === undefined) {
        throw missingDatabase();
      }
      return await database.listen(channel, listener);
    },
  };
}

/** Stands where a schema has no database. */
export const noDatabase: Database = {
  query: () => Promise.reject(missingDatabase()),
  stream: () => Promise.reject(missingDatabase()),
  transaction: () => Promise.reject(missingDatabase()),
};

function missingDatabase(): PuffError {
  return new PuffError("PUFF_DATABASE_UNAVAILABLE", "a resolver returned SQL, but no database is configured", {
    remedy: "Name one with --database-url or in puff.toml.",
  });
}
