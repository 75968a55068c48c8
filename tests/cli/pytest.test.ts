/** `puff-gateway pytest`, and what its tests find: GraphQL in process. */
import { copyFileSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { interrupt, runCommand, startCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const support = join(import.meta.dirname, "../support/python");
let database: TestDatabase;
let folder: string;
let environment: { readonly [name: string]: string };

beforeAll(async () => {
  database = await createTestDatabase();
  environment = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: await installPackages(["pytest==9.*"]) };
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-pytest-")));
  copyFileSync(join(support, "client_schema.py"), join(folder, "client_schema.py"));
  copyFileSync(join(support, "client_cases.py"), join(folder, "test_client.py"));
  writeFileSync(join(folder, "puff.toml"), 'init_sql = "tables.sql"\n[[graphql]]\nschema = "client_schema.py"\n');
  const tables = "CREATE TABLE item (id serial, name text NOT NULL); CREATE TABLE tag (item_id int, name text);";
  writeFileSync(join(folder, "tables.sql"), tables);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.drop();
});

test("the client runs operations in process", async () => {
  const outcome = await runCommand(["pytest", "-q"], { cwd: folder, environment });
  expect(outcome).toEqual({ code: 0, stdout: expect.stringMatching(/\n\d+ passed in .*\n$/), stderr: "" });
});

test("arguments, captured output and the exit status are pytest's", async () => {
  writeFileSync(join(folder, "fails.py"), 'def test_it(tmp_path):\n    print("seen")\n    assert tmp_path == 1\n');
  const failed = await runCommand(["pytest", "fails.py", "--tb=short"], { cwd: folder, environment });
  expect(failed).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/Captured stdout call -+\nseen\n.*1 failed/s),
  });
  const wrong = await runCommand(["pytest", "--nonsense"], { cwd: folder, environment });
  expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining("unrecognized arguments: --nonsense") });
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends it with a failing status, and leaves nothing behind", async (signal, code) => {
  writeFileSync(
    join(folder, "sleeps.py"),
    'import time\n\n\ndef test_it(tmp_path):\n    print("started", flush=True)\n    time.sleep(60)\n',
  );
  const temporary = mkdtempSync(join(folder, "temporary-"));
  const running = startCommand(["pytest", "-s", "sleeps.py"], {
    cwd: folder,
    environment: { ...environment, TMPDIR: temporary },
  });
  expect(await interrupt(running, "started", signal)).toEqual({
    code,
    stdout: expect.stringContaining("started"),
    stderr: "",
  });
  expect(readdirSync(temporary)).toEqual([]);
});

test("without pytest that is said", async () => {
  const outcome = await runCommand(["pytest"], { cwd: folder, environment: { DATABASE_URL: database.url } });
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining("pip install pytest") });
});
