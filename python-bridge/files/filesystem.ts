/** The host's folders inside the interpreter, at the paths they have on the host; read-only unless told otherwise. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { guardedNodeFs, isWithin, type NodeFileSystem } from "./node-files.ts";
import { keepUmask } from "./umask.ts";

/** What is needed of Emscripten's file system, which has no types that say it. */
export interface EmscriptenFileSystem {
  mkdirTree(path: string): void;
  mount(fileSystem: unknown, options: { readonly root: string }, at: string): unknown;
  symlink(target: string, path: string): unknown;
  analyzePath(path: string, dontFollow: boolean): { readonly exists: boolean };
  readonly streams: readonly (FileStream | null | undefined)[];
  createNode(parent: FileNode | null, name: string, mode: number, device: number): FileNode;
  getPath(node: FileNode): string;
  open(path: unknown, flags: unknown, mode?: number): unknown;
  mkdir(path: string, mode?: number): unknown;
  close(stream: FileStream): void;
  readonly ErrnoError: new (errno: number) => Error;
  readonly filesystems: { readonly NODEFS: NodeFileSystem };
}

/** An entry of a folder, kept once it was looked at. */
export interface FileNode {
  readonly parent: FileNode;
  readonly name: string;
  mode: number;
  node_ops: unknown;
  stream_ops: unknown;
}

/** An open file. Descriptors that `dup` made have one `shared`. */
export interface FileStream {
  readonly node: FileNode;
  readonly flags: number;
  /** The host's descriptor, where the file is the host's. */
  readonly nfd?: number;
  readonly shared: object;
}

/** What the user's imports looked at on the host: an interpreter made from their memory is good while it is unchanged. */
export interface Seen {
  readonly paths: Set<string>;
  /** Folders whose names were listed. */
  readonly folders: Set<string>;
}

export interface HostFiles {
  /** Mounts `folders` (those that exist; of nested ones the top). */
  mount(folders: readonly string[]): void;
  /** Lets Python write below these folders. */
  allowWriting(folders: readonly string[]): void;
  /** Collects into `seen` until the returned function is called. */
  record(seen: Seen): () => void;
}

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
