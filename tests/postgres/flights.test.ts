/** Statements that go to Postgres with one Sync: what fails one of them is nothing to the others. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { DatabaseOptions, PostgresDatabase } from "../../gateway/postgres/index.ts";
import type { RowSet, Statement } from "../../planner/index.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let own: TestDatabase;

beforeAll(async () => {
  own = await createTestDatabase();
});

afterAll(() => own.drop());

const text = (value: string): [number, string] => [25, value];

/** Postgres has one `now()` for all that share a Sync. */
const begun: Statement = { text: "SELECT now()", params: [] };

async function open(options: Partial<DatabaseOptions> = {}): Promise<PostgresDatabase> {
  const database = await openTestDatabase(own.url, { poolSize: 1, ...options });
  onTestFinished(() => database.close());
  return database;
}

/** A database that knows the statements as quick and harmless, so that they share a Sync. */
async function knowing(
  statements: readonly Statement[],
  options: Partial<DatabaseOptions> = {},
): Promise<PostgresDatabase> {
  const database = await open(options);
  const all = [...statements, begun, begun];
  await expect
    .poll(
      async () => {
        for (const statement of statements) {
          await database.query(statement);
        }
        const rows = await Promise.all(all.map((statement) => database.query(statement)));
        return new Set(rows.slice(-2).map(first)).size;
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(1);
  return database;
}

function first(rows: RowSet): string | null {
  rows.seek(0);
  return rows.isNull(0) ? null : rows.text(0);
}

/** What became of each: its first value, or its error's code. */
async function outcomes(database: PostgresDatabase, statements: readonly Statement[]): Promise<(string | null)[]> {
  const settled = await Promise.allSettled(statements.map((statement) => database.query(statement)));
  return settled.map((one) => (one.status === "fulfilled" ? first(one.value) : one.reason.code));
}

const quotient = (divisor: number): Statement => ({ text: "SELECT 60 / $1::int", params: [text(String(divisor))] });

test.each([
  ["first", [0, 1, 2, 3]],
  ["in the middle", [1, 2, 0, 3, 4]],
  ["last", [1, 2, 3, 0]],
  ["several", [1, 0, 2, 0, 0, 3]],
  ["all", [0, 0, 0]],
])("an error in one fails no other: %s", async (_, divisors) => {
  const database = await knowing([quotient(1)]);
  expect(await outcomes(database, divisors.map(quotient))).toEqual(
    divisors.map((divisor) => (divisor === 0 ? "PUFF_SQL_FAILED" : String(60 / divisor))),
  );
  expect(await outcomes(database, [quotient(5), quotient(6)])).toEqual(["12", "10"]);
});

test("a connection that is lost within fails the one that ran, and the others are run again", async () => {
  const ending = (ends: boolean): Statement => ({
    text: "SELECT CASE WHEN $1::bool THEN pg_terminate_backend(pg_backend_pid())::text ELSE 'lives' END",
    params: [text(String(ends))],
  });
  const database = await knowing([ending(false)]);
  expect(await outcomes(database, [false, true, false, false].map(ending))).toEqual([
    "lives",
    "PUFF_DATABASE_UNAVAILABLE",
    "lives",
    "lives",
  ]);
});

test("one that returns too many rows fails, and the others are run again", async () => {
  const numbers = (count: number): Statement => ({
    text: "SELECT i FROM generate_series(1, $1::int) AS i",
    params: [text(String(count))],
  });
  const database = await knowing([numbers(1)], { maxRows: 1000 });
  expect(await outcomes(database, [3, 2_000, 1_000, 1].map(numbers))).toEqual(["1", "PUFF_TOO_MANY_ROWS", "1", "1"]);
});

test("those that nobody waits for any more are cancelled", async () => {
  const sleeping = (seconds: number, signal?: AbortSignal): Statement => ({
    text: "SELECT 'slept ' || $1 FROM (SELECT pg_sleep($1::float8)) AS s",
    params: [text(String(seconds))],
    ...(signal === undefined ? {} : { signal }),
  });
  const database = await knowing([sleeping(0)]);
  const abort = new AbortController();
  const all = [sleeping(0, abort.signal), sleeping(20, abort.signal)];
  const running = Promise.allSettled(all.map((statement) => database.query(statement)));
  setTimeout(() => abort.abort(), 100);
  expect((await running).at(-1)).toMatchObject({ status: "rejected", reason: { code: "PUFF_REQUEST_INVALID" } });
  expect(await outcomes(database, [sleeping(0), sleeping(0.01)])).toEqual(["slept 0", "slept 0.01"]);
});

test("each gets its own rows, of whatever length and however often the socket was read for them", async () => {
  const rows = (length: number, count: number): Statement => ({
    text: "SELECT repeat($1, $2::int) || i FROM generate_series(1, $3::int) AS i",
    params: [text(String.fromCharCode(97 + (length % 26))), text(String(length)), text(String(count))],
  });
  const database = await knowing([rows(1, 1)]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 40_000 }), fc.nat({ max: 12 })), { minLength: 2, maxLength: 8 }),
      async (sizes) => {
        const answers = await Promise.all(sizes.map(([length, count]) => database.query(rows(length, count))));
        for (const [index, [length, count]] of sizes.entries()) {
          const letter = String.fromCharCode(97 + (length % 26));
          const answer = answers[index] as RowSet;
          expect(answer.count).toBe(count);
          for (let row = 0; row < count; row++) {
            answer.seek(row);
            expect(answer.text(0) === letter.repeat(length) + (row + 1)).toBe(true);
          }
          answer.release();
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("what a statement sets for its transaction is not set for another", async () => {
  const setting: Statement = { text: "SELECT set_config('puff.note', 'mine', true)", params: [] };
  const reading: Statement = { text: "SELECT current_setting('puff.note', true)", params: [] };
  const database = await knowing([reading]);
  await database.query(setting);
  for (let round = 0; round < 5; round++) {
    const [, , read] = await outcomes(database, [reading, setting, reading, begun]);
    expect(read === null || read === "").toBe(true);
  }
});

test("statements of one caller's settings stay apart from those of others", async () => {
  const reading: Statement = { text: "SELECT current_setting('puff.caller', true)", params: [] };
  const database = await knowing([reading]);
  const callers = ["a", null, "b", null, "c"];
  const rows = await Promise.all(
    callers.map((caller) => database.query(reading, caller === null ? undefined : { "puff.caller": caller })),
  );
  expect(rows.map((set) => first(set) || null)).toEqual(callers);
});

test("statements go on where the connection is lost while they wait to be sent", async () => {
  const database = await knowing([quotient(1)]);
  const ending = database
    .query({ text: "SELECT pg_terminate_backend(pg_backend_pid())", params: [] })
    .catch(() => null);
  const others = outcomes(database, [1, 2, 3].map(quotient));
  await ending;
  expect(await others).toEqual(["60", "30", "20"]);
});
