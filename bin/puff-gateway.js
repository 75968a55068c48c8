#!/usr/bin/env node
// Plain JavaScript that old versions of Node understand too: it says what is wrong before anything newer is loaded.
import { existsSync } from "node:fs";
import module from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const oldest = 26;

if (Number.parseInt(process.versions.node, 10) < oldest) {
  process.stderr.write(
    `puff-gateway needs Node ${oldest} or newer, and this is Node ${process.versions.node}. ` +
      "Install a newer one from https://nodejs.org, or add it to the project: npm install node@26. [PUFF_NODE_TOO_OLD]\n",
  );
  process.exitCode = 1;
} else {
  // Compiling the gateway's own modules takes half a second of each start.
  const { default: folders } = await import("env-paths");
  module.enableCompileCache(join(folders("puff-gateway", { suffix: "" }).cache, "node"));
  // A checkout runs its sources; Node does not run .ts files inside node_modules, so the package runs what was built.
  const source = new URL("../gateway/cli/main.ts", import.meta.url);
  const path = fileURLToPath(source);
  const isCheckout = existsSync(path) && !/[\\/]node_modules[\\/]/.test(path);
  const main = isCheckout ? source : new URL("../dist/gateway/cli/main.js", import.meta.url);
  await import(main.href);
}
