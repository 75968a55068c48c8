/** Makes a session as new for the next request, but for the statements that the gateway has prepared in it. */
import type { Statement } from "../../../planner/index.ts";

/**
 * What a function can leave behind. Settings go back to those of the startup message. A transaction that fails undoes
 * most of it, but neither locks nor prepared statements, sequences' last values and the seed.
 */
const usual = [
  "RESET SESSION AUTHORIZATION",
  "RESET ROLE",
  "RESET ALL",
  "UNLISTEN *",
  "CLOSE ALL",
  "DISCARD TEMP",
  "DISCARD SEQUENCES",
];

/** Takes half a millisecond where many are prepared. The gateway's own are not from SQL. */
const deallocate = `DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT p.name FROM pg_prepared_statements AS p WHERE p.from_sql LOOP
    EXECUTE format('DEALLOCATE %I', name);
  END LOOP;
END $$`;

const unlock = "SELECT pg_advisory_unlock_all(), setseed";
const float8Oid = 701;

/**
 * The statements; the last one's answer says whether they went well.
 *
 * @param prepared Whether a function may have prepared statements.
 */
export function resetStatements(prepared: boolean): { readonly ahead: readonly Statement[]; readonly last: Statement } {
  const last: Statement = { text: `${unlock}($1)`, params: [[float8Oid, seed()]] };
  return { ahead: prepared ? withPrepared : withoutPrepared, last };
}

/** Behind what has written, and can have left nothing else: what sequences last gave is their session's. */
export const discardSequences: readonly Statement[] = [{ text: "DISCARD SEQUENCES", params: [] }];

/** The same as one text. */
export function resetText(): string {
  return [...usual, deallocate, `${unlock}(${seed()})`].join("; ");
}

const toStatement = (text: string): Statement => ({ text, params: [] });
const withoutPrepared = usual.map(toStatement);
const withPrepared = [...withoutPrepared, toStatement(deallocate)];

/** A caller who knows the seed knows all that random() gives. */
function seed(): string {
  return (Math.random() * 2 - 1).toFixed(15);
}
