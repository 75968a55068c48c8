export { Psycopg2Service } from "./service.ts";
