import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{schema,planner,python-bridge,gateway,tests}/**/*.test.ts"],
  },
  // Node takes graphql's CommonJS build for every importer; Vite would take its ES build for our files alone, and
  // graphql-js refuses types of another copy of itself.
  resolve: { alias: [{ find: /^graphql$/, replacement: import.meta.resolve("graphql").replace("file://", "") }] },
});
