/** What the user of a session has set: read once it may have changed, and set again when another session takes its place. */
import { escapeLiteral } from "../../postgres/index.ts";
import { type Answer, never, type PythonSession, resultOf } from "./session.ts";

/** Postgres does not list settings of the user's own, which have a dot: their names are taken from the statements. */
const ownSetting = /\bset\s+(?:session\s+)?([a-z_]\w*\.\w+)|\bset_config\(\s*'([^']+\.[^']+)'/gi;
/** Nearly all statements begin with one of these, and leave the session as it is unless they have one of those. */
const usual = /^\s*(?:select|insert|update|delete|with|begin|commit|rollback|savepoint|release)\b/i;
const unusual = /set_config|advisory|\btemp|;\s*\S/i;
/** Bytes of a statement that is looked at, and names that are kept. */
const longestText = 10_000;
const mostNames = 100;

/** Whether a statement may change the session for those after it. Adds the names of the user's own settings. */
export function mayChangeSession(statement: Uint8Array, ownSettings: Set<string>): boolean {
  if (statement.length > longestText) {
    return true;
  }
  const text = Buffer.from(statement.buffer, statement.byteOffset, statement.length).toString("latin1");
  if (usual.test(text) && !unusual.test(text)) {
    return false;
  }
  for (const [, plain, quoted] of text.matchAll(ownSetting)) {
    if (ownSettings.size < mostNames) {
      ownSettings.add(plain ?? quoted ?? "");
    }
  }
  return true;
}

/**
 * The statement that sets everything again; empty where there is nothing to set. Null if no other session can be
 * like this one: it listens, holds advisory locks, or has temporary tables, prepared statements or cursors.
 */
export async function readState(session: PythonSession, ownSettings: ReadonlySet<string>): Promise<string | null> {
  const { client, parameters } = session;
  if (parameters["session_authorization"] !== client.connection.parameters["session_authorization"]) {
    return null;
  }
  const own = [...ownSettings].map((name) => client.escapeLiteral(name));
  const answer = await session.query([Buffer.from(stateQuery(own))], never);
  const [cell, nulls] = answer.buffers;
  return hasRows(answer) && cell !== undefined && nulls?.length === 0 ? Buffer.from(cell).toString() : null;
}

/** Names and values. */
export type Settings = readonly (readonly [name: string, value: string])[];

/** The state of a session that has just been begun with settings. */
export function stateOf(settings: Settings): string {
  const calls = settings.map((setting) => `set_config(${setting.map(escapeLiteral).join(", ")}, false)`);
  return calls.length === 0 ? "" : `SELECT ${calls.join(", ")}`;
}

/** Sets everything again. What was said against it; null if that went well. */
export async function restoreState(session: PythonSession, state: string): Promise<string | null> {
  const result = state === "" ? null : resultOf(await session.query([Buffer.from(state)], never));
  if (result === null || result.kind === "rows") {
    return null;
  }
  return result.kind === "error" ? (result.fields["M"] ?? "") : "the connection was lost";
}

function hasRows(answer: Answer): boolean {
  return resultOf(answer)?.kind === "rows";
}

/** @param ownSettings As literals. */
function stateQuery(ownSettings: readonly string[]): string {
  const own = ownSettings.map((name) => `UNION ALL SELECT ${name}, current_setting(${name}, true)`).join(" ");
  return `
    SELECT CASE
      WHEN current_setting('client_encoding') = 'UTF8'
        AND NOT EXISTS (SELECT FROM pg_listening_channels())
        AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
        AND NOT EXISTS (
          SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = pg_my_temp_schema()
        )
        AND NOT EXISTS (SELECT FROM pg_prepared_statements)
        AND NOT EXISTS (SELECT FROM pg_cursors)
      -- The role comes last: another may not be allowed to set the rest.
      THEN coalesce('SELECT ' || string_agg(
        format('set_config(%L, %L, false)', name, setting), ', ' ORDER BY name = 'role'
      ), '')
    END
    FROM (
      SELECT name, setting FROM pg_settings WHERE source = 'session'
      UNION ALL SELECT 'role', nullif(current_setting('role'), 'none')
      ${own}
    ) AS setting
    WHERE setting IS NOT NULL`;
}
