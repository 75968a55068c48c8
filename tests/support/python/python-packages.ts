/** Packages of PyPI's for tests, as an interpreter without compiled code takes them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs wheels of pure Python, without what they depend on, into a folder that is kept between runs. */
export async function installPackages(...wanted: string[]): Promise<string> {
  const name = wanted.join("_").replace(/[^\w.]+/g, "-");
  const folder = join(import.meta.dirname, "../../../.puff/test-packages", name);
  if (!existsSync(folder)) {
    const target = `${folder}.${process.pid}`;
    const pure = ["--no-deps", "--only-binary=:all:", "--platform=any", "--implementation=py", "--python-version=3.14"];
    const options = ["--quiet", "--disable-pip-version-check", "--no-compile", ...pure, "--target", target];
    await promisify(execFile)("python3", ["-m", "pip", "install", ...options, ...wanted]);
    // Several test files may make it at the same time: one of them is first.
    await rename(target, folder).catch(() => rm(target, { recursive: true }));
  }
  return folder;
}
