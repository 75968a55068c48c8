/** Connections that are lost just when they are lent, or between two statements, and those that are refused. */
import { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { Lender } from "../../gateway/psycopg2/lender.ts";
import { PythonSession } from "../../gateway/psycopg2/session/session.ts";
import { PuffError } from "../../schema/index.ts";
import {
  createTestDatabase,
  holdLock,
  openTestDatabase,
  type TestDatabase,
  write,
} from "../support/servers/postgres.ts";

let own: TestDatabase;

beforeAll(async () => {
  own = await createTestDatabase();
});

afterEach(() => vi.restoreAllMocks());

afterAll(() => own.drop());

/** The sockets that are connected from now on. */
function watchSockets(): readonly Socket[] {
  const connect = vi.spyOn(Socket.prototype, "connect");
  return connect.mock.contexts as Socket[]; // vitest does not say what `this` was
}

test("a transaction takes another connection where the one it was given is lost at once", async () => {
  const sockets = watchSockets();
  const database = await openTestDatabase(own.url, { poolSize: 1 });
  await database.run("CREATE TABLE note (id int)");
  await write(database, "INSERT INTO note VALUES (1)");
  const written = write(database, "INSERT INTO note VALUES (2)");
  sockets.at(-1)?.destroy();
  await written;
  const rows = await database.query({ text: "SELECT id FROM note", params: [] });
  expect(rows.count).toBe(2);
  await database.close();
});

test("a transaction whose connection is lost between two statements says so", async () => {
  const sockets = watchSockets();
  const database = await openTestDatabase(own.url, { poolSize: 1 });
  const statement = { text: "SELECT 1", params: [] };
  const lost = database.transaction(async (session) => {
    await session.query(statement);
    sockets.at(-1)?.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    return { commit: true, result: await session.query(statement) };
  });
  const error = await lost.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(PuffError);
  expect(error).toMatchObject({
    code: "PUFF_DATABASE_UNAVAILABLE",
    message: expect.stringContaining("the server closed the connection unexpectedly"),
  });
  await database.close();
});

test.each([
  [
    "25P03",
    "idle_in_transaction_session_timeout",
    "was idle for too long",
    "Resolvers that borrow the database should work quickly",
  ],
  ["25P04", "transaction_timeout", "took too long", "raise transaction_timeout there"],
])(
  "a transaction that Postgres ends with %s, by its %s, is told with what to do",
  async (state, setting, why, remedy) => {
    const sockets = watchSockets();
    const database = await openTestDatabase(own.url, { poolSize: 1 });
    onTestFinished(() => database.close());
    const ended = database.transaction(async (session) => {
      await session.query({ text: `SELECT set_config('${setting}', '20ms', true)`, params: [] });
      await expect.poll(() => sockets.at(-1)?.closed, { timeout: 30_000 }).toBe(true);
      return { commit: true, result: await session.query({ text: "SELECT 1", params: [] }) };
    });
    await expect(ended).rejects.toMatchObject({
      code: "PUFF_DATABASE_UNAVAILABLE",
      message: expect.stringContaining(`Postgres ended a transaction that ${why}`),
      remedy: expect.stringContaining(remedy),
      extensions: { sqlstate: state },
    });
    await write(database, "SELECT 1");
  },
);

test("a statement that runs into the time of its transaction is told so", async () => {
  const database = await openTestDatabase(own.url, { poolSize: 1 });
  onTestFinished(() => database.close());
  const ended = database.transaction(async (session) => {
    await session.query({ text: "SELECT set_config('transaction_timeout', '20ms', true)", params: [] });
    return { commit: true, result: await session.query({ text: "SELECT pg_sleep(60)", params: [] }) };
  });
  await expect(ended).rejects.toMatchObject({ code: "PUFF_DATABASE_UNAVAILABLE", extensions: { sqlstate: "25P04" } });
});

test("a connection that was refused is tried again for what waits, though the others stay busy", async () => {
  const database = await openTestDatabase(own.url);
  const role = `few_${new URL(own.url).pathname.slice(1)}`;
  await database.run(`CREATE ROLE ${role} LOGIN PASSWORD 'few'`);
  const small = await openTestDatabase(Object.assign(new URL(own.url), { username: role, password: "few" }).href, {
    poolSize: 2,
  });
  const lock = await holdLock(own.url);
  const held = small.query({ text: lock.statement, params: [] });
  await lock.waitedFor(1);
  // Not before: the first connection, at start, may still count when the next one comes.
  await database.run(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
  const sockets = watchSockets();
  const waiting = small.query({ text: "SELECT 1", params: [] });
  await expect.poll(() => sockets.at(-1)?.closed).toBe(true);
  await database.run(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
  expect((await waiting).count).toBe(1);
  await lock.release();
  await held;
  await small.close();
  await database.run(`DROP ROLE ${role}`);
  await database.close();
});

test("Python borrows another connection where the one it was given is lost at once", async () => {
  const lender = new Lender({
    name: "default",
    url: own.url,
    size: 2,
    queueLimit: 1,
    acquireTimeout: 10_000,
    clientShare: 25,
  });
  const first = await lender.borrow();
  const isClean = () => Promise.resolve(true);
  lender.giveBack(first, isClean);
  await new Promise((resolve) => setImmediate(resolve));
  const borrowed = lender.borrow();
  first.connection.stream.destroy();
  const session = new PythonSession(await borrowed);
  const { value } = await session.query([Buffer.from("SELECT 1")], new AbortController().signal);
  expect(value).toMatchObject({ result: { kind: "rows", count: 1 } });
  session.detach();
  lender.giveBack(session.client, isClean);
  await lender.close();
});
