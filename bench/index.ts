/**
 * Runs the benchmarks one after another, each in a process of its own; they write to bench/results. npm puts the
 * project's Node first on PATH, so this works whichever Node the machine has.
 *
 * @example npm run bench                           all of them
 * @example npm run bench http                      one
 * @example npm run bench compare -- --rounds 1     one with arguments of its own
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const all = [
  "compare",
  "http",
  "start",
  "interpreter-start",
  "greenlets",
  "driver",
  "pool",
  "subscriptions",
  "django",
  "shapes",
];
const onlyByName = ["soak"];
const minutes = 30;

const [name, ...args] = process.argv.slice(2);
const known = [...all, ...onlyByName];
if (name !== undefined && !known.includes(name)) {
  console.error(`There is no benchmark named ${name}. There are: ${known.join(", ")}.`);
  process.exit(1);
}
for (const each of name === undefined ? all : [name]) {
  // What is given arguments may take as long as these say.
  const timeout = args.length === 0 ? minutes * 60_000 : undefined;
  const { status, signal } = spawnSync("node", [join(import.meta.dirname, `${each}.ts`), ...args], {
    stdio: "inherit",
    timeout,
  });
  if (status !== 0) {
    console.error(`The benchmark ${each} failed (${signal ?? `exit code ${status}`}).`);
    process.exitCode = 1;
  }
}
