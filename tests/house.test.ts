/** The lint rules that hold the house together catch what they are there for. */
import { execFile } from "node:child_process";
import { appendFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const bin = (tool: string): string => join(root, "node_modules/.bin", tool);
let house: string;

/** One line each: a file, what it holds, and the rule that must refuse it (null: none may). */
const cases: readonly (readonly [file: string, source: string, rule: string | null])[] = [
  ["schema/index.ts", "export const x = 1;", null],
  ["schema/errors.ts", "export const x = 1;", null],
  ["planner/index.ts", "export const x = 1;\nexport type X = number;", null],
  ["planner/bytes/rows.ts", "export const x = 1;", null],
  ["python-bridge/index.ts", "export const x = 1;", null],
  ["python-bridge/pool/pool.ts", "export const x = 1;", null],
  ["gateway/index.ts", "export const x = 1;\nexport type X = number;", null],
  ["gateway/server/other.ts", "export const x = 1;", null],
  ["schema/imports-planner.ts", `export { x } from "../planner/index.ts";`, "below-schema"],
  ["schema/imports-bridge.ts", `export { x } from "../python-bridge/index.ts";`, "below-schema"],
  ["schema/imports-gateway.ts", `export { x } from "../gateway/index.ts";`, "below-schema"],
  ["planner/imports-schema.ts", `export { x } from "../schema/index.ts";`, null],
  ["planner/imports-schema-file.ts", `export { x } from "../schema/errors.ts";`, "through-index"],
  ["planner/imports-bridge.ts", `export { x } from "../python-bridge/index.ts";`, "below-planner"],
  ["planner/imports-gateway.ts", `export type { X } from "../gateway/index.ts";`, "below-planner"],
  ["planner/imports-pg.ts", `export { Client } from "pg";`, "once-pg"],
  ["python-bridge/imports-schema.ts", `export { x } from "../schema/index.ts";`, null],
  ["python-bridge/imports-planner.ts", `export type { X } from "../planner/index.ts";`, "below-python-bridge"],
  ["python-bridge/imports-gateway.ts", `export { x } from "../gateway/server/other.ts";`, "below-python-bridge"],
  ["python-bridge/imports-pyodide.ts", `export { loadPyodide } from "pyodide";`, "once-pyodide"],
  ["gateway/imports-all.ts", `export { x } from "../planner/index.ts";`, null],
  ["gateway/http/imports-planner-file.ts", `export { x } from "../../planner/bytes/rows.ts";`, "through-index"],
  ["gateway/http/imports-bridge-file.ts", `export { x } from "../../python-bridge/pool/pool.ts";`, "through-index"],
  ["gateway/http/imports-pg.ts", `export { Client } from "pg";`, "once-pg"],
  ["gateway/http/imports-pg-types.ts", `export type { Client } from "pg";`, "once-pg"],
  ["gateway/http/imports-redis.ts", `export { Redis } from "ioredis";`, "once-ioredis"],
  ["gateway/http/creates-server.ts", `export { fastify } from "fastify";`, "noRestrictedImports"],
  ["gateway/http/takes-server.ts", `export type { FastifyInstance } from "fastify";`, null],
  // A circle is told once.
  ["gateway/circle-a.ts", `import { b } from "./circle-b.ts";\nexport const a = () => b;`, "no-circles"],
  ["gateway/circle-b.ts", `import { a } from "./circle-a.ts";\nexport const b = () => a;`, null],
  ["planner/types-a.ts", `import type { B } from "./types-b.ts";\nexport type A = B | null;`, "no-circles"],
  ["planner/types-b.ts", `import type { A } from "./types-a.ts";\nexport type B = A | 1;`, null],
  ["planner/above/a.ts", `export { x } from "../beside/b.ts";`, null],
  ["planner/above/x.ts", "export type X = number;", null],
  ["planner/beside/b.ts", "export const x = 1;", null],
  ["planner/beside/c.ts", `export type { X } from "../above/x.ts";`, null],
  ["gateway/any.ts", "export const x: any = 1;", "noExplicitAny"],
  ["gateway/type-import.ts", `import { X } from "./types.ts";\nexport const x: X = 1;`, "useImportType"],
  ["gateway/types.ts", "export type X = number;", null],
  ["gateway/extension.ts", `export { a } from "./circle-a";`, "useImportExtensions"],
  [
    "gateway/floating.ts",
    "export function go(): void {\n  later();\n}\nasync function later() {}",
    "noFloatingPromises",
  ],
];

/** One line each: a Python file, what is added to it, and the import or the module that must be refused. */
const pythonCases: readonly (readonly [file: string, source: string, refused: string])[] = [
  ["puff/_errors.py", "import psycopg2.errors", "puff._errors -> psycopg2.errors"],
  ["puff/_serve/wsgi.py", "import puff._bridge", "puff._serve.wsgi -> puff._bridge"],
  [
    "puff/_wire/oids.py",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from puff._plans.plan import Plan",
    "puff._wire.oids -> puff._plans.plan",
  ],
  ["puff/_wire/given.py", "from puff._wire.values import leaf", "puff._wire"],
  ["puff/_room/__init__.py", "", "puff._room"],
  [
    "psycopg2/_protocol/encodings.py",
    "def later() -> None:\n    from psycopg2._client import cursor",
    "psycopg2._protocol.encodings -> psycopg2._client.cursor",
  ],
  ["psycopg2/_read/arrays.py", "import psycopg2._read.typecasters", "psycopg2._read"],
  ["psycopg2/_part.py", "", "psycopg2._part"],
];

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), "puff-house-"));
  for (const file of ["biome.json", ".dependency-cruiser.js", ".gitignore", "package.json", "pyproject.toml"]) {
    await cp(join(root, file), join(house, file));
  }
  await symlink(join(root, "node_modules"), join(house, "node_modules"));
  for (const [file, source] of cases) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), `${source}\n`);
  }
});

afterAll(() => rm(house, { recursive: true, force: true }));

test("each breach of the house rules is refused, and nothing else is", async () => {
  const [broken, imports] = await Promise.all([lint(), cruise()]);
  for (const [file, rules] of imports) {
    broken.set(file, [...(broken.get(file) ?? []), ...rules]);
  }
  for (const folder of ["planner/above", "planner/beside"]) {
    expect({ folder, rules: broken.get(folder) }).toEqual({ folder, rules: ["no-circles-of-folders"] });
  }
  for (const [file, , rule] of cases) {
    const rules = broken.get(file) ?? [];
    expect({ file, rules }).toEqual({ file, rules: rule === null ? [] : expect.arrayContaining([rule]) });
  }
});

test("each breach of the rooms of Python is refused, and nothing else is", async () => {
  const packages = join(house, "python");
  await cp(join(root, "python-bridge/python"), packages, { recursive: true });
  expect(await lintImports(packages)).toEqual(new Set());
  for (const [file, source] of pythonCases) {
    await mkdir(dirname(join(packages, file)), { recursive: true });
    await appendFile(join(packages, file), `\n${source}\n`);
  }
  expect(await lintImports(packages)).toEqual(new Set(pythonCases.map(([, , refused]) => refused)));
});

/** Gives the imports across rooms that a contract refuses, the rooms with circles, and the modules that have no place. */
async function lintImports(packages: string): Promise<Set<string>> {
  const tool = join(root, "scripts/python-tools.sh");
  const output = await outputOf("sh", [tool, "lint-imports", "--no-cache", join(house, "pyproject.toml")], {
    ...process.env,
    PYTHONPATH: packages,
  });
  expect(output).toContain("Contracts: ");
  const refused = [/^- (\S+ -> \S+) \(l\.\d+\)$/gm, /^- ([\w.]+)$/gm, /^No cycles are allowed in (\S+\.\S+)\.$/gm];
  return new Set(refused.flatMap((line) => [...output.matchAll(line)].map(([, what = ""]) => what)));
}

/** Runs a tool in the house. Its exit code is not 0, since there are errors: what it prints is what counts. */
function outputOf(tool: string, args: readonly string[], env = process.env): Promise<string> {
  return new Promise((resolve) => {
    execFile(tool, args, { cwd: house, env, maxBuffer: 2 ** 26 }, (_, out) => resolve(out));
  });
}

/** From each file with errors to the names of the rules of Biome that it broke. */
async function lint(): Promise<Map<string, string[]>> {
  const output = await outputOf(bin("biome"), ["lint", "--reporter=json", "--max-diagnostics=none", "."]);
  const report: { diagnostics: { category: string; severity: string; location: { path: string } }[] } =
    JSON.parse(output);
  const broken = new Map<string, string[]>();
  for (const { category, severity, location } of report.diagnostics) {
    if (severity === "error") {
      broken.set(location.path, [...(broken.get(location.path) ?? []), category.split("/").at(-1) ?? category]);
    }
  }
  return broken;
}

/** From each file or folder to the names of the rules about imports that it broke. */
async function cruise(): Promise<Map<string, string[]>> {
  const folders = ["schema", "planner", "python-bridge", "gateway"];
  const output = await outputOf(bin("depcruise"), [
    "--config",
    ".dependency-cruiser.js",
    "--output-type",
    "json",
    ...folders,
  ]);
  const report: { summary: { violations: { from: string; rule: { name: string } }[] } } = JSON.parse(output);
  const broken = new Map<string, string[]>();
  for (const { from, rule } of report.summary.violations) {
    broken.set(from, [...(broken.get(from) ?? []), rule.name]);
  }
  return broken;
}
