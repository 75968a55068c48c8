/**
 * A database for a test file of its own, on the Postgres of TEST_DATABASE_URL, or else on an embedded one that all test
 * files share: the first starts it, the last stops it.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import {
  type DatabaseOptions,
  openDatabase,
  type PostgresDatabase,
  startEmbeddedPostgres,
} from "../../../gateway/postgres/index.ts";
import type { Database, RowSet } from "../../../planner/index.ts";
import type { TypedText } from "../../../schema/index.ts";
import { textOf } from "../planner/rows.ts";

export interface TestDatabase {
  readonly url: string;
  /** Drops it, and ends whatever is still connected to it. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database.
 *
 * @example
 * const { url, drop } = await createTestDatabase();
 * afterAll(drop);
 */
export async function createTestDatabase(server = process.env["TEST_DATABASE_URL"]): Promise<TestDatabase> {
  const embedded = server === undefined ? await startEmbeddedPostgres({ folder, onLog: () => undefined }) : null;
  const adminUrl = server ?? embedded?.url ?? "";
  const name = `puff_test_${process.pid}_${randomBytes(4).toString("hex")}`;
  const admin = await openTestDatabase(adminUrl);
  if (embedded !== null) {
    await dropAbandoned(admin);
  }
  await admin.run(`CREATE DATABASE ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async drop() {
      await admin.run(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.close();
      await embedded?.stop();
    },
  };
}

/**
 * An open database that lives as long as the test file, with what a script makes in it.
 *
 * @example const database = await ownDatabase("CREATE TABLE item (id int)");
 */
export async function ownDatabase(script = ""): Promise<PostgresDatabase> {
  const { url, drop } = await createTestDatabase();
  const database = await openTestDatabase(url);
  afterAll(async () => {
    await database.close();
    await drop();
  });
  if (script !== "") {
    await database.run(script);
  }
  return database;
}

/** Opens a database with limits that suit tests. */
export function openTestDatabase(url: string, options: Partial<DatabaseOptions> = {}): Promise<PostgresDatabase> {
  return openDatabase({
    url,
    poolSize: 4,
    queueLimit: 1_000,
    acquireTimeout: 60_000,
    statementTimeout: 60_000,
    maxRows: 1_000_000,
    connectDeadline: 60_000,
    ...options,
  });
}

/** A lock that statements wait for, so that what happens meanwhile does not depend on how long they take. */
/** The same database, with `told` of the text of each statement that is sent outside of transactions. */
export function watched(database: Database, told: (text: string) => void): Database {
  return {
    query(statement, settings) {
      told(statement.text);
      return database.query(statement, settings);
    },
    stream(statement, signal, settings) {
      told(statement.text);
      return database.stream(statement, signal, settings);
    },
    transaction: (work, settings) => database.transaction(work, settings),
  };
}

export interface HeldLock {
  /** The statement that waits for it, and gives one row. */
  readonly statement: string;
  /** Resolves when this many statements wait for it. */
  waitedFor(count: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Holds a lock in a database.
 *
 * @example
 * const lock = await holdLock(url);
 * const asked = database.query({ text: lock.statement, params: [] });
 * await lock.waitedFor(1);
 * await lock.release();
 */
export async function holdLock(url: string): Promise<HeldLock> {
  const [holder, observer] = await Promise.all([1, 2].map(() => openTestDatabase(url, { poolSize: 1 })));
  if (holder === undefined || observer === undefined) {
    throw new Error("there are two");
  }
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const holding = holder.transaction(async (session) => {
    await session.query({ text: "SELECT pg_advisory_xact_lock(1)", params: [] });
    held.resolve();
    await released.promise;
    return { commit: false, result: undefined };
  });
  holding.catch(held.reject);
  await held.promise;
  const text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'";
  return {
    statement: "SELECT 1 AS id FROM pg_advisory_xact_lock_shared(1)",
    async waitedFor(count) {
      const waiting = async () => Number(textOf(await observer.query({ text, params: [] })));
      await expect.poll(waiting).toBe(count);
    },
    async release() {
      released.resolve();
      await holding;
      await Promise.all([holder.close(), observer.close()]);
    },
  };
}

/** Runs one statement that writes, in a transaction of its own. */
export function write(database: PostgresDatabase, text: string, ...params: TypedText[]): Promise<RowSet> {
  return database.transaction(async (session) => ({ commit: true, result: await session.query({ text, params }) }));
}

const folder = join(import.meta.dirname, "../../../.puff/test-postgres");

/** Runs that were killed left theirs. */
async function dropAbandoned(admin: PostgresDatabase): Promise<void> {
  const text = "SELECT datname FROM pg_database WHERE datname LIKE 'puff\\_test\\_%'";
  const rows = await admin.query({ text, params: [] });
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const name = rows.text(0);
    if (existsSync("/proc") && !existsSync(`/proc/${name.split("_")[2]}`)) {
      // Another test file may be doing the same.
      await admin.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`).catch(() => undefined);
    }
  }
}
