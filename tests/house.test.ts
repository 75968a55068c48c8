/** The lint rules that hold the house together catch what they are there for. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
let house: string;

/** One line each: a file, what it holds, and the rule that must refuse it (null: none may). */
const cases: readonly (readonly [file: string, source: string, rule: string | null])[] = [
  ["schema/imports-planner.ts", `export { x } from "../planner/index.ts";`, "noRestrictedImports"],
  ["schema/imports-bridge.ts", `export { x } from "../python-bridge/index.ts";`, "noRestrictedImports"],
  ["schema/imports-gateway.ts", `export { x } from "../gateway/index.ts";`, "noRestrictedImports"],
  ["planner/imports-schema.ts", `export { x } from "../schema/index.ts";`, null],
  ["planner/imports-schema-file.ts", `export { x } from "../schema/errors.ts";`, "noRestrictedImports"],
  ["planner/imports-bridge.ts", `export { x } from "../python-bridge/index.ts";`, "noRestrictedImports"],
  ["planner/imports-gateway.ts", `export type { X } from "../gateway/index.ts";`, "noRestrictedImports"],
  ["planner/imports-pg.ts", `export { Client } from "pg";`, "noRestrictedImports"],
  ["python-bridge/imports-schema.ts", `export { x } from "../schema/index.ts";`, null],
  ["python-bridge/imports-planner.ts", `export { x } from "../planner/index.ts";`, "noRestrictedImports"],
  ["python-bridge/imports-gateway.ts", `export { x } from "../gateway/http/server.ts";`, "noRestrictedImports"],
  ["python-bridge/imports-pyodide.ts", `export { loadPyodide } from "pyodide";`, "noRestrictedImports"],
  ["gateway/imports-all.ts", `export { x } from "../planner/index.ts";`, null],
  ["gateway/http/imports-planner-file.ts", `export { x } from "../../planner/rows.ts";`, "noRestrictedImports"],
  ["gateway/http/imports-bridge-file.ts", `export { x } from "../../python-bridge/pool.ts";`, "noRestrictedImports"],
  ["gateway/http/imports-pg.ts", `export { Client } from "pg";`, "noRestrictedImports"],
  ["gateway/http/imports-redis.ts", `export { Redis } from "ioredis";`, "noRestrictedImports"],
  ["gateway/http/creates-server.ts", `export { fastify } from "fastify";`, "noRestrictedImports"],
  ["gateway/http/takes-server.ts", `export type { FastifyInstance } from "fastify";`, null],
  ["gateway/cycle-a.ts", `import { b } from "./cycle-b.ts";\nexport const a = () => b;`, "noImportCycles"],
  ["gateway/cycle-b.ts", `import { a } from "./cycle-a.ts";\nexport const b = () => a;`, "noImportCycles"],
  ["gateway/any.ts", "export const x: any = 1;", "noExplicitAny"],
  ["gateway/type-import.ts", `import { X } from "./types.ts";\nexport const x: X = 1;`, "useImportType"],
  ["gateway/types.ts", "export type X = number;", null],
  ["gateway/extension.ts", `export { a } from "./cycle-a";`, "useImportExtensions"],
  [
    "gateway/floating.ts",
    "export function go(): void {\n  later();\n}\nasync function later() {}",
    "noFloatingPromises",
  ],
];

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), "puff-house-"));
  for (const file of ["biome.json", ".gitignore", "package.json"]) {
    await cp(join(root, file), join(house, file));
  }
  for (const [file, source] of cases) {
    await mkdir(dirname(join(house, file)), { recursive: true });
    await writeFile(join(house, file), `${source}\n`);
  }
});

afterAll(() => rm(house, { recursive: true, force: true }));

test("each breach of the house rules is refused, and nothing else is", async () => {
  const broken = await lint(house);
  for (const [file, , rule] of cases) {
    const rules = broken.get(file) ?? [];
    expect({ file, rules }).toEqual({ file, rules: rule === null ? [] : expect.arrayContaining([rule]) });
  }
});

/** From each file with errors to the names of the rules it broke. */
async function lint(folder: string): Promise<Map<string, string[]>> {
  const biome = join(root, "node_modules/.bin/biome");
  const output = await new Promise<string>((resolve) => {
    // Its exit code is 1 here, since there are errors: what it prints is what counts.
    execFile(biome, ["lint", "--reporter=json", "--max-diagnostics=none", "."], { cwd: folder }, (_, out) =>
      resolve(out),
    );
  });
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
