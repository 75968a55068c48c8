/** Connections are shared, bounded, and come back as they were; a transaction is all or nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../gateway/postgres/index.ts";
import type { RowSet, Session } from "../planner/index.ts";
import { PuffError, type TypedText } from "../schema/index.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "./support/postgres.ts";
import { textOf, textsOf } from "./support/rows.ts";

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

  test("failures among them hit nobody else", async () => {
    const codes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => codeOf(run(database, i % 3 === 0 ? "SELECT nope" : "SELECT 1"))),
    );
    expect(codes).toEqual(codes.map((_, i) => (i % 3 === 0 ? "PUFF_SQL_FAILED" : "none")));
  });

  test("more may not wait than the limit says, nor longer", async () => {
    const small = await openTestDatabase(own.url, { poolSize: 1, queueLimit: 2, acquireTimeout: 300 });
    const slow = run(small, "SELECT pg_sleep(0.6)");
    const waiting = [1, 2, 3].map(() => codeOf(run(small, "SELECT 1")));
    expect(await waiting[2]).toBe("PUFF_POOL_BUSY");
    expect(await Promise.all(waiting)).toEqual(["PUFF_POOL_BUSY", "PUFF_POOL_BUSY", "PUFF_POOL_BUSY"]);
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
    ["BEGIN READ ONLY", "SHOW transaction_read_only", "off"],
    ["SET DateStyle = 'German'", "SELECT '2026-11-22'::date", "2026-11-22"],
    ["SET search_path = nowhere", "SELECT balance FROM account WHERE id = 1", "100"],
    ["CREATE TEMPORARY TABLE account AS SELECT 0 AS id, 0 AS balance", "SELECT count(*) FROM account", "2"],
    ["LISTEN news", "SELECT count(*) FROM pg_listening_channels()", "0"],
  ])("a session changed by %s is not used again", async (change, statement, expected) => {
    const small = await openTestDatabase(own.url, { poolSize: 1 });
    await run(small, change);
    expect(textOf(await run(small, statement))).toBe(expected);
    await small.close();
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
