export type { StatementOptions } from "./planner-database.ts";
export { Psycopg2Service } from "./psycopg2-service.ts";
