/**
 * Runs the benchmarks one after another, each in a process of its own; they write to bench/results.
 *
 * @example npm run bench         all of them
 * @example npm run bench http    one
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const all = ["compare", "http", "start", "interpreter-start", "greenlets", "driver", "pool", "subscriptions", "django"];
const minutes = 30;

const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
for (const name of wanted) {
  const file = join(import.meta.dirname, `${name}.ts`);
  if (!all.includes(name) || !existsSync(file)) {
    console.error(`There is no benchmark named ${name}. There are: ${all.join(", ")}.`);
    process.exit(1);
  }
  const { status, signal } = spawnSync("node", [file], { stdio: "inherit", timeout: minutes * 60_000 });
  if (status !== 0) {
    console.error(`The benchmark ${name} failed (${signal ?? `exit code ${status}`}).`);
    process.exitCode = 1;
  }
}
