/** The permissions that new files are made without, for one interpreter: Node sets none of them in a worker thread. */
import { chmodSync, lstatSync } from "node:fs";
import type { EmscriptenFileSystem } from "./emscripten.ts";

const permissions = 0o777;
/** O_CREAT. */
const create = 0o100;

/** Has `os.umask` keep what is set, and new files and folders heed it. */
export function keepUmask(files: EmscriptenFileSystem): void {
  let umask = hostUmask();
  // Emscripten's umask asks this thread's `process`, which may not set it.
  process.umask = (mask?: number | string) => {
    const before = umask;
    umask = mask === undefined ? before : Number(mask) & permissions;
    return before;
  };
  const { open, mkdir } = files;
  files.open = (path, flags, mode) => {
    const makes = typeof flags === "number" && (flags & create) !== 0 && mode !== undefined;
    return open(path, flags, makes ? mode & ~umask : mode);
  };
  files.mkdir = (path, mode = permissions) => mkdir(path, mode & ~umask);
}

let known: number | null = null;

/** The process's own. */
function hostUmask(): number {
  known ??= process.umask();
  return known;
}

/** Gives a folder that was just made the permissions meant: the host has taken those of its own umask from them. */
export function undoHostUmask(folder: string, mode: number): void {
  const { mode: made } = lstatSync(folder);
  const wanted = (made & ~permissions) | (mode & permissions);
  if (wanted !== made) {
    chmodSync(folder, wanted);
  }
}
