/** Bundles GraphiQL into dist/graphiql, which the package ships: `npm run build:graphiql`. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  // The gateway serves the page at whichever URL is configured, so it fills in where the assets are.
  base: "./",
  build: {
    outDir: "../../dist/graphiql",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Monaco is one large library; there is nothing to split off that the first page does not need.
    chunkSizeWarningLimit: 5_000,
    rolldownOptions: {
      // "use client" in libraries means nothing here: there is no server rendering.
      onLog: (level, log, report) => (log.code === "MODULE_LEVEL_DIRECTIVE" ? undefined : report(level, log)),
    },
  },
  worker: { format: "es" },
});
