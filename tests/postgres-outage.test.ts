/** While the database is away statements fail with one code; when it is back they work, by themselves. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { PuffError } from "../schema/index.ts";
import { openTestDatabase } from "./support/postgres.ts";

test("a restart under load", async () => {
  const base = await mkdtemp(join(tmpdir(), "puff-outage-"));
  await chmod(base, 0o755);
  const folder = join(base, "postgres");
  const start = () => startEmbeddedPostgres({ folder, onLog: () => undefined });
  let postgres = await start();
  onTestFinished(async () => {
    await postgres.stop();
    await rm(base, { recursive: true, force: true });
  });
  const database = await openTestDatabase(postgres.url, { acquireTimeout: 2_000 });

  /** One entry an answer: the code of its error, or null. */
  const outcomes: { at: number; code: string | null }[] = [];
  let running = true;
  const ask = async (): Promise<void> => {
    while (running) {
      const at = Date.now();
      const code = await database.query({ text: "SELECT $1::int", params: [[23, "1"]] }).then(
        () => null,
        (error: unknown) => (error instanceof PuffError ? error.code : String(error)),
      );
      outcomes.push({ at, code });
      await sleep(2);
    }
  };
  const askers = Array.from({ length: 12 }, ask);
  const changing = (async () => {
    while (running) {
      const at = Date.now();
      await database
        .transaction(async (session) => {
          await session.query({ text: "SELECT pg_sleep(0.02)", params: [] });
          return { commit: true, result: null };
        })
        .catch((error: unknown) =>
          outcomes.push({ at, code: error instanceof PuffError ? error.code : String(error) }),
        );
      await sleep(2);
    }
  })();

  await sleep(300);
  const stopped = Date.now();
  await postgres.stop();
  await sleep(300);
  expect(await database.ping()).toBe(false);
  postgres = await start();
  const back = Date.now();
  await sleep(500);
  running = false;
  await Promise.all([...askers, changing]);

  const codes = new Set(outcomes.map(({ code }) => code));
  expect(codes).toEqual(new Set([null, "PUFF_DATABASE_UNAVAILABLE"]));
  expect(outcomes.filter(({ at, code }) => code !== null && (at < stopped - 200 || at > back))).toEqual([]);
  expect(outcomes.filter(({ at, code }) => code === null && at > back).length).toBeGreaterThan(0);
  expect(await database.ping()).toBe(true);
  await database.close();
});
