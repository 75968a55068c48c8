export { type DatabaseOptions, openDatabase, type PostgresDatabase } from "./database.ts";
