/**
 * Runs every check but the tests, prints what failed, and ends with a line of counts.
 *
 * @example npm run check            all of them
 * @example npm run check types knip only these
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const checks: { readonly [name: string]: readonly string[] } = {
  biome: ["biome", "check", "--error-on-warnings", "."],
  // What may import what, and the marks of a style that is not plain English.
  house: [
    "sh",
    "-c",
    "depcruise --config .dependency-cruiser.js --output-type err schema planner python-bridge gateway && node scripts/english.ts",
  ],
  "python-house": [
    "env",
    "PYTHONPATH=python-bridge/python",
    "sh",
    "scripts/python-tools.sh",
    "lint-imports",
    "--no-cache",
  ],
  types: ["tsc", "-p", "."],
  "types-graphiql": ["tsc", "-p", "gateway/graphiql"],
  "ruff-format": ["sh", "scripts/python-tools.sh", "ruff", "format", "--check", "."],
  "ruff-lint": ["sh", "scripts/python-tools.sh", "ruff", "check", "."],
  pyright: ["pyright"],
  knip: ["knip", "--treat-config-hints-as-errors"],
  build: ["npm", "run", "--silent", "build"],
  publint: ["publint", "--strict"],
  docs: ["npm", "run", "--silent", "docs"],
};

const root = join(import.meta.dirname, "..");
const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(checks);
let failed = 0;
for (const name of wanted) {
  const started = performance.now();
  const [command, ...args] = checks[name] ?? [];
  if (command === undefined) {
    console.error(`There is no check named ${name}. There are: ${Object.keys(checks).join(", ")}.`);
    process.exit(1);
  }
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (status !== 0) {
    failed++;
    console.log(`$ ${[command, ...args].join(" ")}\n${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
  }
}
console.log(`${wanted.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
