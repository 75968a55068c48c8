/** While the database is away statements fail with one code; when it is back they work, by themselves. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { type PostgresDatabase, startEmbeddedPostgres } from "../../gateway/postgres/index.ts";
import { PuffError } from "../../schema/index.ts";
import { textOf } from "../support/planner/rows.ts";
import { openTestDatabase } from "../support/servers/postgres.ts";

test("a restart under load", async () => {
  const { database, stop, start } = await ownServer();
  const load = beginLoad(database);
  await load.answered(200);
  const stopped = Date.now();
  await stop();
  await load.failed(50);
  expect(await database.ping()).toBe(false);
  await start();
  await expect.poll(() => database.ping()).toBe(true);
  const back = Date.now();
  await load.answered(200);
  const outcomes = await load.end();

  const codes = new Set(outcomes.map(({ code }) => code));
  expect(codes).toEqual(new Set([null, "PUFF_DATABASE_UNAVAILABLE"]));
  expect(outcomes.filter(({ at, end, code }) => code !== null && (end < stopped || at > back))).toEqual([]);
});

test("a crash under load", async () => {
  const { database } = await ownServer();
  const load = beginLoad(database);
  await load.answered(200);
  const pid = textOf(await database.query({ text: "SELECT pg_backend_pid()", params: [] }));
  process.kill(Number(pid), "SIGKILL"); // Postgres ends all sessions, recovers, and goes on
  await load.failed(1);
  await expect.poll(() => database.ping()).toBe(true);
  const back = Date.now();
  await load.answered(200);
  const outcomes = await load.end();

  expect(new Set(outcomes.map(({ code }) => code))).toEqual(new Set([null, "PUFF_DATABASE_UNAVAILABLE"]));
  expect(outcomes.filter(({ at, code }) => code !== null && at > back)).toEqual([]);
});

async function ownServer() {
  const base = await mkdtemp(join(tmpdir(), "puff-outage-"));
  await chmod(base, 0o755);
  const begin = () => startEmbeddedPostgres({ folder: join(base, "postgres"), onLog: () => undefined });
  let postgres = await begin();
  const database = await openTestDatabase(postgres.url);
  onTestFinished(async () => {
    await database.close();
    await postgres.stop();
    await rm(base, { recursive: true, force: true });
  });
  return {
    database,
    stop: () => postgres.stop(),
    async start() {
      postgres = await begin();
    },
  };
}

/** When it was asked and answered, and the code of its error, or null. */
type Outcome = { readonly at: number; readonly end: number; readonly code: string | null };

interface Load {
  /** Waits for this many further answers. */
  answered(count: number): Promise<void>;
  /** Waits until this many have failed. */
  failed(count: number): Promise<void>;
  end(): Promise<readonly Outcome[]>;
}

/** Queries from twelve askers, and a transaction after the other beside them. */
function beginLoad(database: PostgresDatabase): Load {
  const outcomes: Outcome[] = [];
  let running = true;
  const ask = async (work: () => Promise<unknown>): Promise<void> => {
    while (running) {
      const at = Date.now();
      const code = await work().then(
        () => null,
        (error: unknown) => (error instanceof PuffError ? error.code : String(error)),
      );
      outcomes.push({ at, end: Date.now(), code });
      await sleep(2);
    }
  };
  const query = () => database.query({ text: "SELECT $1::int", params: [[23, "1"]] });
  const change = () =>
    database.transaction(async (session) => {
      await session.query({ text: "SELECT pg_sleep(0.02)", params: [] });
      return { commit: true, result: null };
    });
  const askers = [...Array.from({ length: 12 }, () => ask(query)), ask(change)];
  const count = (isFailed: boolean) => outcomes.filter(({ code }) => (code !== null) === isFailed).length;
  return {
    async answered(more) {
      const wanted = count(false) + more;
      await expect.poll(() => count(false), { timeout: 30_000 }).toBeGreaterThanOrEqual(wanted);
    },
    async failed(wanted) {
      await expect.poll(() => count(true), { timeout: 30_000 }).toBeGreaterThanOrEqual(wanted);
    },
    async end() {
      running = false;
      await Promise.all(askers);
      return outcomes;
    },
  };
}
