/**
 * Files with an interpreter's memory. A manifest of what went into it comes first, so that a file that does not fit
 * any more is told without reading the rest; a checksum tells a damaged one.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Seen } from "../files/emscripten.ts";
import type { InterpreterSettings, Loaded } from "../protocol/messages.ts";
import type { Library } from "../wasm/libraries.ts";

/** What an image was made from; it fits while all of it is unchanged. */
export interface Manifest {
  /** Path on the host to a stamp of its file; null: there was none. */
  readonly paths: { readonly [path: string]: string | null };
  /** Folder on the host to a stamp of the names in it. */
  readonly folders: { readonly [folder: string]: string };
  /** Environment variable to a hash of its value; null: not set. */
  readonly environment: { readonly [name: string]: string | null };
  /** See Loaded. */
  readonly schemas: string;
  readonly sockets: readonly string[];
  readonly files: readonly string[];
  /** Of compiled packages. */
  readonly libraries: readonly Library[];
}

const magic = "PUFFIMG1";
/** Magic, length of the manifest, checksum of the memory. */
const headerBytes = 16;
/** Some tens of megabytes each. */
const imagesKept = 6;
/** Nobody writes for longer; what is older was left by a process that ended. */
const writingBound = 600_000;

export interface ImagePaths {
  /** Pyodide with `puff` alone. */
  readonly base: string;
  /** With the user's modules. */
  readonly app: string;
}

/** The image files for these settings. */
export function imagePaths(settings: InterpreterSettings, pyodideVersion: string): ImagePaths {
  const base = hash([pyodideVersion, settings.packageFolder, ...packageContent(settings.packageFolder)]);
  const app = hash([base, settings.sources, process.cwd(), ...settings.pythonPath]);
  return {
    base: join(settings.cacheFolder, `base-${base}.image`),
    app: join(settings.cacheFolder, `app-${app}.image`),
  };
}

/** The manifest for what was seen. */
export function describe(
  seen: Seen,
  environmentReads: readonly string[],
  settings: InterpreterSettings,
  loaded: Pick<Loaded, "schemas" | "sockets" | "files">,
  libraries: readonly Library[],
): Manifest {
  return {
    paths: Object.fromEntries([...seen.paths].map((path) => [path, stampFile(path)])),
    folders: Object.fromEntries(
      [...seen.folders].map((folder) => [folder, stampFolder(folder, settings.pythonPath.includes(folder))]),
    ),
    environment: Object.fromEntries(environmentReads.map((name) => [name, stampVariable(name, settings.environment)])),
    schemas: loaded.schemas,
    sockets: loaded.sockets,
    files: loaded.files,
    libraries,
  };
}

/** The memory in that file and what it was made from; null if there is none, it does not fit or is damaged. */
export function readImage(
  path: string,
  settings: InterpreterSettings,
): { readonly manifest: Manifest; readonly memory: Uint8Array } | null {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const header = read(file, 0, headerBytes);
    if (header.toString("latin1", 0, magic.length) !== magic) {
      return null;
    }
    const memoryStart = headerBytes + header.readUInt32LE(8);
    // What this process wrote; the checksum does not cover it, but JSON.parse and the types of its reader's fields do.
    const manifest = JSON.parse(read(file, headerBytes, header.readUInt32LE(8)).toString()) as Manifest;
    if (!fits(manifest, settings)) {
      return null;
    }
    const memory = read(file, memoryStart, fstatSync(file).size - memoryStart);
    if (crc32(memory) !== header.readUInt32LE(12)) {
      return null;
    }
    // The oldest files go first when there are too many.
    utimesSync(path, new Date(), new Date());
    return { manifest, memory };
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

/** Writes the file at once or not at all, and deletes the oldest where there are too many. */
export async function writeImage(path: string, folder: string, manifest: Manifest, memory: Uint8Array): Promise<void> {
  // A restored image is code that runs: nobody else may write here.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = Buffer.from(JSON.stringify(manifest));
  const header = Buffer.alloc(headerBytes);
  header.write(magic, "latin1");
  header.writeUInt32LE(text.length, 8);
  header.writeUInt32LE(crc32(memory), 12);
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writev([header, text, memory]);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await prune(folder);
}

export function deleteImage(path: string): void {
  rmSync(path, { force: true });
}

function fits(manifest: Manifest, settings: InterpreterSettings): boolean {
  return (
    Object.entries(manifest.environment).every(
      ([name, stamp]) => stampVariable(name, settings.environment) === stamp,
    ) &&
    Object.entries(manifest.folders).every(
      ([folder, stamp]) => stampFolder(folder, settings.pythonPath.includes(folder)) === stamp,
    ) &&
    Object.entries(manifest.paths).every(([path, stamp]) => stampFile(path) === stamp)
  );
}

function stampFile(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) {
    return null;
  }
  const link = lstatSync(path).isSymbolicLink() ? `${realpathSync(path)} ` : "";
  // A folder's own times change with files that nobody looked at.
  return link + (found.isDirectory() ? "folder" : `${found.size} ${found.mtimeNs} ${found.ino}`);
}

function stampFolder(folder: string, modulesOnly: boolean): string {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.name !== "__pycache__" && !entry.name.startsWith("."))
      .filter((entry) => !modulesOnly || entry.isDirectory() || /\.(py|pyc|so|pyd)$/.test(entry.name))
      .map((entry) => entry.name);
    return hash(entries.sort());
  } catch {
    return "none";
  }
}

function stampVariable(name: string, environment: { readonly [name: string]: string }): string | null {
  // Python looked at all of them.
  const value = name === "*" ? Object.entries(environment).sort().join("\n") : environment[name];
  return value === undefined ? null : hash([value]);
}

function packageContent(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".py"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((path) => [path, readFileSync(path, "latin1")]);
}

async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => /\.(image|tmp)$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const time = await stat(path).then(
        (found) => found.mtimeMs,
        () => 0,
      );
      return { path, time, temporary: name.endsWith(".tmp") };
    }),
  );
  const images = files.filter((file) => !file.temporary).sort((one, other) => other.time - one.time);
  const left = files.filter((file) => file.temporary && Date.now() - file.time > writingBound);
  await Promise.all([...images.slice(imagesKept), ...left].map((file) => rm(file.path, { force: true })));
}

/** Reads that many bytes into a buffer of its own: Pyodide wants the memory aligned. */
function read(file: number, start: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(Math.max(length, 0));
  let at = 0;
  while (at < length) {
    const bytes = readSync(file, buffer, at, length - at, start + at);
    if (bytes === 0) {
      throw new Error("the file ends early");
    }
    at += bytes;
  }
  return buffer;
}

function hash(parts: readonly string[]): string {
  const sum = createHash("sha256");
  for (const part of parts) {
    sum.update(`${part.length}:${part}`);
  }
  return sum.digest("hex").slice(0, 32);
}
