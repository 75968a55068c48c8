/** Connections are shared, bounded, and come back as they were; a transaction is all or nothing. */
import { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import type { RowSet, Session } from "../../planner/index.ts";
import { PuffError, type TypedText } from "../../schema/index.ts";
import { textOf, textsOf } from "../support/planner/rows.ts";
import {
  createTestDatabase,
  holdLock,
  openTestDatabase,
  type TestDatabase,
  write,
} from "../support/servers/postgres.ts";

let own: TestDatabase;
let database: PostgresDatabase;

beforeAll(async () => {
  own = await createTestDatabase();
  database = await openTestDatabase(own.url);
  await database.run(`
    CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
    CREATE TABLE movement (account_id int REFERENCES account DEFERRABLE INITIALLY DEFERRED);
    INSERT INTO account VALUES (1, 100), (2, 0);
  `);
});

afterAll(async () => {
  await database.close();
  await own.drop();
});

const run = (session: Session, text: string, ...params: TypedText[]): Promise<RowSet> =>
  session.query({ text, params });
const balance = async (id: number): Promise<string | null> =>
  textOf(await run(database, "SELECT balance FROM account WHERE id = $1", [23, String(id)]));
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (error instanceof PuffError ? error.code : String(error)),
  );

describe("the pool", () => {
  test("500 statements at once on 4 connections each get their own answer", async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) =>
        run(database, `SELECT $1::int, pg_backend_pid() ${i % 7 === 0 ? ", pg_sleep(0.001)" : ""}`, [23, String(i)]),
      ),
    );
    expect(answers.map((rows) => textOf(rows))).toEqual(answers.map((_, i) => String(i)));
    expect(new Set(answers.map((rows) => textsOf(rows)[0]?.[1])).size).toBeLessThanOrEqual(4);
  });

  test("one statement opens one connection", async () => {
    const fresh = await openTestDatabase(own.url);
    onTestFinished(() => fresh.close());
    const connect = vi.spyOn(Socket.prototype, "connect");
    await run(fresh, "SELECT 1");
    expect(connect).toHaveBeenCalledTimes(1);
    connect.mockRestore();
  });

  test("failures among them hit nobody else", async () => {
    const codes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => codeOf(run(database, i % 3 === 0 ? "SELECT nope" : "SELECT 1"))),
    );
    expect(codes).toEqual(codes.map((_, i) => (i % 3 === 0 ? "PUFF_SQL_FAILED" : "none")));
  });

  test("statements that nobody waits for any more are ended, those that wait for a connection among them", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 2 });
    const one = new AbortController();
    const pids = async () => textsOf(await run(small, "SELECT pg_backend_pid()"))[0]?.[0];
    await pids();
    const asked = Array.from({ length: 5 }, () =>
      codeOf(small.query({ text: "SELECT pg_sleep(600)", params: [], signal: one.signal })),
    );
    const written = codeOf(
      small.transaction(async (session) => {
        await session.query({ text: "INSERT INTO account VALUES (99, 1)", params: [], signal: one.signal });
        await session.query({ text: "SELECT pg_sleep(600)", params: [], signal: one.signal });
        return { commit: true, result: null };
      }),
    );
    const wanted = run(small, "SELECT 'wanted'");
    one.abort();
    expect(await Promise.all([...asked, written])).toEqual(Array.from({ length: 6 }, () => "PUFF_REQUEST_INVALID"));
    expect(textOf(await wanted)).toBe("wanted");
    const others = await Promise.all(Array.from({ length: 50 }, (_, i) => codeOf(run(small, `SELECT ${i}`))));
    expect(new Set(others)).toEqual(new Set(["none"]));
    const left =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database()";
    await expect
      .poll(async () => textOf(await run(small, `${left} AND state <> 'idle' AND pid <> pg_backend_pid()`)))
      .toBe("0");
    expect(await balance(99)).toBeNull();
    await small.close();
  });

  test("quick statements share connections with others that fail or end the connection", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 2, maxRows: 5 });
    const odd =
      "SELECT CASE $1::int WHEN 1 THEN 1 / ($1::int - 1) ELSE 1 END FROM generate_series(1, CASE $1::int WHEN 2 THEN 9 ELSE 1 END)";
    for (let round = 0; round < 3; round++) {
      const codes = await Promise.all(
        Array.from({ length: 120 }, (_, i) =>
          codeOf(run(small, odd, [23, String(i % 10 === 9 ? (round % 2) + 1 : 0)])),
        ),
      );
      expect(new Set(codes.filter((_, i) => i % 10 !== 9))).toEqual(new Set(["none"]));
      expect(new Set(codes.filter((_, i) => i % 10 === 9))).toEqual(
        new Set([round % 2 === 0 ? "PUFF_SQL_FAILED" : "PUFF_TOO_MANY_ROWS"]),
      );
    }
    await small.close();
  });

  test("rows that nobody takes hold up no statement that was sent behind them", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 2 });
    const text = "SELECT repeat('x', 1000) FROM generate_series(1, $1::int)";
    const rows = (count: number) => ({ text, params: [[23, String(count)] satisfies TypedText] });
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 10 }, () => small.query(rows(1)))); // quick, as far as anyone knows
    }
    const large = Array.from({ length: 2 }, () => small.stream(rows(20_000), new AbortController().signal));
    const others = Array.from({ length: 10 }, () => small.query(rows(1)));
    const [one, two] = await Promise.all(large);
    await one?.rest?.return?.();
    expect((await Promise.all(others)).map(({ count }) => count)).toEqual(others.map(() => 1));
    await two?.rest?.return?.();
    await small.close();
  });

  test("connections that are ended from outside fail what runs on them, and are replaced", async () => {
    const small = await openTestDatabase(`${own.url}?application_name=ended`, { poolSize: 3 });
    const end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'ended'";
    const codes: string[] = [];
    let running = true;
    const askers = Array.from({ length: 16 }, async () => {
      while (running) {
        codes.push(await codeOf(run(small, "SELECT 1 AS one")));
      }
    });
    for (let times = 0; times < 3; times++) {
      await database.query({ text: "SELECT pg_sleep(0.05)", params: [] });
      await database.query({ text: end, params: [] });
    }
    running = false;
    await Promise.all(askers);
    const failed = codes.filter((code) => code !== "none");
    expect(new Set(failed)).toEqual(new Set(failed.length === 0 ? [] : ["PUFF_DATABASE_UNAVAILABLE"]));
    expect(failed.length).toBeLessThan(codes.length);
    expect(await codeOf(run(small, "SELECT 1 AS one"))).toBe("none");
    await small.close();
  });

  test("more may not wait than the limit says, nor longer", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 1, queueLimit: 2, acquireTimeout: 300 });
    const lock = await holdLock(own.url);
    const slow = run(small, lock.statement);
    const waiting = [1, 2, 3].map(() => codeOf(run(small, "SELECT 1")));
    expect(await waiting[2]).toBe("PUFF_POOL_BUSY");
    expect(await Promise.all(waiting)).toEqual(["PUFF_POOL_BUSY", "PUFF_POOL_BUSY", "PUFF_POOL_BUSY"]);
    await lock.release();
    await slow;
    expect(await codeOf(run(small, "SELECT 1"))).toBe("none");
    await small.close();
  });

  test("with no queue at all, as many run as there are connections", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 2, queueLimit: 0 });
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(run(small, "SELECT pg_sleep(0.1)"))));
    expect(codes).toEqual(["none", "none", "PUFF_POOL_BUSY"]);
    expect(await codeOf(run(small, "SELECT 1"))).toBe("none");
    await small.close();
  });

  test.each([
    ["BEGIN ISOLATION LEVEL SERIALIZABLE", "none", "SHOW transaction_isolation", "read committed"],
    ["SET DateStyle = 'German'", "PUFF_PLAN_STATEMENTS", "SELECT '2026-11-22'::date", "2026-11-22"],
    ["SET search_path = nowhere", "PUFF_PLAN_STATEMENTS", "SELECT balance FROM account WHERE id = 1", "100"],
    ["SET default_transaction_read_only = off", "PUFF_PLAN_STATEMENTS", "SHOW transaction_read_only", "on"],
    ["LISTEN news", "PUFF_PLAN_STATEMENTS", "SELECT count(*) FROM pg_listening_channels()", "0"],
  ])("a session changed by %s is not used again", async (change, code, statement, expected) => {
    const small = await openTestDatabase(own.url, { poolSize: 1 });
    expect(await codeOf(run(small, change))).toBe(code);
    expect(textOf(await run(small, statement))).toBe(expected);
    await small.close();
  });

  test("nor is one changed in a transaction", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 1 });
    await write(small, "CREATE TEMPORARY TABLE account AS SELECT 0 AS id, 0 AS balance");
    expect(textOf(await write(small, "SELECT count(*) FROM account"))).toBe("2");
    await small.close();
  });

  test("queries read from a replica where there is one, and transactions go to the primary", async () => {
    const replica = await createTestDatabase();
    const both = await openTestDatabase(own.url, { readUrl: replica.url });
    const name = new URL(own.url).pathname.slice(1);
    const replicaName = new URL(replica.url).pathname.slice(1);
    expect(textOf(await run(both, "SELECT current_database()"))).toBe(replicaName);
    expect(textOf(await write(both, "SELECT current_database()"))).toBe(name);
    expect(await codeOf(run(both, "CREATE TABLE made (id int)"))).toBe("PUFF_PLAN_WRITES");
    expect(await both.ping()).toBe(true);
    await replica.drop();
    expect(await both.ping()).toBe(false);
    expect(textOf(await write(both, "SELECT current_database()"))).toBe(name);
    await both.close();
  });

  test("closing waits for what runs and what waits, and refuses what comes", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 1 });
    const running = [1, 2, 3].map(() => codeOf(run(small, "SELECT pg_sleep(0.05)")));
    const closed = small.close();
    expect(await codeOf(run(small, "SELECT 1"))).toBe("PUFF_SHUTTING_DOWN");
    await closed;
    expect(await Promise.all(running)).toEqual(["none", "none", "none"]);
    await small.close();
  });
});

describe("a transaction", () => {
  test("has its connection to itself", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 2 });
    const seen = await Promise.all(
      Array.from({ length: 20 }, () =>
        small.transaction(async (session) => {
          const ids: (string | null)[] = [];
          for (let i = 0; i < 3; i++) {
            ids.push(textOf(await run(session, "SELECT txid_current()")));
          }
          return { commit: true, result: ids };
        }),
      ),
    );
    expect(seen.map((ids) => new Set(ids).size)).toEqual(seen.map(() => 1));
    expect(new Set(seen.flat()).size).toBe(20);
    await small.close();
  });

  const move = async (session: Session, amount: number): Promise<void> => {
    await run(session, "UPDATE account SET balance = balance - $1 WHERE id = 1", [23, String(amount)]);
    await run(session, "UPDATE account SET balance = balance + $1 WHERE id = 2", [23, String(amount)]);
  };

  test("commits, and gives the result", async () => {
    const result = await database.transaction(async (session) => {
      await move(session, 10);
      return { commit: true, result: await balance(2) };
    });
    expect([result, await balance(1), await balance(2)]).toEqual(["0", "90", "10"]);
  });

  test("rolls back without a throw, and gives the result", async () => {
    const result = await database.transaction(async (session) => {
      await move(session, 10);
      return { commit: false, result: "partial" };
    });
    expect([result, await balance(1)]).toEqual(["partial", "90"]);
  });

  test("rolls back on a throw, and passes it on", async () => {
    const thrown = new PuffError("PUFF_RESOLVER_FAILED", "no");
    const work = database.transaction(async (session) => {
      await move(session, 10);
      throw thrown;
    });
    await expect(work).rejects.toBe(thrown);
    expect(await balance(1)).toBe("90");
  });

  test("a failed statement fails those after it, and a commit that was asked for all the same", async () => {
    const codes: string[] = [];
    const code = await codeOf(
      database.transaction(async (session) => {
        await move(session, 10);
        codes.push(await codeOf(run(session, "SELECT nope")), await codeOf(run(session, "SELECT 1")));
        return { commit: true, result: null };
      }),
    );
    expect([code, ...codes]).toEqual(["PUFF_SQL_FAILED", "PUFF_SQL_FAILED", "PUFF_SQL_FAILED"]);
    expect(await balance(1)).toBe("90");
  });

  test("a commit that a deferred constraint refuses fails", async () => {
    const work = database.transaction(async (session) => {
      await run(session, "INSERT INTO movement VALUES (99)");
      return { commit: true, result: null };
    });
    await expect(work).rejects.toMatchObject({ code: "PUFF_SQL_FAILED", extensions: { sqlstate: "23503" } });
    expect(textOf(await run(database, "SELECT count(*) FROM movement"))).toBe("0");
  });

  test("may not be ended from within", async () => {
    const work = database.transaction(async (session) => {
      await move(session, 10);
      await run(session, "ROLLBACK");
      return { commit: true, result: null };
    });
    await expect(work).rejects.toMatchObject({ code: "PUFF_PLAN_INVALID" });
    expect(await balance(1)).toBe("90");
  });

  test("statements that are not waited for run in order, before it ends", async () => {
    await database.transaction(async (session) => {
      void Promise.all(
        [3, 2, 1].map((n) => run(session, "UPDATE account SET balance = $1 WHERE id = 2", [23, `${n}`])),
      );
      return { commit: true, result: null };
    });
    expect(await balance(2)).toBe("1");
  });

  test("its session is of no use afterwards", async () => {
    const session = await database.transaction(async (inner) => ({ commit: true, result: inner }));
    expect(await codeOf(run(session, "SELECT 1"))).toBe("PUFF_INTERNAL");
  });

  test("too many rows in it roll it back and cost one connection", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 1, maxRows: 5 });
    const work = small.transaction(async (session) => {
      await move(session, 10);
      await run(session, "SELECT generate_series(1, 100)");
      return { commit: true, result: null };
    });
    expect(await codeOf(work)).toBe("PUFF_TOO_MANY_ROWS");
    expect(await balance(1)).toBe("90");
    expect(await small.ping()).toBe(true);
    await small.close();
  });

  test("a connection lost in it fails it, and the next one works", async () => {
    const work = database.transaction(async (session) => {
      await move(session, 10);
      await codeOf(run(session, "SELECT pg_terminate_backend(pg_backend_pid())"));
      return { commit: true, result: null };
    });
    expect(await codeOf(work)).toBe("PUFF_DATABASE_UNAVAILABLE");
    expect(await balance(1)).toBe("90");
  });
});
