/** Emscripten's NODEFS, corrected: it guards what may be written, and shows links and special files as the host has them. */
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve, sep } from "node:path";
import type { EmscriptenFileSystem, FileNode, FileStream, HostFiles, NodeFileSystem, Seen } from "./emscripten.ts";
import { undoHostUmask } from "./umask.ts";

/** Emscripten's numbers for errors. */
const errors = { invalid: 28, readOnly: 69, noSuchDevice: 60, notSupported: 138 };
/** S_IFMT, and what it can be. */
const fileTypes = 0o170000;
const types = { folder: 0o040000, file: 0o100000, link: 0o120000 };
const typeOf = (mode: unknown): number => Number(mode) & fileTypes;

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/** @param reach Has what lies at a path of the host be there, too, for a link that leads to it. */
export function guardedNodeFs(
  files: EmscriptenFileSystem,
  reach: (path: string) => void,
): {
  readonly fileSystem: NodeFileSystem;
  readonly allowWriting: HostFiles["allowWriting"];
  readonly record: HostFiles["record"];
} {
  const fileSystem = files.filesystems.NODEFS;
  const writable: string[] = [];
  const isWritable = (path: string): boolean => writable.some((folder) => isWithin(path, folder));
  guardWriting(files, (node) => isWritable(fileSystem.realPath(node)));
  showLinks(files, (link, target) => {
    // A link in a folder that may be written to lends that to what it leads to.
    if (isWritable(link) && !isWritable(target)) {
      writable.push(target);
    }
    reach(target);
  });
  showSpecialFiles(files);
  return { fileSystem, allowWriting: (folders) => void writable.push(...folders), record: recordOf(fileSystem) };
}

function guardWriting(files: EmscriptenFileSystem, mayWrite: (node: unknown) => boolean): void {
  const { node_ops: nodes, stream_ops: streams } = files.filesystems.NODEFS;
  const guard = (node: unknown): void => {
    if (!mayWrite(node)) {
      throw new files.ErrnoError(errors.readOnly);
    }
  };
  /** The parameters that are nodes to be changed: an entry's folder, or the file itself. */
  const changing = { mknod: [0], rename: [0, 1], unlink: [0], rmdir: [0], symlink: [0], setattr: [0] };
  for (const [name, places] of Object.entries(changing)) {
    replace(nodes, name, (operation) => (...args) => {
      for (const place of places) {
        guard(args[place]);
      }
      return operation(...args);
    });
  }
  replace(streams, "open", (open) => (stream) => {
    const { flags, node } = stream as FileStream;
    // O_WRONLY or O_RDWR.
    if ((flags & 3) !== 0) {
      guard(node);
    }
    return open(stream);
  });
}

/** Has links be links, as `lstat` says, and lead where they do on the host. */
function showLinks(files: EmscriptenFileSystem, follow: (link: string, target: string) => void): void {
  const fileSystem = files.filesystems.NODEFS;
  const { node_ops: nodes } = fileSystem;
  replace(nodes, "getattr", () => (given) => {
    const node = given as FileNode;
    const path = fileSystem.realPath(node);
    return fileSystem.getattr(() => {
      // What is mounted may itself be a link on the host.
      const found = rootOf(node) === node ? statSync(path) : lstatSync(path);
      // Something else has taken its place on the host since.
      node.mode = typeOf(node.mode) === typeOf(found.mode) ? node.mode : found.mode;
      return found;
    }, node);
  });
  fileSystem.mount = ({ opts: { root } }) => {
    const { mode } = fileSystem.tryFSOperation(() => statSync(root));
    return fileSystem.createNode(null, "/", mode, 0);
  };
  replace(nodes, "readlink", () => (given) => {
    const node = given as FileNode;
    const path = fileSystem.realPath(node);
    return fileSystem.tryFSOperation(() => {
      const found = lstatSync(path);
      if (!found.isSymbolicLink()) {
        if (typeOf(node.mode) !== types.link) {
          throw new files.ErrnoError(errors.invalid);
        }
        // Something else has taken its place on the host since: it leads to itself.
        node.mode = found.mode;
        return basename(path);
      }
      const text = readlinkSync(path);
      const beside = resolve(dirname(path), text);
      if (!isAbsolute(text) && isWithin(beside, fileSystem.realPath(rootOf(node)))) {
        follow(path, beside);
        return text;
      }
      const target = resolve(realpathSync(dirname(path)), text);
      follow(path, target);
      // Where a folder was mounted that is itself a link, a relative text leads elsewhere than on the host.
      return resolve(files.getPath(node.parent), text) === target ? text : target;
    });
  });
}

function rootOf(node: FileNode): FileNode {
  return node.parent === node ? node : rootOf(node.parent);
}

/** Has pipes, sockets and devices of the host be there, which can't be opened or made: opening one may wait for ever. */
function showSpecialFiles(files: EmscriptenFileSystem): void {
  const fileSystem = files.filesystems.NODEFS;
  const { node_ops: nodes, stream_ops: streams } = fileSystem;
  fileSystem.createNode = (parent, name, mode, device) => {
    const node = files.createNode(parent, name, mode, device);
    node.node_ops = nodes;
    node.stream_ops = streams;
    return node;
  };
  replace(nodes, "mknod", (make) => (parent, name, mode, device) => {
    if (typeOf(mode) !== types.file && typeOf(mode) !== types.folder) {
      throw new files.ErrnoError(errors.notSupported);
    }
    const node = make(parent, name, mode, device);
    if (typeOf(mode) === types.folder) {
      undoHostUmask(fileSystem.realPath(node), Number(mode));
    }
    return node;
  });
  replace(streams, "open", (open) => (stream) => {
    const { node } = stream as FileStream;
    if (typeOf(node.mode) !== types.file && typeOf(node.mode) !== types.folder) {
      throw new files.ErrnoError(errors.noSuchDevice);
    }
    return open(stream);
  });
}

function recordOf(fileSystem: NodeFileSystem): HostFiles["record"] {
  const { node_ops: nodes } = fileSystem;
  let seen: Seen | null = null;
  replace(nodes, "lookup", (lookup) => (parent, name) => {
    seen?.paths.add(join(fileSystem.realPath(parent), String(name)));
    return lookup(parent, name);
  });
  replace(nodes, "readdir", (list) => (node) => {
    seen?.folders.add(fileSystem.realPath(node));
    return list(node);
  });
  return (into) => {
    seen = into;
    return () => {
      seen = null;
    };
  };
}

type Operation = (...args: unknown[]) => unknown;

function replace(operations: NodeFileSystem["node_ops"], name: string, by: (plain: Operation) => Operation): void {
  const plain = operations[name];
  if (plain === undefined) {
    throw new Error(`this Pyodide's NODEFS has no ${name}`);
  }
  operations[name] = by(plain);
}
