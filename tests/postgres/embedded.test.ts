/** The embedded Postgres keeps its data, is shared, and outlives whatever kills its users. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../gateway/postgres/index.ts";
import { describeError, PuffError } from "../../schema/index.ts";
import { textOf } from "../support/planner/rows.ts";
import { openTestDatabase } from "../support/servers/postgres.ts";

const isRoot = process.getuid?.() === 0;
let base: string;
/** Data made once; the tests run in turn on it. */
let folder: string;

const start = (where = folder) => startEmbeddedPostgres({ folder: where, onLog: () => undefined });

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "puff-embedded-"));
  await chmod(base, 0o755);
  folder = join(base, "postgres");
});

afterAll(() => rm(base, { recursive: true, force: true }));

test("two processes that begin at once share one Postgres", async () => {
  const holders = [hold(), hold()];
  const lines = await Promise.all(holders.map(read));
  expect(lines[0]?.url).toBe(lines[1]?.url);
  expect(lines.map(({ fresh }) => fresh).sort()).toEqual([false, true]);
  expect(await answers(lines[0]?.url)).toBe(true);
  await Promise.all(holders.map(end));
  await expect.poll(() => answers(lines[0]?.url)).toBe(false);
});

test("data, password and port stay", async () => {
  const first = await start();
  await execute(first.url, "CREATE TABLE kept (id int); INSERT INTO kept VALUES (42)");
  await first.stop();
  const second = await start();
  expect([second.fresh, second.folder, second.url]).toEqual([false, folder, first.url]);
  const database = await openTestDatabase(second.url);
  expect(textOf(await database.query({ text: "SELECT id FROM kept", params: [] }))).toBe("42");
  await database.close();
  await second.stop();
});

test("only the last to stop ends it", async () => {
  const [first, second] = await Promise.all([start(), start()]);
  expect(first.url).toBe(second.url);
  await first.stop();
  await first.stop();
  expect(await answers(second.url)).toBe(true);
  await second.stop();
  expect(await answers(second.url)).toBe(false);
});

test("a process that exits without a stop ends it too", async () => {
  const holder = hold();
  const { url } = await read(holder);
  await end(holder);
  await expect.poll(() => answers(url)).toBe(false);
});

test("what a killed process left running is taken over, and ended in the end", async () => {
  const holder = hold();
  const { url } = await read(holder);
  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect(await answers(url)).toBe(true);
  const next = await start();
  expect([next.url, next.fresh]).toEqual([url, false]);
  await next.stop();
  expect(await answers(url)).toBe(false);
});

test("Postgres killed, its data recovers", async () => {
  const first = await start();
  await execute(first.url, "CREATE TABLE IF NOT EXISTS recovered (id int); INSERT INTO recovered VALUES (1)");
  process.kill(await postmasterPid(), "SIGKILL");
  await first.stop();
  const second = await start();
  await execute(second.url, "INSERT INTO recovered SELECT 1 / count(*) FROM recovered");
  await second.stop();
});

test.runIf(process.platform === "linux")(
  "a stale postmaster.pid with the number of another program does no harm",
  async () => {
    await writeFile(
      join(folder, "data", "postmaster.pid"),
      `${process.pid}\n${folder}/data\n1\n1\n\n127.0.0.1\n  1 1\nready   \n`,
    );
    const next = await start();
    expect(await answers(next.url)).toBe(true);
    await next.stop();
  },
);

describe.runIf(isRoot)("as root", () => {
  test("data moves to where Postgres's user can reach it, and stays there", async () => {
    const home = await mkdtemp(join(base, "home-"));
    await chmod(home, 0o700);
    const asked = join(home, "postgres");
    const first = await start(asked);
    expect(first.folder).not.toBe(asked);
    await first.stop();
    const second = await start(asked);
    expect([second.folder, second.fresh]).toEqual([first.folder, false]);
    await second.stop();
    await rm(first.folder, { recursive: true });
  });

  test("a copy of the data that belongs to root starts", async () => {
    const copy = join(base, "copy");
    await cp(folder, copy, { recursive: true });
    const copied = await start(copy);
    expect([await answers(copied.url), copied.fresh]).toEqual([true, false]);
    await copied.stop();
  });
});

describe("what can't work is said", () => {
  test.each([
    [
      "a setting that Postgres refuses",
      () => appendFile(join(folder, "data", "postgresql.conf"), "nonsense = 1\n"),
      // The log of earlier runs does not count.
      /does not start: (?!.*starting PostgreSQL).*nonsense/,
    ],
    [
      "data of another version",
      () => writeFile(join(folder, "data", "PG_VERSION"), "14\n"),
      /belongs to Postgres 14.*pg_dump/,
    ],
    [
      "a file where the folder should be",
      async () => {
        folder = join(base, "file");
        await writeFile(folder, "");
      },
      /EEXIST|ENOTDIR/,
    ],
  ])("%s", async (_, spoil, says) => {
    await spoil();
    const error = await start().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PuffError);
    if (error instanceof PuffError) {
      expect(describeError(error)).toMatch(says);
      expect([error.code, error.place]).toEqual(["PUFF_EMBEDDED_POSTGRES", expect.stringContaining(base)]);
    }
  });
});

function hold(): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, "../support/servers/serve-postgres.ts"), folder], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

async function read(holder: ChildProcess): Promise<{ url: string; fresh: boolean }> {
  const [line] = holder.stdout === null ? [] : await once(holder.stdout, "data");
  return JSON.parse(String(line));
}

async function end(holder: ChildProcess): Promise<void> {
  holder.stdin?.end();
  await once(holder, "exit");
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(folder, "data", "postmaster.pid"), "utf8"), 10);
}

async function execute(url: string, text: string): Promise<void> {
  const database = await openTestDatabase(url);
  await database.run(text);
  await database.close();
}

async function answers(url = ""): Promise<boolean> {
  try {
    const database = await openTestDatabase(url, { connectDeadline: 0 });
    await database.close();
    return true;
  } catch {
    return false;
  }
}
