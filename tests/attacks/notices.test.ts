/** Functions that flood the gateway with what Postgres sends beside rows: it keeps next to nothing, and serves on. */
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { Lender } from "../../gateway/psycopg2/lender.ts";
import { PythonSession } from "../../gateway/psycopg2/session/session.ts";
import { textOf } from "../support/planner/rows.ts";
import { createTestDatabase, openTestDatabase, write } from "../support/servers/postgres.ts";

const own = await createTestDatabase();
const database = await openTestDatabase(own.url, { poolSize: 1 });
afterAll(async () => {
  await database.close();
  await own.drop();
});
await database.run(`
  CREATE FUNCTION flood(count int, size int) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN
      FOR i IN 1..count LOOP RAISE NOTICE '% %', i, repeat('x', size); END LOOP;
      RETURN count;
    END $$;
  CREATE FUNCTION call_out(count int) RETURNS int LANGUAGE plpgsql AS $$
    BEGIN
      FOR i IN 1..count LOOP PERFORM pg_notify('channel ' || i, repeat('x', 1000)); END LOOP;
      RETURN count;
    END $$;
`);

/** Bytes by which the process has grown while it ran. */
async function growth(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  await run();
  return process.memoryUsage().rss - before;
}

test.each([
  ["100,000 notices", "SELECT flood(100000, 10)", "100000"],
  ["100 MB of notices", "SELECT flood(1000, 100000)", "1000"],
  ["notices from each row", "SELECT sum(flood(10, 10)) FROM generate_series(1, 5000)", "50000"],
  ["notifications that nobody listens to", "SELECT call_out(20000)", "20000"],
])("a plan's statement with %s is answered, and nothing of it stays", async (_, text, answer) => {
  const logged: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line) => void logged.push(String(line)));
  onTestFinished(() => log.mockRestore());
  const grown = await growth(async () => expect(textOf(await write(database, text))).toBe(answer));
  expect(grown).toBeLessThan(100_000_000);
  expect(textOf(await database.query({ text: "SELECT 1", params: [] }))).toBe("1");
  expect(logged).toEqual([]);
});

test("of a flood in psycopg2's session the latest are kept, a million characters of them", async () => {
  const options = { queueLimit: 1, acquireTimeout: 10_000, clientShare: 25 };
  const lender = new Lender({ name: "default", url: own.url, size: 1, ...options });
  const session = new PythonSession(await lender.borrow());
  const ask = async (text: string) => {
    const { value } = await session.query([Buffer.from(text)], new AbortController().signal);
    return value as unknown as { readonly notices?: readonly { readonly M: string }[] }; // as the session writes it
  };
  const { notices = [] } = await ask("SELECT flood(2000, 10)");
  expect(notices.map(({ M }) => M.split(" ")[0])).toEqual(
    Array.from({ length: 1000 }, (_, index) => `${1001 + index}`),
  );
  const large = await ask("SELECT flood(500, 100000)");
  expect(large.notices?.map(({ M }) => M.split(" ")[0])).toEqual([
    "492",
    "493",
    "494",
    "495",
    "496",
    "497",
    "498",
    "499",
    "500",
  ]);
  const huge = await ask("SELECT flood(3, 3000000)");
  expect(huge.notices?.map(({ M }) => M.length)).toEqual([3_000_002]);
  expect(await ask("SELECT 1")).not.toHaveProperty("notices");
  session.detach();
  lender.giveBack(session.client, () => Promise.resolve(true));
  await lender.close();
});
