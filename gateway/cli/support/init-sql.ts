/** `--init-sql`: a script that a database sees once. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { PuffError } from "../../../schema/index.ts";
import { type DatabaseSource, defaultLimits, type Limits } from "../../options/options.ts";
import { openDatabase, type PostgresDatabase } from "../../postgres/index.ts";
import type { Configuration } from "../config/config.ts";

/** Runs the configuration's script, if there is one, where the first database has not seen it; null: there is none. */
export async function prepareDatabase(
  { values, limits }: Configuration,
  databases: readonly DatabaseSource[],
): Promise<"ran" | "known" | null> {
  const target = databases.find(({ name }) => name === "default") ?? databases[0];
  return values.init_sql === null || target === undefined ? null : await runInitSql(target, values.init_sql, limits);
}

/**
 * Runs a script where the database has not seen this content yet: the table `puff_init` remembers the hash of each.
 * An edited file runs again, so it should leave alone what exists. It is one transaction unless it says otherwise, and
 * of several gateways that start at once one runs it.
 *
 * @returns whether it ran, or was known
 * @throws PuffError `PUFF_INIT_SQL` with `file:line:column` if Postgres names it; `PUFF_DATABASE_UNAVAILABLE`
 * @example await runInitSql({ url: "postgres://localhost/blog" }, "/project/schema.sql", {}); // "ran"
 */
export async function runInitSql(
  { url, pooler = false }: Pick<DatabaseSource, "url" | "pooler">,
  file: string,
  limits: Partial<Limits>,
): Promise<"ran" | "known"> {
  const script = await readScript(file);
  const { statementTimeout, rows, poolTimeout, connectDeadline } = { ...defaultLimits, ...limits };
  const database = await openDatabase({
    ...{ url, pooler, statementTimeout, connectDeadline, poolSize: 1, queueLimit: 10 },
    ...{ maxRows: rows, acquireTimeout: poolTimeout },
  });
  try {
    return await runOnce(database, script, file);
  } finally {
    await database.close();
  }
}

/** Raised by the script's first statement where another gateway has run it since it was looked for. */
const knownState = "PUFF1";

async function runOnce(database: PostgresDatabase, script: string, file: string): Promise<"ran" | "known"> {
  const hash = createHash("sha256").update(script).digest("hex");
  if (await isKnown(database, hash)) {
    return "known";
  }
  const begin = `DO $puff$ BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('puff_init'));
  CREATE TABLE IF NOT EXISTS puff_init (hash text PRIMARY KEY, file text NOT NULL, ran_at timestamptz NOT NULL DEFAULT now());
  IF EXISTS (SELECT FROM puff_init WHERE hash = '${hash}') THEN
    RAISE EXCEPTION 'this script has been run' USING ERRCODE = '${knownState}';
  END IF;
END $puff$;
`;
  const name = file.replaceAll("'", "''");
  // The script may end within a comment.
  const end = `\n;INSERT INTO puff_init (hash, file) VALUES ('${hash}', '${name}');`;
  try {
    await database.run(begin + script + end);
    return "ran";
  } catch (error) {
    if (!(error instanceof PuffError) || error.code === "PUFF_DATABASE_UNAVAILABLE") {
      throw error;
    }
    if (error.extensions["sqlstate"] === knownState) {
      return "known";
    }
    throw describeProblem(error, file, script, begin.length);
  }
}

async function isKnown(database: PostgresDatabase, hash: string): Promise<boolean> {
  const found = await database.query({ text: "SELECT to_regclass('puff_init')::text", params: [] });
  found.seek(0);
  if (found.isNull(0)) {
    return false;
  }
  const rows = await database.query({ text: "SELECT FROM puff_init WHERE hash = $1", params: [[0, hash]] });
  return rows.count > 0;
}

/** Postgres counts characters from the beginning of what it was sent, in which the script is not the first. */
function describeProblem(error: PuffError, file: string, script: string, offset: number): PuffError {
  const cause = error.cause;
  const message = cause instanceof Error ? cause.message : error.message;
  const detail = error.extensions["detail"];
  const position = cause instanceof Error && "position" in cause ? Number(cause.position) - 1 - offset : Number.NaN;
  const before = position >= 0 ? Array.from(script).slice(0, position).join("").split("\n") : [];
  const spot = before.length === 0 ? "" : `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  return new PuffError("PUFF_INIT_SQL", `${message}${typeof detail === "string" ? ` (${detail})` : ""}`, {
    place: `${shorten(file)}${spot}`,
    remedy: error.remedy ?? "The whole script was rolled back: correct it and start again.",
    cause: error,
  });
}

async function readScript(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    throw new PuffError("PUFF_INIT_SQL", "the file can't be read", {
      place: shorten(file),
      remedy: "Correct --init-sql, PUFF_INIT_SQL or init_sql in puff.toml.",
      cause: error,
    });
  }
}

function shorten(file: string): string {
  const short = relative(process.cwd(), file);
  return short.startsWith("..") ? file : short;
}
