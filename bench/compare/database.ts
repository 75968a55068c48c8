/** The Postgres that all servers share, and what it did. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { startEmbeddedPostgres } from "../../gateway/postgres/index.ts";
import { cpuOfPostgres } from "./usage.ts";

export interface BenchDatabase {
  readonly url: string;
  readonly version: string;
  /** Milliseconds of CPU that it has used. */
  cpu(): number;
  /** Runs a script. */
  run(sqlText: string): Promise<void>;
  /** Waits until nothing runs: what a round left unfinished is not to be counted with the next. */
  settle(): Promise<void>;
  /** Statements that it logs as run while `work` does, those that begin and end transactions among them. */
  countStatements(work: () => Promise<void>): Promise<number>;
  stop(): Promise<void>;
}

/** Starts it with the tables made anew. */
export async function startDatabase(folder: string): Promise<BenchDatabase> {
  const { url, folder: actual, stop } = await startWithRoom(folder);
  const postmaster = Number((await readFile(join(actual, "data/postmaster.pid"), "utf8")).split("\n", 1)[0]);
  const log = join(actual, "postgres.log");
  const client = new Client({ connectionString: url, options: "-c log_statement=none" });
  await client.connect();
  const run = async (sqlText: string) => {
    await client.query(sqlText);
  };
  for (const statement of (await readFile(join(import.meta.dirname, "tables.sql"), "utf8")).split(/;\n/)) {
    await run(statement); // one by one, since VACUUM takes no company
  }
  const { rows } = await client.query<{ server_version: string }>("SHOW server_version");
  return {
    url,
    version: rows[0]?.server_version ?? "",
    cpu: () => cpuOfPostgres(postmaster),
    run,
    async settle() {
      // A server that is busy with what it received sends its next statement only in a while.
      for (let quiet = 0; quiet < settlePauses; ) {
        await sleep(settlePause);
        const { rows } = await client.query(activity);
        quiet = rows.length === 0 ? quiet + 1 : 0;
      }
    },
    async countStatements(work) {
      const setLogging = async (value: string) => {
        await run(`ALTER SYSTEM SET log_statement = '${value}'`);
        await run("SELECT pg_reload_conf()");
        await sleep(reloadTime);
      };
      await setLogging("all");
      const { size } = await stat(log);
      await work();
      await setLogging("none");
      const written = (await readFile(log)).subarray(size).toString();
      return [...written.matchAll(loggedStatement)].length;
    },
    async stop() {
      await client.end();
      await stop();
    },
  };
}

/** Postgres, which takes enough connections for all servers at once. */
async function startWithRoom(folder: string): ReturnType<typeof startEmbeddedPostgres> {
  const started = await startEmbeddedPostgres({ folder, onLog: () => undefined });
  const client = new Client({ connectionString: started.url });
  await client.connect();
  const { rows } = await client.query<{ max_connections: string }>("SHOW max_connections");
  const hasRoom = Number(rows[0]?.max_connections) >= maxConnections;
  if (!hasRoom) {
    await client.query(`ALTER SYSTEM SET max_connections = ${maxConnections}`);
  }
  await client.end();
  if (hasRoom) {
    return started;
  }
  await started.stop(); // the setting counts from the next start
  return startEmbeddedPostgres({ folder, onLog: () => undefined });
}

const maxConnections = 200;

/** In the log, where a statement's further lines begin with a tab; one without a text asks whether a connection lives. */
const loggedStatement = /LOG: {2}(?:execute|statement)[^:\n]*: (?:\S|\n\t)/g;

const settlePause = 100;
const settlePauses = 5;
const activity = "SELECT pid FROM pg_stat_activity WHERE state <> 'idle' AND pid <> pg_backend_pid()";

/** Milliseconds after which all sessions have read a changed setting. */
const reloadTime = 200;
