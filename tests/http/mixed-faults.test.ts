/** Thousands of requests of all kinds with faults among them: no connection is lost, and all answer as before. */
import { rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { textsOf } from "../support/planner/rows.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask, type Request } from "../support/servers/ask.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, holdLock, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const files = {
  "site_config/settings.py": `
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}}
INSTALLED_APPS = ["shop"]
MIDDLEWARE = []
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_config.urls"
`,
  "site_config/urls.py": `
from django.urls import path
from shop import views
names = ["one", "slow", "held", "fails", "bad_sql", "atomic_left", "raw_left", "kills", "streams", "caught"]
urlpatterns = [path(name, getattr(views, name)) for name in names]
`,
  "shop/views.py": `
import psycopg2
from django.db import Error, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse

def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0]) if cursor.description else ""

def one(request):
    return HttpResponse(ask("SELECT 1"))

def slow(request):
    return HttpResponse(ask("SELECT pg_backend_pid() FROM pg_sleep(0.01)"))

def held(request):
    return HttpResponse(ask("SELECT pg_backend_pid() FROM pg_advisory_xact_lock_shared(1)"))

def fails(request):
    with transaction.atomic():
        ask("INSERT INTO thing VALUES (1)")
        raise ValueError("no")

def bad_sql(request):
    return HttpResponse(ask("SELECT 1 / 0"))

def caught(request):
    try:
        ask("SELECT nothing")
    except Error:
        return HttpResponse(ask("SELECT 'caught'"))

def atomic_left(request):
    transaction.atomic().__enter__()
    return HttpResponse(ask("INSERT INTO thing VALUES (1)"))

def raw_left(request):
    cursor = psycopg2.connect("dbname=default").cursor()
    cursor.execute("INSERT INTO thing VALUES (1); SET TIME ZONE 'Asia/Tokyo'")
    return HttpResponse("left")

def kills(request):
    return HttpResponse(ask("SELECT pg_terminate_backend(pg_backend_pid())"))

def streams(request):
    def rows():
        with psycopg2.connect("dbname=default") as own, own.cursor("rows") as cursor:
            cursor.execute("SELECT repeat('x', 1000) FROM generate_series(1, 300)")
            for row in cursor:
                yield row[0]
    return StreamingHttpResponse(rows())
`,
  "schema.py": `
from dataclasses import dataclass

from django.db import connection
from puff import graphql
from puff.graphql import Context, Plan, sql
from shop.views import ask

@dataclass
class Query:
    @classmethod
    def series(cls, ctx: Context, /, size: int) -> Plan[list[int]]:
        return sql("SELECT * FROM generate_series(1, $1::int) n", size)

    @classmethod
    def slow(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT pg_backend_pid() AS pid FROM pg_sleep(0.01)")

    @classmethod
    def held(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT pg_backend_pid() AS pid FROM pg_advisory_xact_lock_shared(1)")

    @classmethod
    def bad_sql(cls, ctx: Context, /) -> Plan[int | None]:
        return sql("SELECT 1 / 0 AS bad")

    @classmethod
    def fails(cls, ctx: Context, /) -> int | None:
        raise ValueError("no")

    @classmethod
    def kills(cls, ctx: Context, /) -> Plan[bool | None]:
        return sql("SELECT pg_terminate_backend(pg_backend_pid()) AS killed")

    @classmethod
    @graphql.borrow_db_context
    def borrowed(cls, ctx: Context, /) -> str:
        return ask("SELECT 'borrowed'")

@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /) -> Plan[int]:
        return sql("INSERT INTO added VALUES (1) RETURNING pg_backend_pid() AS pid")

    @classmethod
    def slow(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT pg_backend_pid() AS pid FROM pg_sleep(0.01)")

    @classmethod
    def held(cls, ctx: Context, /) -> Plan[int]:
        return sql("SELECT pg_backend_pid() AS pid FROM pg_advisory_xact_lock_shared(1)")

    @classmethod
    @graphql.borrow_db_context
    def fails(cls, ctx: Context, /) -> int | None:
        ask("INSERT INTO thing VALUES (1)")
        raise ValueError("no")

    @classmethod
    @graphql.borrow_db_context
    def kills(cls, ctx: Context, /) -> str | None:
        return ask("SELECT pg_terminate_backend(pg_backend_pid())")

@dataclass
class Schema:
    query: Query
    mutation: Mutation
`,
};

const graphql = (query: string): Request => ({ body: { query } });

/** Every kind of request with what it answers where no fault of another hits it. */
const sound: readonly (readonly [Request, RegExp])[] = [
  [{ url: "/one" }, /^1$/],
  [{ url: "/slow" }, /^\d+$/],
  [{ url: "/streams" }, /^x{300000}$/],
  [{ url: "/caught" }, /^caught$/],
  [graphql("{ series(size: 3) }"), /"series":\[1,2,3\]/],
  [graphql("{ series(size: 5000) }"), /,5000\]/],
  [graphql("{ slow borrowed }"), /"borrowed":"borrowed"/],
  [graphql("mutation { add }"), /"add":\d+/],
];
const faulty: readonly (readonly [Request, RegExp])[] = [
  [{ url: "/fails" }, /Server Error/],
  [{ url: "/bad_sql" }, /Server Error/],
  [{ url: "/atomic_left" }, /^$/],
  [{ url: "/raw_left" }, /^left$/],
  [{ url: "/kills" }, /Server Error/],
  [graphql("{ bad_sql fails }"), /errors/],
  [graphql("{ kills }"), /errors/],
  [graphql("mutation { fails }"), /errors/],
  [graphql("mutation { kills }"), /errors/],
];
/** Those that take a while, for clients that leave meanwhile. */
const lengthy = [{ url: "/slow" }, { url: "/streams" }, graphql("{ slow borrowed }"), graphql("mutation { slow }")];

/** What requests are told whose connection was ended while they used it; Django's pages tell nothing. */
const lostConnection = /closed the connection|connection failed|terminating connection|Server Error|broken off/;

const poolSize = 4;
const total = 2_000;
const clients = 16;

let site: string;
let testDatabase: TestDatabase;
let observer: PostgresDatabase;
let server: RunningServer;

beforeAll(async () => {
  site = writeDjangoSite(files);
  testDatabase = await createTestDatabase();
  observer = await openTestDatabase(testDatabase.url, { poolSize: 1 });
  await observer.run("CREATE TABLE thing (id int); CREATE TABLE added (id int)");
  server = await startServer({
    schemas: [{ spec: join(site, "schema.py") }],
    django: { settings: "site_config.settings", folder: site },
    databases: [{ name: "default", url: testDatabase.url }],
    pythonPath: [await installPackages(["Django==5.2.19"])],
    cacheFolder: `${sharedCache}-django`,
    environment: {},
    limits: { poolSize, clientShare: 100 }, // all clients here have one address
    port: 0,
  });
});

afterAll(async () => {
  await server.close();
  await observer.close();
  await testDatabase.drop();
  rmSync(site, { recursive: true });
});

const agent = new Agent({ keepAlive: true });
const terminateOne = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
  ORDER BY random() LIMIT 1`;

/** Sends a request, and leaves with the first sign of an answer, or before. */
function askAndLeave({ url = "/graphql", body }: Request, waits: boolean): Promise<void> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json" };
    const sent = request(new URL(url, server.url), { method: body ? "POST" : "GET", headers, agent: false });
    const leave = () => sent.destroy();
    sent.on("error", () => {}).on("close", () => resolve());
    sent.on("response", (response) => response.once("data", leave).on("error", () => {}));
    sent.end(body ? JSON.stringify(body) : undefined, () => (waits ? null : setImmediate(leave)));
  });
}

/** How many connections the gateway has, and how many of them are not idle. */
async function connections(): Promise<readonly [all: number, busy: number]> {
  const rows = await observer.query({
    text: `SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    params: [],
  });
  const [all, busy] = textsOf(rows)[0] ?? [];
  return [Number(all), Number(busy)];
}

/** Backends that serve requests which wait for a lock until as many do as there are connections. */
async function backends(wanted: Request): Promise<ReadonlySet<string>> {
  const lock = await holdLock(testDatabase.url);
  const asked = Promise.all(Array.from({ length: poolSize * 4 }, () => ask(server, wanted)));
  await lock.waitedFor(poolSize);
  await lock.release();
  return new Set((await asked).map(({ status, body }) => `${status} ${/\d+/.exec(body)?.[0]}`));
}

test(`${total} mixed requests keep no connection and spoil none`, async () => {
  const outcomes = { sound: 0, faulty: 0, disturbed: 0, left: 0 };
  let next = 0;
  const client = async () => {
    while (next < total) {
      const turn = next++;
      if (turn % 50 === 49) {
        // An administrator ends one of them, whatever it does.
        await observer.query({ text: terminateOne, params: [] });
      }
      const left = turn % 10 === 3 ? lengthy[turn % lengthy.length] : undefined;
      if (left !== undefined) {
        await askAndLeave(left, turn % 20 === 3);
        outcomes.left++;
        continue;
      }
      const kinds = turn % 3 === 0 ? faulty : sound;
      const [wanted, expected] = kinds[Math.floor(turn / 3) % kinds.length] ?? [{}, /^/];
      const answer = await ask(server, { ...wanted, agent }).catch(() => null);
      if (answer !== null && expected.test(answer.body)) {
        outcomes[kinds === faulty ? "faulty" : "sound"]++;
      } else {
        outcomes.disturbed++;
        expect(answer?.body ?? "broken off").toMatch(lostConnection);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  expect(outcomes.sound + outcomes.faulty + outcomes.disturbed + outcomes.left).toBe(total);
  expect(outcomes.disturbed).toBeLessThan(total / 10);

  // Nothing is under way any more, and nothing is left open.
  await expect.poll(async () => (await connections())[1]).toBe(0);
  const [all] = await connections();
  // The pools of queries, of mutations and of Python, and what made the tables.
  expect(all).toBeLessThanOrEqual(3 * poolSize + 1);
  // Each pool has all of its connections to give.
  for (const wanted of [{ url: "/held" }, graphql("{ held }"), graphql("mutation { held }")]) {
    expect(await backends(wanted), JSON.stringify(wanted)).toHaveProperty("size", poolSize);
  }
  for (const [wanted, expected] of [...sound, ...faulty]) {
    expect((await ask(server, wanted)).body).toMatch(expected);
  }
  // What was rolled back is not there.
  expect(textsOf(await observer.query({ text: "SELECT count(*) FROM thing", params: [] }))).toEqual([["0"]]);
});
