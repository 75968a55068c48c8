/** The databases of a configuration, ready to be connected to: an embedded Postgres where no URL is given. */
import { join } from "node:path";
import type { DatabaseSource } from "../../options/options.ts";
import { startEmbeddedPostgres } from "../../postgres/index.ts";
import type { Configuration } from "../config/config.ts";

export interface Databases {
  readonly sources: readonly DatabaseSource[];
  /** Folder of the embedded Postgres's data; null: none was started. */
  readonly embeddedFolder: string | null;
  /** Stops the embedded Postgres. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded Postgres where the configuration needs one.
 *
 * @throws PuffError `PUFF_NO_POSTGRES` if it is not installed, `PUFF_EMBEDDED_POSTGRES` where it does not start
 * @example const { sources, stop } = await startDatabases(config, (message) => log.debug(message));
 */
export async function startDatabases(config: Configuration, onLog: (message: string) => void): Promise<Databases> {
  if (config.databases.every(({ url }) => url !== null)) {
    return { sources: withUrl(config, ""), embeddedFolder: null, stop: async () => {} };
  }
  const embedded = await startEmbeddedPostgres({ folder: join(config.folder, ".puff", "postgres"), onLog });
  return {
    sources: withUrl(config, embedded.url),
    embeddedFolder: embedded.folder,
    stop: () => embedded.stop(),
  };
}

function withUrl(config: Configuration, embeddedUrl: string): DatabaseSource[] {
  return config.databases.map(({ name, url, readUrl, pooler }) => ({ name, url: url ?? embeddedUrl, readUrl, pooler }));
}
