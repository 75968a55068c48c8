/** Python packages that tests need, installed once. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The folder with these packages, such as `requests==2.34.2`, and what they need. */
export async function installPackages(requirements: readonly string[]): Promise<string> {
  const key = createHash("sha256").update(requirements.join("\n")).digest("hex").slice(0, 16);
  const folder = join(import.meta.dirname, "../../../.puff/python-packages", key, "site-packages");
  if (!existsSync(folder)) {
    const partial = `${folder}.${process.pid}`;
    await promisify(execFile)("python3", ["-m", "pip", "install", "--quiet", "--target", partial, ...requirements]);
    // Whoever is first wins; the folder is never there half full.
    await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return folder;
}
