import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { Psycopg2Service } from "../../gateway/psycopg2/index.ts";
import type { JsonValue } from "../../schema/index.ts";
import { pythonPackages, runPython } from "../support/python/native-python.ts";
import { pythonOn, schemaFolder } from "../support/python/python.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const support = join(import.meta.dirname, "../support/python");
const { url, drop } = await createTestDatabase();
const admin = await openTestDatabase(url);
afterAll(async () => {
  await admin.close();
  await drop();
});

const module = `
import psycopg2, gc
kept = []

def count():
    with psycopg2.connect("dbname=default") as conn, conn.cursor() as cur:
        cur.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'puff-gateway p%'")
        return cur.fetchone()[0]
def sleep(seconds):
    conn = psycopg2.connect("")
    cur = conn.cursor()
    cur.execute("SELECT pg_sleep(%s)", (seconds,))
    return conn.info.dbname
def leave_open():
    conn = psycopg2.connect("dbname=default")
    kept.append(conn)
    conn.cursor().execute("CREATE TEMP TABLE mine (a int); SET application_name = 'spoiled'")
def use_again():
    conn = kept.pop()
    shown = []
    for statement in ("SELECT 1", "SELECT current_setting('application_name'), to_regclass('mine')"):
        cur = conn.cursor()
        try:
            cur.execute(statement)
            shown.append(cur.fetchall())
        except psycopg2.Error as error:
            shown.append([error.pgcode, str(error)])
            conn.rollback()
    return shown
def keep(*statements):
    conn = psycopg2.connect("dbname=default")
    conn.autocommit = True
    kept.append(conn)
    for statement in statements:
        conn.cursor().execute(statement)
    return conn.get_backend_pid()
def keep_with(options, name):
    kept.append(psycopg2.connect("dbname=default", options=options, application_name=name))
    kept[-1].autocommit = True
    return kept[-1].info.options
def kept_is_closed():
    return kept[-1].closed
def use_last_but_one():
    kept.insert(0, kept.pop())
def ask_kept(query):
    cur = kept[-1].cursor()
    try:
        cur.execute(query)
        return list(cur.fetchone())
    except psycopg2.Error as error:
        return [type(error).__name__, str(error)]
def forget():
    psycopg2.connect("dbname=default").cursor().execute("SELECT 1")
    gc.collect()
def lose(times):
    lost = []
    for _ in range(times):
        conn = psycopg2.connect("dbname=default")
        lost.append(conn)
        try:
            conn.cursor().execute("SELECT pg_terminate_backend(pg_backend_pid())")
        except psycopg2.OperationalError:
            pass
    return [conn.closed for conn in lost]
def hold_all():
    held = [psycopg2.connect("dbname=default") for _ in range(2)]
    try:
        psycopg2.connect("dbname=default")
    except psycopg2.OperationalError as error:
        return str(error)
`;

async function start(size = 4) {
  const leftOpen: number[] = [];
  const service = new Psycopg2Service({
    pools: [{ name: "default", url, size, queueLimit: 100, acquireTimeout: 2_000, clientShare: 25 }],
    environment: {},
    onLeftOpen: () => leftOpen.push(1),
    onBeside: () => undefined,
  });
  const folder = schemaFolder(
    "    @classmethod\n    def hello(cls, ctx: Context, /) -> str:\n        return 'x'\n",
    module,
  );
  // What projects have installed is compiled for another Python: it must not be taken.
  writeFileSync(join(folder, "psycopg2.py"), "raise ImportError('a compiled module')");
  const python = await pythonOn(folder, {
    services: new Map([["postgres", service]]),
    pythonPath: [folder, support],
    deadline: 60_000,
  });
  onTestFinished(async () => {
    await python.close();
    await service.close();
  });
  const { signal } = new AbortController();
  const call = async (target: string, ...args: JsonValue[]) =>
    (await python.callFunction(target, args, { deadline: 60_000, signal })).value;
  return { call, leftOpen };
}

test("the shim shows in Pyodide what psycopg2 shows", async () => {
  const script = join(support, "psycopg2_cases.py");
  const expected = JSON.parse(runPython(script, [url], [pythonPackages("psycopg2", "psycopg2-binary==2.9.*")]));
  const { call } = await start();
  expect(await call("psycopg2_cases:run_all", url)).toEqual(expected);
});

test("greenlets wait for a few connections, and take turns", async () => {
  const { call } = await start(2);
  const names = await Promise.all(Array.from({ length: 10 }, () => call("schema:sleep", 0.05)));
  expect(new Set(names)).toEqual(new Set([new URL(url).pathname.slice(1)]));
  expect(await call("schema:count")).toBeLessThanOrEqual(2);
});

test("what a call leaves open is rolled back, and the connection comes back clean", async () => {
  const { call, leftOpen } = await start(1);
  await call("schema:leave_open");
  expect(await call("schema:count")).toBe(1);
  expect(leftOpen).toHaveLength(1);
  expect(await call("schema:use_again")).toEqual([
    ["25P02", expect.stringContaining("the transaction was rolled back")],
    [["puff-gateway python", null]],
  ]);
});

const settings = `SELECT current_setting('statement_timeout'), current_setting('search_path'), current_user,
  current_setting('app.tenant', true), current_setting('app.mood', true), current_setting('TimeZone')`;
const makeSettings = [
  "SET statement_timeout = '5min'; SET search_path = \"$user\", 'pg_catalog'",
  "SELECT set_config('app.tenant', 'it''s 5', false)",
  "SET app.mood = 'good'",
  "SET TimeZone = 'Asia/Tokyo'; SET ROLE pg_monitor",
];
const asSet = ["5min", '"$user", pg_catalog', "pg_monitor", "it's 5", "good", "Asia/Tokyo"];

test("a connection that rests between calls keeps its session while nobody else needs it", async () => {
  const { call } = await start(2);
  const pid = await call("schema:keep", ...makeSettings, "CREATE TEMP TABLE mine AS SELECT 42 AS a");
  await call("schema:forget");
  expect(await call("schema:ask_kept", settings)).toEqual(asSet);
  expect(await call("schema:ask_kept", "SELECT a, pg_backend_pid() FROM mine")).toEqual([42, pid]);
});

test("a session that others needed is made again as it was set", async () => {
  const { call } = await start(1);
  await call("schema:keep");
  const asNew = await call("schema:ask_kept", settings);
  await call("schema:keep", ...makeSettings);
  await call("schema:use_last_but_one");
  // Postgres keeps the names of settings that there were once.
  expect(await call("schema:ask_kept", settings)).toEqual((asNew as unknown[]).map((value) => value ?? ""));
  await call("schema:use_last_but_one");
  expect(await call("schema:ask_kept", settings)).toEqual(asSet);
});

test("two roles that take turns on one connection stay apart", async () => {
  const { call } = await start(1);
  const pid = await call("schema:keep", "SET ROLE pg_monitor; SET app.tenant = 'a'");
  expect(await call("schema:keep", "SET ROLE pg_read_all_data; SET app.tenant = 'b'")).toBe(pid);
  for (const seen of [
    ["pg_read_all_data", "b"],
    ["pg_monitor", "a"],
    ["pg_read_all_data", "b"],
    ["pg_monitor", "a"],
  ]) {
    expect(await call("schema:ask_kept", "SELECT current_user, current_setting('app.tenant')")).toEqual(seen);
    await call("schema:use_last_but_one");
  }
  expect(await call("schema:forget")).toBe(null);
  expect(await call("schema:keep")).toBe(pid);
  expect(await call("schema:ask_kept", "SELECT current_user = session_user, current_setting('app.tenant')")).toEqual([
    true,
    "",
  ]);
});

test("options and the application's name are settings of a borrowed session, and of one in its place", async () => {
  const { call } = await start(1);
  const options = "-c search_path=pg_catalog,public -c app.tenant=5";
  const ask =
    "SELECT current_setting('search_path'), current_setting('app.tenant', true), current_setting('application_name')";
  expect(await call("schema:keep_with", options, "shop")).toBe(options);
  expect(await call("schema:ask_kept", ask)).toEqual(["pg_catalog,public", "5", "shop"]);
  await call("schema:forget");
  expect(await call("schema:ask_kept", ask)).toEqual(["pg_catalog,public", "5", "shop"]);
  await expect(call("schema:keep_with", "-c nonesuch=1", "shop")).rejects.toThrow(
    'could not be restored: unrecognized configuration parameter "nonesuch"',
  );
});

test("a session that ended while it rested is made again likewise", async () => {
  const { call } = await start(1);
  const pid = await call("schema:keep", ...makeSettings);
  await call("schema:ask_kept", "SELECT 1"); // what was set is known by now
  await admin.run(`SELECT pg_terminate_backend(${Number(pid)}, 10000)`);
  expect(await call("schema:ask_kept", settings)).toEqual(asSet);
});

test.each([
  ["a temporary table", "CREATE TEMP TABLE mine (a int)"],
  ["a channel", "LISTEN news"],
  ["an advisory lock", "SELECT pg_advisory_lock(1)"],
  ["a prepared statement", "PREPARE mine AS SELECT 1"],
  ["a cursor", "BEGIN; DECLARE mine CURSOR WITH HOLD FOR SELECT 1; COMMIT"],
  ["another user", "SET SESSION AUTHORIZATION pg_monitor"],
])("a session that others needed and that had %s is lost, and that is said", async (_what, statement) => {
  const { call } = await start(1);
  await call("schema:keep", statement);
  await call("schema:forget");
  const told = expect.stringMatching(/^the session returned to its pool/);
  expect(await call("schema:ask_kept", "SELECT 1")).toEqual(["OperationalError", told]);
  expect(await call("schema:kept_is_closed")).toBe(2);
});

test("a connection that was lost takes no place in the pool, though Python keeps it", async () => {
  const { call } = await start(1);
  expect(await call("schema:lose", 3)).toEqual([2, 2, 2]);
});

test("a connection that Python forgets goes back to its pool", async () => {
  const { call } = await start(1);
  for (let time = 0; time < 5; time++) {
    await call("schema:forget");
  }
  expect(await call("schema:count")).toBe(1);
});

test("a pool that stays exhausted says so", async () => {
  const { call } = await start(2);
  expect(await call("schema:hold_all")).toMatch(/^none of the 2 connections of pool "default" became free within 2 s/);
});
