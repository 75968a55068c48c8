/** `puff-gateway pytest` in a Django project: which settings its tests run with, and what it says where none ran. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { runCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let packages: string;
let database: TestDatabase;

beforeAll(async () => {
  packages = await installPackages(["Django==5.2.19", "pytest==9.*", "pytest-django==4.*"]);
  database = await createTestDatabase();
});

afterAll(() => database.drop());

interface Project {
  readonly files?: { readonly [path: string]: string };
  readonly environment?: { readonly [name: string]: string };
  readonly given?: readonly string[];
}

/** Runs the one test of a project; each of its settings modules has a name, which the test prints. */
async function runTests({ files = {}, environment = {}, given = [] }: Project) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-pytest-django-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const settings = ["first", "second", "third"].map((name) => [
    `shop/${name}.py`,
    `SECRET_KEY = "only for tests"\nNAME = "${name}"\n`,
  ]);
  const all: { readonly [path: string]: string } = {
    "shop/__init__.py": "",
    ...Object.fromEntries(settings),
    "test_settings.py": "def test_it(settings) -> None:\n    print(f'with {settings.NAME}')\n",
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return runCommand(["pytest", "-s", ...given], {
    cwd: folder,
    environment: { PUFF_PYTHON_PATH: packages, DATABASE_URL: database.url, ...environment },
  });
}

const ini = { "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = shop.second\n" };
const django = {
  ...ini,
  "puff.toml": "django = true\n",
  "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.first")\n',
};

test.each<[string, string, Project]>([
  ["the environment, without a project", "third", { environment: { DJANGO_SETTINGS_MODULE: "shop.third" } }],
  ["pytest.ini, without a project", "second", { files: ini }],
  ["pytest.ini rather than manage.py", "second", { files: django }],
])("the settings are those of %s", async (_, name, project) => {
  const { code, stdout, stderr } = await runTests(project);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`with ${name}\\n[^]*1 passed`)),
    stderr: "",
  });
});

test("it says so where every test was skipped, and why", async () => {
  const { code, stdout } = await runTests({});
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(
      "\nNothing ran: all 1 tests were skipped (no Django settings). Name them: django = true in puff.toml, or " +
        "DJANGO_SETTINGS_MODULE.\n",
    ),
  });
  const skipped = { "test_settings.py": "import pytest\n\npytest.skip('not today', allow_module_level=True)\n" };
  expect((await runTests({ files: skipped })).stdout).toContain("Nothing ran: all 1 tests were skipped (not today).\n");
});
