export { type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
export { startEmbeddedPostgres } from "./embedded.ts";
