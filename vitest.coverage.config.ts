/** Coverage of TypeScript by the unit tests, which lie beside the code: `npm run coverage`. */
import { defineConfig } from "vitest/config";
import base from "./vitest.config.ts";

const house = "{schema,planner,python-bridge,gateway}/**";

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: [`${house}/*.test.ts`],
    // They share no state, and loading the modules for each file anew takes longer than the tests.
    isolate: false,
    coverage: {
      enabled: true,
      provider: "v8",
      include: [`${house}/*.ts`],
      exclude: [`${house}/*.test.ts`, "gateway/graphiql/**"],
      reporter: ["text-summary", "html"],
      reportsDirectory: "coverage/typescript",
      // What is measured, rounded down, with a point to spare. What needs a database or an interpreter is tested in tests/,
      // without counters.
      thresholds: { statements: 17, branches: 16, functions: 13, lines: 17 },
    },
  },
});
