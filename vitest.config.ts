import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/support/longest-first.ts";

const inCi = process.env["CI"] === "true";
const report = process.env["VITEST_JSON"];
// Each test file and each command that one starts is a process of its own, which reads the same sources.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, ".puff/compile-cache");

export default defineConfig({
  test: {
    include: ["{schema,planner,python-bridge,gateway,tests}/**/*.test.ts"],
    globalSetup: "tests/support/left-out.ts",
    // Vitest leaves one core to itself, but files wait for what they start: with one for each core, 15 % of the time is idle.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Interpreters and databases start in seconds on an idle machine, and several start at once here.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for is often another process's, and a busy machine runs that late.
    expect: { poll: { timeout: 20_000 } },
    // In CI a test that was left out, or narrowed down to with `.only`, would be a silent hole.
    allowOnly: !inCi,
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
  },
  // Node takes graphql's CommonJS build for every importer; Vite would take its ES build for our files alone, and
  // graphql-js refuses types of another copy of itself.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve("graphql").replace("file://", "") }] },
});
