/** Where the user's Python packages are installed. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

/**
 * Where `puff-gateway pip` installs.
 *
 * @example installFolder("/app") // "/app/.puff/site-packages"
 */
export function installFolder(cwd: string): string {
  return join(cwd, ".puff", "site-packages");
}

/**
 * The folders with packages: what `puff-gateway pip` has installed in `cwd`, then those of the active virtual environment
 * (`VIRTUAL_ENV`) or of `.venv` in `cwd`, among them those of projects that were installed for editing.
 *
 * @example findSitePackages("/app", process.env) // ["/app/.puff/site-packages", "/app/.venv/lib/python3.14/site-packages"]
 */
export function findSitePackages(cwd: string, environment: { readonly [name: string]: string | undefined }): string[] {
  const active = environment["VIRTUAL_ENV"];
  const root = active === undefined || active === "" ? join(cwd, ".venv") : resolve(cwd, active);
  // A virtual environment may have the same packages compiled for CPython.
  const folders = [installFolder(cwd), ...sitePackagesOf(root)].filter(isFolder);
  return folders.flatMap((folder) => [folder, ...linkedFolders(folder)]);
}

function sitePackagesOf(root: string): string[] {
  const versions = join(root, "lib");
  const candidates = [
    ...(existsSync(versions) ? readdirSync(versions) : [])
      .filter((name) => /^python3\.\d+t?$/.test(name))
      .map((name) => join(versions, name, "site-packages")),
    // On Windows.
    join(root, "Lib", "site-packages"),
  ];
  return candidates;
}

/** Folders named in `.pth` files, a line each; lines that are code are left to native Python. */
function linkedFolders(sitePackages: string): string[] {
  return readdirSync(sitePackages)
    .filter((name) => name.endsWith(".pth"))
    .flatMap((name) => readFileSync(join(sitePackages, name), "utf8").split(/\r?\n/))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#") && !/^import\s/.test(line))
    .map((line) => (isAbsolute(line) ? line : join(sitePackages, line)))
    .filter(isFolder);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
