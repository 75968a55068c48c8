export { createPool, type PooledClient, RawClient, type RawPool, type Tap } from "./connection.ts";
export { type DatabaseOptions, openDatabase, type PostgresDatabase, silenceMargin } from "./database.ts";
export { startEmbeddedPostgres } from "./embedded.ts";
export { explain } from "./errors.ts";
export type { QueryLimits } from "./row-query.ts";
export { runStatement } from "./run-statement.ts";
export { type SessionSettings, sessionSettings } from "./session-settings.ts";
export { checkTransaction, endTransaction } from "./transaction.ts";
export { readUrl, serverVariables } from "./url.ts";
