/** `puff-gateway django …`: management commands on the terminal. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import {
  type CommandOptions,
  cacheFolder,
  interrupt,
  type Outcome,
  runCommand,
  serveCommand,
  startCommand,
} from "../support/servers/command.ts";
import { writeDjangoSite } from "../support/servers/django-site.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let database: TestDatabase;
let environment: { readonly [name: string]: string };
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: await installPackages(["Django==5.2.19"]) };
  // All that would end the image of an earlier command is there before the first: one import of Django serves them all.
  folder = writeDjangoSite({
    "IPython/__init__.py": "def start_ipython(**_: object) -> None:\n    from IPython.terminal import ipapp\n",
    "IPython/terminal/__init__.py": "",
    "IPython/terminal/ipapp.py": "",
    "made/news/.keep": "",
    "collected/.keep": "",
    "shop/tests.py": "from unittest import TestCase\n".concat(
      ...["A", "B"].map((name) => `class ${name}(TestCase):\n    def test(self) -> None: pass\n`),
    ),
    "site_config/bad.py": "import nowhere\n",
  });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

function django(args: readonly string[], options: Partial<CommandOptions> = {}): Promise<Outcome> {
  return runCommand(["django", ...args], { cwd: folder, environment, ...options });
}

test.each([
  ["", 0, /^$/],
  ["error", 7, /^CommandError: no more\n$/],
  ["bug", 1, /^Traceback \(most recent call last\):\n {2}File ".*management\/__init__.py".*oops\n$/s],
  ["exit", 1, /^enough\n$/],
])("a command reads stdin, writes stdout and stderr, and has its own status: %s", async (end, code, stderr) => {
  const outcome = await django(["talk", "--end", end], { input: "Ada\n" });
  expect(outcome).toEqual({
    code,
    stdout: "terminal: False\nname? hello Ada\n",
    stderr: expect.stringMatching(stderr),
  });
});

async function onTerminal(args: string, input: string): Promise<string> {
  const command = `${process.execPath} ${join(import.meta.dirname, "../../bin/puff-gateway.js")} django ${args}`;
  const running = promisify(execFile)("script", ["-qec", command, "/dev/null"], {
    cwd: folder,
    env: { ...process.env, PUFF_CACHE_FOLDER: cacheFolder, ...environment },
  });
  running.child.stdin?.end(input);
  return (await running).stdout.replaceAll("\r", "");
}

test("on a terminal they know that it is one", async () => {
  expect(await onTerminal("talk", "Ada\n")).toMatch(/terminal: True\nname\? (.*\n)?hello Ada\n/);
});

test("a shell is Python's own where IPython is installed", async () => {
  expect(await onTerminal("shell -v0", "6 * 7\n")).toMatch(/>>> (.*\n)?42\n/);
});

test("passwords are read from a pipe, too", async () => {
  const code = "from getpass import getpass; print(getpass())";
  const outcome = await django(["shell", "-v0", "-c", code], { input: "secret\n" });
  expect(outcome).toMatchObject({ code: 0, stdout: "secret\n" });
});

test("they make files in the project: apps, collected static files", async () => {
  expect(await django(["startapp", "news", "made/news"])).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(existsSync(join(folder, "made/news/models.py"))).toBe(true);
  const collected = await django(["collectstatic", "--noinput"]);
  expect(collected).toMatchObject({ code: 0, stdout: expect.stringContaining("2 static files copied") });
  expect(readFileSync(join(folder, "collected/shop/style.css"), "utf8")).toBe("body { color: teal }\n");
});

test("files that they make have the permissions that the umask leaves", async () => {
  const code = 'import os; open("plain", "w"); open("own", "w"); os.chmod("own", 0o666)';
  await django(["shell", "-v0", "-c", code]);
  const modes = ["plain", "own"].map((name) => statSync(join(folder, name)).mode & 0o777);
  expect(modes).toEqual([0o666 & ~process.umask(), 0o666]);
});

test("options after the command are Django's, and what can't run here says what to run", async () => {
  const version = await django(["--version"]);
  expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/^5\.2\.\d+\n$/)]);
  const shell = await django(["shell", "-v0", "-c", "print(6 * 7)"]);
  expect(shell).toEqual({ code: 0, stdout: "42\n", stderr: "" });
  expect(await django(["runserver"])).toMatchObject({ code: 1, stderr: expect.stringContaining("Run puff-gateway") });
  expect(await django(["dbshell"])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^dbshell: .* Run psql .*\n$/),
  });
});

test("tests that are to run in parallel run one by one, which is said", async () => {
  const outcome = await django(["test", "--parallel", "2"]);
  expect(outcome).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^test: --parallel .*one by one.*Ran 2 tests/s),
  });
});

test("a signal ends a command with the status that a shell expects", async () => {
  const code = 'import time; print("started", flush=True); time.sleep(60)';
  const running = startCommand(["django", "shell", "-v0", "-c", code], { cwd: folder, environment });
  expect(await interrupt(running, "started", "SIGINT")).toEqual({ code: 130, stdout: "started\n", stderr: "" });
});

test("settings that don't import are told as Django tells them", async () => {
  const outcome = await django(["check"], { environment: { ...environment, PUFF_DJANGO: "site_config.bad" } });
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringMatching(/No module named 'nowhere'\n$/) });
});

test("django = true in puff.toml serves the project", async () => {
  const config = join(folder, "served.toml");
  writeFileSync(config, "django = true\n");
  const server = await serveCommand(["--config", config], { cwd: folder, environment });
  expect(await (await fetch(server.url)).text()).toContain("/static/shop/style.css");
  expect(await (await fetch(`${server.url}/static/shop/style.css`)).text()).toBe("body { color: teal }\n");
  expect((await server.stop()).code).toBe(0);
});

test("without a project that is said", async () => {
  const outcome = await runCommand(["--django"], { cwd: join(folder, "shop"), environment });
  expect(outcome).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no manage\.py in .* names the settings.*PUFF_DJANGO_SETTINGS/s),
  });
});
