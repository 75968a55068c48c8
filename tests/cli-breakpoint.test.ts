/** `breakpoint()`: a debugger's prompt on the terminal, and a sentence where there is none. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { ask } from "./support/ask.ts";
import { serveCommand } from "./support/command.ts";
import { writeDjangoSite } from "./support/django-site.ts";
import { installPackages } from "./support/packages.ts";
import { createTestDatabase, type TestDatabase } from "./support/postgres.ts";

/** Milliseconds: of a request, and of Python. */
const deadline = 800;
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
urlpatterns = [path("", views.index), path("stop/<word>", views.stop)]
`,
  "shop/views.py": `
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
  let running: ChildProcess;
  let server: { readonly url: string };
  let output = "";
  let seen = 0;

  beforeAll(async () => {
    const command = `${process.execPath} ${join(import.meta.dirname, "../bin/puff-gateway.js")} --port 0`;
    running = spawn("script", ["-qefc", command, "/dev/null"], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1", ...environment },
    });
    running.stdout?.on("data", (data) => {
      output += data;
    });
    await shown("is ready after");
    server = { url: /(http:\/\/127\.0\.0\.1:\d+)\/graphql/.exec(await shown("Database"))?.[1] ?? "" };
  }, 60_000);

  afterAll(async () => {
    running.stdin?.write("\x03");
    await once(running, "close");
  });

  /** Waits until the terminal shows a text after what an earlier call found, and gives all that it showed since. */
  async function shown(text: string): Promise<string> {
    await vi.waitFor(() => expect(output.slice(seen)).toContain(text), { timeout: 20_000 });
    const found = output.slice(seen, output.indexOf(text, seen) + text.length);
    seen += found.length;
    return found;
  }

  function type(line: string): void {
    running.stdin?.write(`${line}\n`);
  }

  test("a view stops at a prompt, which no deadline ends, while others are served", async () => {
    const answer = ask(server, { url: "/stop/quiet" });
    expect(await shown("(Pdb) ")).toMatch(/> \S+\/shop\/views\.py\(14\)stop\(\)\s+-> breakpoint\(\)/);
    expect((await ask(server, { url: "/" })).body).toBe("INDEX");
    await sleep(2 * deadline);
    type("p word");
    expect(await shown("(Pdb) ")).toContain("'quiet'");
    type("n");
    expect(await shown("(Pdb) ")).toContain("write another breakpoint()");
    type("word = ask('loud')");
    await shown("(Pdb) ");
    type("c");
    expect(await answer).toMatchObject({ status: 200, body: "LOUD" });
  });

  test("requests that stop come to it one after the other", async () => {
    const answers = Promise.all(["one", "two"].map((word) => ask(server, { url: `/stop/${word}` })));
    for (let turn = 0; turn < 2; turn++) {
      await shown("(Pdb) ");
      type("c");
    }
    expect((await answers).map(({ body }) => body)).toEqual(["ONE", "TWO"]);
  });

  test("a resolver stops as well", async () => {
    const answer = ask(server, { body: { query: '{ stop(word: "tea") }' } });
    await shown("(Pdb) ");
    await sleep(2 * deadline);
    type("word = 'coffee'");
    await shown("(Pdb) ");
    type("c");
    expect(JSON.parse((await answer).body)).toEqual({ data: { stop: "coffee" } });
  });

  test("quitting ends the request, and a client that leaves ends the prompt", async () => {
    const answer = ask(server, { url: "/stop/x" });
    await shown("(Pdb) ");
    type("q");
    expect(await answer).toMatchObject({ status: 500, body: expect.stringContaining("BdbQuit") });
    const client = new AbortController();
    const leaving = fetch(`${server.url}/stop/y`, { signal: client.signal }).catch(() => null);
    await shown("(Pdb) ");
    client.abort();
    await leaving;
    const next = ask(server, { url: "/stop/z" });
    expect(await shown("(Pdb) ")).toContain("breakpoint()");
    type("c");
    expect((await next).body).toBe("Z");
  });
});

test("without a terminal it is passed over, and that is said with its place", async () => {
  const serving = await serveCommand([], { cwd: folder, environment });
  expect((await ask(serving, { url: "/stop/quiet" })).body).toBe("QUIET");
  const place = join(folder, "shop/views.py");
  await serving.printed(`breakpoint() in ${place}:14 is passed over: a debugger needs a terminal`);
  expect((await serving.stop()).code).toBe(0);
});
