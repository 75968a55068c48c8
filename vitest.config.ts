import { defineConfig } from "vitest/config";

const inCi = process.env["CI"] === "true";

export default defineConfig({
  test: {
    include: ["{schema,planner,python-bridge,gateway,tests}/**/*.test.ts"],
    globalSetup: "tests/support/left-out.ts",
    // Interpreters and databases start in seconds on an idle machine, and several start at once here.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for is often another process's, and a busy machine runs that late.
    expect: { poll: { timeout: 20_000 } },
    // In CI a test that was left out, or narrowed down to with `.only`, would be a silent hole.
    allowOnly: !inCi,
    reporters: inCi ? ["default", ["json", { outputFile: ".puff/ci/vitest.json" }]] : ["default"],
  },
  // Node takes graphql's CommonJS build for every importer; Vite would take its ES build for our files alone, and
  // graphql-js refuses types of another copy of itself.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve("graphql").replace("file://", "") }] },
});
