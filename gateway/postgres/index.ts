export { type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded.ts";
