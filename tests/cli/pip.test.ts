/** `puff-gateway pip`, and what `doctor` says of packages that were installed for another Python. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { installPackages } from "../support/python/packages.ts";
import { runCommand } from "../support/servers/command.ts";
import { createTestDatabase } from "../support/servers/postgres.ts";

let folder: string;
/** How this machine reaches the index. */
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && /^PIP_|CERT/.test(name) ? [[name, value]] : [],
  ),
);
const schema = `
from dataclasses import dataclass
import msgspec


@dataclass
class Query:
    @classmethod
    def version(cls, ctx, /) -> str:
        return msgspec.__version__


@dataclass
class Schema:
    query: Query
`;
const compiled = ".venv/lib/python3.11/site-packages";
const files = {
  "requirements.txt": "msgspec==0.23.*\n",
  "schema.py": schema,
  [`${compiled}/msgspec/__init__.py`]: "from ._core import Struct\n",
  [`${compiled}/msgspec/_core.cpython-311-x86_64-linux-gnu.so`]: "\x7fELF",
  [`${compiled}/msgspec-0.23.0.dist-info/RECORD`]:
    "msgspec/__init__.py,,\nmsgspec/_core.cpython-311-x86_64-linux-gnu.so,,\n",
  [`${compiled}/pillow/_imaging.abi3.so`]: "\x7fELF",
  [`${compiled}/pillow-13.0.0.dist-info/RECORD`]: "pillow/_imaging.abi3.so,,\n",
  [`${compiled}/pure-1.0.dist-info/RECORD`]: "pure/__init__.py,,\n",
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-pip-")));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

test("doctor names the packages with compiled code, and what to do about each", async () => {
  const { stdout } = await runCommand(["doctor", "--schema", "schema.py", "--port", "0"], { cwd: folder });
  expect(stdout).toMatch(/✗ schema +\S+\/msgspec\/__init__\.py:1: package msgspec has compiled code/);
  expect(stdout).toContain(
    "    msgspec: PyPI has a build for it: run puff-gateway pip install msgspec. [PUFF_COMPILED_PACKAGE]\n" +
      "    pillow: PyPI has no build of it for Pyodide: ",
  );
  expect(stdout).not.toContain("pure:");
});

test("Django's own word for a missing Pillow is followed by why it is missing", async () => {
  const project = join(folder, "site");
  const settings = 'SECRET_KEY = "only for tests"\nINSTALLED_APPS = ["shop"]\n';
  const all = {
    "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")\n',
    "settings.py": `${settings}DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}}\n`,
    "shop/models.py": `from django.db import models\n\n\nclass Picture(models.Model):\n    file = models.ImageField()\n`,
    "packages/PIL/Image.py": "from . import _imaging\n",
    "packages/PIL/_imaging.abi3.so": "\x7fELF",
    "packages/pillow-13.0.0.dist-info/RECORD": "PIL/Image.py,,\nPIL/_imaging.abi3.so,,\n",
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  const packages = await installPackages(["Django==5.2.19"]);
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const path = { DATABASE_URL: database.url, PUFF_PYTHON_PATH: [join(project, "packages"), packages].join(":") };
  const checked = await runCommand(["django", "check"], {
    cwd: project,
    environment: path,
  });
  expect(checked).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /Pillow is not installed(.|\n)*✗ package pillow has compiled code .*\[PUFF_COMPILED_/,
    ),
  });
});

test("packages are built for the gateway's Python, and found before those of the virtual environment", async () => {
  const installed = await runCommand(["pip", "install", "-r", "requirements.txt"], { cwd: folder, environment });
  expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining("Successfully installed msgspec-0.23.") });
  const built = readdirSync(join(folder, ".puff/site-packages/msgspec")).filter((name) => name.endsWith(".so"));
  expect(built).toEqual(["_core.cpython-314-wasm32-emscripten.so"]);
  const { stdout, stderr } = await runCommand(["schema", "print", "--schema", "schema.py"], { cwd: folder });
  expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining("version: String!"), stderr: "" });
  const listed = await runCommand(["pip", "freeze"], { cwd: folder });
  expect(listed.stdout).toMatch(/^msgspec==0\.23\.\d+\n$/);
});

test("what can't be installed says why, and what to do instead", async () => {
  const cffi = await runCommand(["pip", "install", "cffi"], { cwd: folder, environment });
  expect(cffi).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /No matching distribution found for cffi(.|\n)*were built for Pyodide\. .*docs\/python-packages\.md/,
    ),
  });
  const uninstall = await runCommand(["pip", "uninstall", "msgspec"], { cwd: folder });
  expect(uninstall).toMatchObject({ code: 1, stderr: expect.stringContaining("delete the package's folder") });
  expect(existsSync(join(folder, ".puff/site-packages/cffi"))).toBe(false);
  const nowhere = { ...environment, PIP_INDEX_URL: "http://127.0.0.1:1/simple" };
  rmSync(join(folder, ".puff/pip-26.3-py3-none-any.whl"));
  const unreachable = await runCommand(["pip", "install", "msgspec"], { cwd: folder, environment: nowhere });
  expect(unreachable).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/pip can't be downloaded from http:\/\/127\.0\.0\.1:1\/simple: .*PIP_INDEX_URL/),
  });
});
