export { createPool, type PooledClient, RawClient, type RawPool, type Tap } from "./connection.ts";
export { type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
export { startEmbeddedPostgres } from "./embedded.ts";
export { readUrl, serverVariables } from "./url.ts";
