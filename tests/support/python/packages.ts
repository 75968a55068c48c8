/** Python packages that tests need, installed once. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The folder with these packages, such as `requests==2.34.2`, and what they need. */
export async function installPackages(requirements: readonly string[]): Promise<string> {
  return install(requirements, []);
}

/** The same built for Pyodide, as `puff-gateway pip` would install them. */
export async function installCompiledPackages(requirements: readonly string[]): Promise<string> {
  const target = "--platform pyemscripten_2026_0_wasm32 --python-version 3.14 --implementation cp --abi cp314";
  return install(requirements, ["--only-binary=:all:", ...target.split(" ")]);
}

async function install(requirements: readonly string[], options: readonly string[]): Promise<string> {
  const key = createHash("sha256")
    .update([...requirements, ...options].join("\n"))
    .digest("hex")
    .slice(0, 16);
  const folder = join(import.meta.dirname, "../../../.puff/python-packages", key, "site-packages");
  if (!existsSync(folder)) {
    const partial = `${folder}.${process.pid}`;
    const args = ["-m", "pip", "install", "--quiet", "--target", partial, ...options, ...requirements];
    await promisify(execFile)("python3", args);
    // The first one wins; the folder is never there half full.
    await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return folder;
}
