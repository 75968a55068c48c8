/** What a greenlet that has ended leaves behind on psycopg2 connections, and what it does not do there any more. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sessionSettings } from "../../gateway/postgres/index.ts";
import { Psycopg2Service } from "../../gateway/psycopg2/index.ts";
import type { HostSession } from "../../python-bridge/index.ts";
import { createTestDatabase, holdLock, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const never = new AbortController().signal;
const local = (readOnly: boolean) => sessionSettings({ pooler: true, readOnly, statementTimeout: 10_000 });
const statements = { reads: local(true), writes: local(false), limits: { maxRows: 100, silence: 0 } };
const one = { result: { kind: "rows", count: 1 } };
let own: TestDatabase;
let service: Psycopg2Service;
let python: HostSession;

beforeAll(async () => {
  own = await createTestDatabase();
});

afterAll(() => own.drop());

beforeEach(() => {
  const pools = [{ name: "default", url: own.url, size: 1, queueLimit: 2, acquireTimeout: 10_000, clientShare: 25 }];
  service = new Psycopg2Service({ pools, environment: {}, onLeftOpen: () => {}, onBeside: () => {} });
  python = service.open();
});

afterEach(async () => {
  python.close();
  await service.close();
});

async function connect(signal = never, parameters: { readonly [name: string]: string } = {}): Promise<number> {
  const { value } = await python.call("connect", [parameters], [], signal);
  return (value as { handle: number }).handle; // as the service has it
}

/** Of no pool. */
function connectOwn(signal = never): Promise<number> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(own.url);
  const host = searchParams.get("host") ?? hostname;
  return connect(signal, { host, port: port || "5432", user: username, password, dbname: pathname.slice(1) });
}

const query = (handle: number, text: string, signal = never) =>
  python.call("query", [handle], [Buffer.from(text)], signal);
const close = (handle: number) => python.call("close", [handle], [], never);

async function count(from: string): Promise<number> {
  const database = await openTestDatabase(own.url);
  const rows = await database.query({ text: `SELECT FROM ${from}`, params: [] });
  await database.close();
  return rows.count;
}

describe("a greenlet that ends while it waits", () => {
  test("for a connection to be made leaves it to the next", async () => {
    const first = await connect();
    const leaving = new AbortController();
    const left = connect(leaving.signal);
    leaving.abort();
    await close(first);
    await expect(left).rejects.toThrow("has ended");
    expect(await connect()).toBeTypeOf("number");
  });

  test("for its statement's connection leaves it to the next, and its statement is not sent", async () => {
    const [resting, leaving] = [new AbortController(), new AbortController()];
    const first = await connect(resting.signal);
    resting.abort(); // it keeps its session until the second wants one
    const second = await connect();
    const left = query(first, "CREATE TABLE unwanted ()", leaving.signal);
    const third = connect();
    leaving.abort();
    await close(second);
    await expect(left).rejects.toThrow("has ended");
    expect((await query(await third, "SELECT 1")).value).toMatchObject(one);
    expect(await count("pg_class WHERE relname = 'unwanted'")).toBe(0);
  });

  test("for another's statement on the same connection does not have its own sent", async () => {
    const handle = await connect();
    const lock = await holdLock(own.url);
    const first = query(handle, lock.statement);
    const leaving = new AbortController();
    const left = expect(query(handle, "CREATE TABLE unwanted ()", leaving.signal)).rejects.toThrow("has ended");
    leaving.abort();
    await lock.waitedFor(1);
    await lock.release();
    expect((await first).value).toMatchObject(one);
    await left;
    expect(await count("pg_class WHERE relname = 'unwanted'")).toBe(0);
  });

  test("for COPY's data does not keep others from the connection", async () => {
    const handle = await connectOwn();
    const lock = await holdLock(own.url);
    const first = "SELECT repeat('x', 10000) FROM generate_series(1, 2)"; // as much as Postgres sends before it has all
    await query(handle, `COPY (${first} UNION ALL SELECT id::text FROM (${lock.statement}) _) TO STDOUT`);
    await python.call("copyRead", [handle], [], never);
    const leaving = new AbortController();
    const left = python.call("copyRead", [handle], [], leaving.signal);
    await lock.waitedFor(1);
    leaving.abort();
    await expect(left).rejects.toThrow("has ended");
    expect((await query(handle, "SELECT 1")).value).toMatchObject(one);
    await lock.release();
  });
});

test("a connection that was made for a greenlet which never learnt of it is closed", async () => {
  const { value, unclaimed } = await python.call("connect", [{}], [], never);
  unclaimed?.();
  await expect(query((value as { handle: number }).handle, "SELECT 1")).rejects.toThrow("closed");
  expect(await connect()).toBeTypeOf("number");
});

test("a connection that rests for others is not taken back by an operation of the greenlet that left it", async () => {
  const leaving = new AbortController();
  const handle = await connect(leaving.signal);
  leaving.abort();
  const database = service.plannerDatabase(handle, leaving.signal, statements);
  await expect(database.query({ text: "SELECT 1", params: [] })).rejects.toThrow("has ended");
  expect(await connect()).toBeTypeOf("number");
});

test("a cancel hits nothing of the one who has the connection next", async () => {
  for (let round = 0; round < 5; round++) {
    const handle = await connect();
    void python.call("cancel", [handle], [], never);
    await close(handle);
    const next = await connect();
    expect((await query(next, "SELECT pg_sleep(0.03)")).value).toMatchObject(one);
    await close(next);
  }
});

test("a call that goes on after its transaction has ended does nothing on the connection, nor beside it", async () => {
  const share = service.sharing("default", statements);
  const [going, leaving] = [new AbortController().signal, new AbortController()];
  let ticket: string | null = null;
  await share?.("write", async (shared) => {
    ticket = shared.ticket;
    await python.call("join", [ticket], [], going);
    return { commit: true, result: null };
  });
  const next = await connect(leaving.signal);
  await expect(connect(going)).rejects.toThrow("the transaction that the call should join has ended");
  expect((await query(next, "SELECT 1", leaving.signal)).value).toMatchObject(one);
  leaving.abort();
  await python.call("leave", [ticket], [], going);
  expect(await connect(going)).toBeTypeOf("number");
});

describe("a COPY that was left", () => {
  const large = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 20000)) TO STDOUT"; // more than is kept here
  const small = "COPY (SELECT 1) TO STDOUT";
  test.each([large, small, "COPY copied FROM STDIN"])("ends where another statement comes: %s", async (copy) => {
    const handle = await connectOwn();
    await query(handle, "CREATE TABLE IF NOT EXISTS copied (id int)");
    await query(handle, copy);
    expect((await query(handle, "SELECT 1")).value).toMatchObject(one);
    expect((await query(handle, "SELECT 2")).value).toMatchObject(one);
  });

  test.each([
    ["of a pool", connect],
    ["of its own", connectOwn],
  ])("does not keep a connection %s open that is closed", async (_, open) => {
    const handle = await open();
    await query(handle, "SET application_name = 'copies'");
    await query(handle, large);
    await python.call("copyRead", [handle], [], never);
    await close(handle);
    await expect.poll(() => count("pg_stat_activity WHERE application_name = 'copies'")).toBe(0);
  });
});

test("who waits for a statement is told where another closes its connection", async () => {
  const handle = await connectOwn();
  const lock = await holdLock(own.url);
  const waiting = query(handle, lock.statement);
  await lock.waitedFor(1);
  await close(handle);
  expect((await waiting).value).toMatchObject({ result: { kind: "lost" } });
  await lock.release();
});
