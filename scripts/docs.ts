/**
 * Writes the API reference to docs/api: of the npm package from TSDoc, of the Python package from its docstrings.
 * The tools are installed on first use: `npm run docs`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const tools = join(import.meta.dirname, "docs");
const target = join(root, "docs/api");

const run = (command: string, args: readonly string[], cwd = root): void => {
  execFileSync(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
};

installTools();
rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
run(join(tools, "node_modules/.bin/typedoc"), ["--options", join(tools, "typedoc.json"), "--logLevel", "Warn"]);
run("sh", [join(root, "scripts/python-tools.sh"), "python3", join(tools, "python_api.py"), join(target, "python")]);
writeFileSync(
  join(target, "README.md"),
  `# API reference

- [The npm package puff-gateway](typescript/README.md)
- [The Python package puff](python/README.md)
`,
);
console.log("docs/api is written");

/** Again whenever the lock file changes. */
function installTools(): void {
  const wanted = readFileSync(join(tools, "package-lock.json"), "utf8");
  const mark = join(tools, "node_modules/.wanted");
  if (!existsSync(mark) || readFileSync(mark, "utf8") !== wanted) {
    run("npm", ["ci", "--silent", "--no-audit", "--no-fund"], tools);
    writeFileSync(mark, wanted);
  }
}
