export type { StatementOptions } from "./planner-database.ts";
export { Psycopg2Service } from "./service.ts";
