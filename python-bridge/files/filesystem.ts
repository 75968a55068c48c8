/** The host's folders inside the interpreter, at the paths they have on the host; read-only unless told otherwise. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EmscriptenFileSystem, HostFiles } from "./emscripten.ts";
import { guardedNodeFs, isWithin } from "./node-files.ts";
import { keepUmask } from "./umask.ts";

/** Folders of the interpreter's own file system that a mount at the same path would hide. */
const ownFolders = new Set(["/", "/lib", "/tmp", "/home", "/home/pyodide", "/dev", "/proc", "/usr", "/etc", "/mnt"]);
/** Where such a folder of the host is reached instead, its entries linked from where they belong. */
const besides = "/.host";

export function openHostFiles(files: EmscriptenFileSystem): HostFiles {
  keepUmask(files);
  const mounted = new Set<string>();
  const { fileSystem, allowWriting, record } = guardedNodeFs(files, reach);
  const mountOne = (folder: string, at: string): void => {
    files.mkdirTree(at);
    files.mount(fileSystem, { root: folder }, at);
  };
  const mount = (folders: readonly string[]): void => {
    for (const folder of topFolders([...mounted, ...folders])) {
      if (mounted.has(folder)) {
        continue;
      }
      mounted.add(folder);
      if (ownFolders.has(folder)) {
        mountOne(folder, besides + folder);
        linkEntries(files, folder);
      } else {
        mountOne(folder, folder);
      }
    }
  };
  /** What a link leads to is there at its own path, even outside of what is mounted: the host has it there. */
  function reach(path: string): void {
    if ([...mounted].some((folder) => !ownFolders.has(folder) && isWithin(path, folder))) {
      return;
    }
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) {
      mount([path]);
    } else if (found !== undefined && !files.analyzePath(path, true).exists) {
      mounted.add(path);
      mountOne(path, path);
    }
  }
  return { mount, allowWriting, record };
}

/** Existing folders, without those that lie in another of them. */
function topFolders(folders: readonly string[]): string[] {
  const existing = [...new Set(folders)].filter((folder) => existsSync(folder) && statSync(folder).isDirectory());
  return existing.filter(
    (folder) =>
      !existing.some(
        // A folder that can't be mounted whole covers nothing: its entries are linked one by one.
        (other) => other !== folder && !ownFolders.has(other) && isWithin(folder, other),
      ),
  );
}

function linkEntries(files: EmscriptenFileSystem, folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!files.analyzePath(path, true).exists) {
      files.symlink(besides + path, path);
    }
  }
}
