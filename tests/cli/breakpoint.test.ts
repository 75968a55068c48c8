/** `breakpoint()`: a debugger's prompt on the terminal, and a sentence where there is none. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { ask } from "../support/servers/ask.ts";
import { serveCommand } from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { openTerminal, type Terminal } from "../support/servers/terminal.ts";

/** Milliseconds: of a request, and of Python. What a first request loads may take longer. */
const deadline = 3000;
const files = {
  "puff.toml": `
django = true

[[graphql]]
schema = "schema.py"

[limits]
request_deadline = ${deadline}
python_deadline = ${deadline}
`,
  "site_config/settings.py": `
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "default"}}
DEBUG = True
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_config.urls"
`,
  "site_config/urls.py": `
from django.urls import path
from shop import views
urlpatterns = [path("", views.index), path("stop/<word>", views.stop), path("fail", views.fail), path("run/<code>", views.run)]
`,
  "shop/views.py": `
import time
from django.db import connection
from django.http import HttpResponse

def index(request):
    return HttpResponse(ask("index"))

def ask(word):
    with connection.cursor() as cursor:
        cursor.execute("SELECT upper(%s)", [word])
        return cursor.fetchone()[0]

def stop(request, word):
    breakpoint()
    loud = ask(word)
    return HttpResponse(loud)

def fail(request):
    import pdb; pdb.set_trace()
    try:
        raise ValueError("no")
    except ValueError as error:
        return HttpResponse(str(error))

def run(request, code):
    breakpoint()
    exec(code)
`,
  "schema.py": `
from dataclasses import dataclass
from puff.graphql import Context

@dataclass
class Query:
    @classmethod
    def stop(cls, ctx: Context, /, word: str) -> str:
        breakpoint()
        return word

@dataclass
class Schema:
    query: Query
`,
};

let database: TestDatabase;
let folder: string;
let environment: { readonly [name: string]: string };

beforeAll(async () => {
  database = await createTestDatabase();
  folder = writeDjangoSite(files);
  environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

describe("on a terminal", () => {
  let terminal: Terminal;

  beforeAll(async () => {
    terminal = await openTerminal([], { cwd: folder, environment });
    await ask(terminal, { url: "/" });
  });

  afterAll(() => terminal.close());

  test("a view stops at a prompt, which no deadline ends, while others are served", async () => {
    const answer = ask(terminal, { url: "/stop/quiet" });
    expect(await terminal.shown("(Pdb) ")).toMatch(/> \S+\/shop\/views\.py\(15\)stop\(\)\s+-> breakpoint\(\)/);
    expect((await ask(terminal, { url: "/" })).body).toBe("INDEX");
    await sleep(1.1 * deadline);
    expect(await terminal.debug("p word")).toContain("'quiet'");
    await terminal.debug("word = ask('loud')");
    terminal.type("c");
    expect(await answer).toMatchObject({ status: 200, body: "LOUD" });
  });

  test("a resolver stops as well", async () => {
    const answer = ask(terminal, { body: { query: '{ stop(word: "tea") }' } });
    await terminal.shown("(Pdb) ");
    await sleep(1.1 * deadline);
    await terminal.debug("word = 'coffee'");
    terminal.type("c");
    expect(JSON.parse((await answer).body)).toEqual({ data: { stop: "coffee" } });
  });

  test("it steps over a line that waits for the database, into a function and out of it, while others are served", async () => {
    const answer = ask(terminal, { url: "/stop/quiet" });
    await terminal.shown("(Pdb) ");
    expect(await terminal.debug("n")).toMatch(/views\.py\(16\)stop\(\)\s+-> loud = ask\(word\)/);
    expect(await terminal.debug("s")).toMatch(/--Call--\s+> \S+views\.py\(9\)ask\(\)/);
    await terminal.debug("n");
    const others = Array.from({ length: 5 }, () => ask(terminal, { url: "/" }));
    expect(await terminal.debug("n")).toContain("-> cursor.execute(");
    expect(await terminal.debug("until 12")).toContain("-> return cursor.fetchone()[0]");
    expect(await terminal.debug("r")).toContain("--Return--");
    expect(await terminal.debug("n")).toContain("-> return HttpResponse(loud)");
    expect(await terminal.debug("p loud")).toContain("'QUIET'");
    expect((await Promise.all(others)).map(({ body }) => body)).toEqual(Array.from({ length: 5 }, () => "INDEX"));
    terminal.type("c");
    expect((await answer).body).toBe("QUIET");
  });

  test("breakpoints set at the prompt stop the request, and later ones that are debugged", async () => {
    const answer = ask(terminal, { url: "/stop/one" });
    await terminal.shown("(Pdb) ");
    await terminal.debug("tbreak 17");
    await terminal.debug("b 11, word == 'one'");
    expect(await terminal.debug("c")).toContain("-> cursor.execute(");
    await terminal.debug("display word");
    expect(await terminal.debug("c")).toContain("-> return HttpResponse(loud)");
    terminal.type("c");
    expect((await answer).body).toBe("ONE");
    const next = ask(terminal, { url: "/stop/one" });
    await terminal.shown("(Pdb) ");
    expect(await terminal.debug("c")).toContain("-> cursor.execute(");
    await terminal.debug("clear 2");
    terminal.type("c");
    expect((await next).body).toBe("ONE");
  });

  test("an exception is shown where it is raised, and goes on", async () => {
    const answer = ask(terminal, { url: "/fail" });
    expect(await terminal.shown("(Pdb) ")).toContain("views.py");
    await terminal.debug("n");
    await terminal.debug("n");
    expect(await terminal.debug("n")).toContain("ValueError: no");
    expect(await terminal.debug("n")).toContain("-> except ValueError");
    terminal.type("c");
    expect((await answer).body).toBe("no");
  });

  test.each([
    ["while True: pass", "KeyboardInterrupt"],
    ["time.sleep(60)", "GreenletExit"],
  ])("a step over `%s` is ended by its deadline, which is shown", async (code, exception) => {
    const answer = ask(terminal, { url: `/run/${encodeURIComponent(code)}` });
    await terminal.shown("(Pdb) ");
    await terminal.debug("n");
    expect(await terminal.debug("n")).toContain(exception);
    terminal.type("c");
    expect(await answer).toMatchObject({ status: 503, body: expect.stringContaining("PUFF_WSGI_DEADLINE") });
    expect((await ask(terminal, { url: "/" })).body).toBe("INDEX");
  });

  test("requests that stop come to it one after the other", async () => {
    const answers = Promise.all(["one", "two"].map((word) => ask(terminal, { url: `/stop/${word}` })));
    const shown: (string | undefined)[] = [];
    for (let turn = 0; turn < 2; turn++) {
      await terminal.shown("(Pdb) ");
      await terminal.debug("n");
      await terminal.debug("n");
      shown.push(/ONE|TWO/.exec(await terminal.debug("p loud"))?.[0]);
      terminal.type("c");
    }
    expect(shown.sort()).toEqual(["ONE", "TWO"]); // which came first is the network's choice
    expect((await answers).map(({ body }) => body)).toEqual(["ONE", "TWO"]);
  });

  test("quitting ends the request, and a client that leaves ends the prompt", async () => {
    const answer = ask(terminal, { url: "/stop/x" });
    await terminal.shown("(Pdb) ");
    await terminal.debug("n");
    terminal.type("q");
    expect(await answer).toMatchObject({ status: 500, body: expect.stringContaining("BdbQuit") });
    const client = new AbortController();
    const leaving = fetch(`${terminal.url}/stop/y`, { signal: client.signal }).catch(() => null);
    await terminal.shown("(Pdb) ");
    await terminal.debug("n");
    client.abort();
    await leaving;
    const next = ask(terminal, { url: "/stop/z" });
    expect(await terminal.shown("(Pdb) ")).toContain("breakpoint()");
    terminal.type("c");
    expect((await next).body).toBe("Z");
  });
});

test("without a terminal it is passed over, and that is said with its place", async () => {
  writeFileSync(join(folder, "patient.toml"), `django = true\n[[graphql]]\nschema = "schema.py"\n`);
  const serving = await serveCommand(["--config", "patient.toml"], { cwd: folder, environment });
  expect((await ask(serving, { url: "/stop/quiet" })).body).toBe("QUIET");
  const place = join(folder, "shop/views.py");
  await serving.printed(`breakpoint() in ${place}:15 is skipped: a debugger needs a terminal`);
  expect((await serving.stop()).code).toBe(0);
});
