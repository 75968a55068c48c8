/** Django on the gateway's Postgres: what a request leaves behind, a pool that runs dry, and the example's own tests. */
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { engineOptions } from "../support/python/engine.ts";
import { installPackages } from "../support/python/packages.ts";
import { sharedCache } from "../support/python/python.ts";
import { type Answer, ask } from "../support/servers/ask.ts";
import { runCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, holdLock, type TestDatabase } from "../support/servers/postgres.ts";

const views = `
from django.db import connection, transaction
from django.http import HttpResponse

def ask(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return HttpResponse(str(cursor.fetchone()[0])) if cursor.description else HttpResponse()

def one(request):
    return ask("SELECT 1")

def pid(request):
    return ask("SELECT pg_backend_pid()")

def held(request):
    return ask("SELECT 1 FROM pg_advisory_xact_lock_shared(1)")

def count(request):
    return ask("SELECT count(*) FROM thing")

def unmigrated(request):
    return ask("SELECT 1 FROM shop_absent")

def autocommit_off(request):
    transaction.set_autocommit(False)
    return ask("INSERT INTO thing VALUES (1)")

def atomic_left(request):
    transaction.atomic().__enter__()
    return ask("INSERT INTO thing VALUES (1)")

def fails(request):
    with transaction.atomic():
        ask("INSERT INTO thing VALUES (1)")
        raise ValueError("no")
`;
const urls = `
from django.urls import path
from shop import views
names = ["one", "pid", "held", "count", "unmigrated", "autocommit_off", "atomic_left", "fails"]
urlpatterns = [path(name, getattr(views, name)) for name in names]
`;
const databaseSettings = `
DATABASES = {"default": {"ENGINE": "puff.contrib.django.postgres", "NAME": "default", "CONN_MAX_AGE": 60}}
INSTALLED_APPS = ["shop"]
MIDDLEWARE = []
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_config.urls"
`;

let sitePackages: string;
let database: TestDatabase;

beforeAll(async () => {
  sitePackages = await installPackages(["Django==5.2.19"]);
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe("a request", () => {
  const logs: { readonly [key: string]: unknown }[] = [];
  let folder: string;
  let server: RunningServer;

  beforeAll(async () => {
    const changes = {
      "shop/views.py": views,
      "site_config/urls.py": urls,
      "site_config/settings.py": databaseSettings,
    };
    folder = writeDjangoSite(changes);
    server = await startServer({
      schemas: [],
      django: { settings: "site_config.settings", folder },
      databases: [{ name: "default", url: database.url }],
      pythonPath: [sitePackages],
      cacheFolder: `${sharedCache}-django`,
      environment: {},
      limits: { poolSize: 2, poolQueue: 2 },
      port: 0,
      logger: pino({ level: "info" }, { write: (line: string) => logs.push(JSON.parse(line)) }),
      ...engineOptions(),
    });
    await server.app.puff.databases.get("default")?.run("CREATE TABLE thing (id int)");
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const get = (url: string): Promise<Answer> => ask(server, { url });

  test.each(["autocommit_off", "atomic_left"])(
    "that leaves a transaction open (%s) has it rolled back",
    async (view) => {
      logs.length = 0;
      expect((await get(`/${view}`)).status).toBe(200);
      expect((await get("/count")).body).toBe("0");
      const told = `GET /${view} (shop.views.${view}) left a transaction of database default open: it is rolled back`;
      expect(logs.map(({ msg }) => msg)).toContain(told);
    },
  );

  test("finds the connection that an earlier one has left, where CONN_MAX_AGE says so", async () => {
    const { body } = await get("/pid");
    expect((await get("/pid")).body).toBe(body);
  });

  test("that needs a table which is not there fails alone, with a hint at migrations", async () => {
    logs.length = 0;
    expect((await get("/unmigrated")).status).toBe(500);
    expect((await get("/one")).body).toBe("1");
    expect(logs.map(({ msg }) => msg)).toContain(
      'relation "shop_absent" does not exist. Is a migration missing? ' +
        "puff-gateway django migrate applies pending ones.",
    );
  });

  test("that finds the pool busy waits, and past the queue's limit gets 503", async () => {
    const lock = await holdLock(database.url);
    const answers: Answer[] = [];
    const asked = Array.from({ length: 8 }, () => get("/held").then((answer) => answers.push(answer)));
    await expect.poll(() => answers.length).toBe(4);
    const refused = [...answers];
    await lock.release();
    await Promise.all(asked);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 200, 200, 200, 200]);
    for (const { body, headers } of refused) {
      expect([body, headers["retry-after"]]).toEqual([expect.stringContaining("PUFF_POOL_BUSY"), "1"]);
    }
  });

  test("of many, whatever becomes of it, keeps no connection", async () => {
    const kinds = ["/one", "/fails", "/autocommit_off", "/atomic_left", "/count"];
    for (let round = 0; round < 40; round++) {
      await Promise.all([get(kinds[round % 5] ?? ""), get(kinds[(round + 1) % 5] ?? "")]);
    }
    // Two connections are all there are: both are to be had.
    const lock = await holdLock(database.url);
    const both = Promise.all([get("/held"), get("/held")]);
    await lock.waitedFor(2);
    await lock.release();
    const [one, other] = await both;
    expect([one.status, other.status, (await get("/count")).body]).toEqual([200, 200, "0"]);
  });
});

test("the example migrates, loads its data and passes its own tests", async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-polls-")));
  try {
    cpSync(join(import.meta.dirname, "../../examples/django-app"), folder, { recursive: true });
    const environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: sitePackages };
    const django = (...args: string[]) => runCommand(["django", ...args], { cwd: folder, environment });
    expect(await django("migrate", "-v0")).toEqual({ code: 0, stdout: "", stderr: "" });
    const loaded = await django("loaddata", "polls");
    expect(loaded).toMatchObject({ code: 0, stdout: "Installed 24 object(s) from 1 fixture(s)\n" });
    const tested = await django("test", "--noinput");
    expect(tested).toMatchObject({ code: 0, stderr: expect.stringMatching(/Ran \d+ tests in .*\n\nOK\n/) });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
