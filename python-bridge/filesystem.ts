/** The host's folders inside the interpreter, at the paths they have on the host; read-only unless told otherwise. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, sep } from "node:path";

/** What is needed of Emscripten's file system, which has no types that say it. */
export interface EmscriptenFileSystem {
  mkdirTree(path: string): void;
  mount(fileSystem: unknown, options: { readonly root: string }, at: string): unknown;
  symlink(target: string, path: string): unknown;
  analyzePath(path: string, dontFollow: boolean): { readonly exists: boolean };
  readonly streams: readonly unknown[];
  readonly ErrnoError: new (errno: number) => Error;
  readonly filesystems: { readonly NODEFS: NodeFileSystem };
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
/** Emscripten's number for EROFS. */
const readOnlyError = 69;
/** S_IFMT and S_IFREG. */
const fileTypes = 0o170000;
const regularFile = 0o100000;

export function openHostFiles(files: EmscriptenFileSystem): HostFiles {
  const { fileSystem, allowWriting, record } = guardedNodeFs(files);
  const mounted = new Set<string>();
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
  return { mount, allowWriting, record };
}

/** Existing folders, without those that lie in another of them. */
function topFolders(folders: readonly string[]): string[] {
  const existing = [...new Set(folders)].filter((folder) => existsSync(folder) && statSync(folder).isDirectory());
  return existing.filter(
    (folder) =>
      !existing.some(
        // A folder that can't be mounted whole covers nothing: its entries are linked one by one.
        (other) => other !== folder && !ownFolders.has(other) && folder.startsWith(other + sep),
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

/** The parts of Emscripten's NODEFS that are replaced. */
interface NodeFileSystem {
  getMode(path: string): number;
  getattr(read: () => unknown, node: unknown): unknown;
  realPath(node: unknown): string;
  tryFSOperation<T>(operation: () => T): T;
  readonly node_ops: { [operation: string]: (...args: unknown[]) => unknown };
  readonly stream_ops: { [operation: string]: (...args: unknown[]) => unknown };
}

function guardedNodeFs(files: EmscriptenFileSystem): {
  readonly fileSystem: NodeFileSystem;
  readonly allowWriting: HostFiles["allowWriting"];
  readonly record: HostFiles["record"];
} {
  const fileSystem = files.filesystems.NODEFS;
  const { node_ops: nodes, stream_ops: streams } = fileSystem;
  const writable: string[] = [];
  const guard = (node: unknown): void => {
    const path = fileSystem.realPath(node);
    if (!writable.some((folder) => path === folder || path.startsWith(folder + sep))) {
      throw new files.ErrnoError(readOnlyError);
    }
  };
  /** The parameters that are nodes to be changed: an entry's folder, or the file itself. */
  const changing = { mknod: [0], rename: [0, 1], unlink: [0], rmdir: [0], symlink: [0], setattr: [0] };
  for (const [name, places] of Object.entries(changing)) {
    const operation = operationOf(nodes, name);
    nodes[name] = (...args) => {
      for (const place of places) {
        guard(args[place]);
      }
      return operation(...args);
    };
  }
  // Emscripten makes a file with all permissions, then sets those asked for, without the umask.
  const made = new WeakSet<object>();
  const make = operationOf(nodes, "mknod");
  nodes["mknod"] = (parent, name, mode, device) => {
    const node = make(parent, name, mode, device) as object;
    if ((Number(mode) & fileTypes) === regularFile) {
      made.add(node);
    }
    return node;
  };
  const change = operationOf(nodes, "setattr");
  nodes["setattr"] = (node, attributes) => {
    const { mode } = attributes as { readonly mode?: number };
    const isNew = mode !== undefined && made.delete(node as object);
    return change(node, isNew ? { ...(attributes as object), mode: mode & ~process.umask() } : attributes);
  };

  const open = operationOf(streams, "open");
  streams["open"] = (stream) => {
    const { flags, node } = stream as { readonly flags: number; readonly node: unknown };
    // O_WRONLY or O_RDWR.
    if ((flags & 3) !== 0) {
      guard(node);
    }
    return open(stream);
  };
  // Links are followed on the host: their targets may lie outside of what is mounted.
  fileSystem.getMode = (path) => fileSystem.tryFSOperation(() => statSync(path).mode);
  nodes["getattr"] = (node) => fileSystem.getattr(() => statSync(fileSystem.realPath(node)), node);

  let seen: Seen | null = null;
  const lookup = operationOf(nodes, "lookup");
  nodes["lookup"] = (parent, name) => {
    seen?.paths.add(join(fileSystem.realPath(parent), String(name)));
    return lookup(parent, name);
  };
  const list = operationOf(nodes, "readdir");
  nodes["readdir"] = (node) => {
    seen?.folders.add(fileSystem.realPath(node));
    return list(node);
  };
  const record = (into: Seen) => {
    seen = into;
    return () => {
      seen = null;
    };
  };
  const allowWriting = (folders: readonly string[]) => void writable.push(...folders);
  return { fileSystem, allowWriting, record };
}

function operationOf(operations: NodeFileSystem["node_ops"], name: string): (...args: unknown[]) => unknown {
  const operation = operations[name];
  if (operation === undefined) {
    throw new Error(`this Pyodide's NODEFS has no ${name}`);
  }
  return operation;
}
