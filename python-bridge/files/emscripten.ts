/** What Emscripten's file system offers, as far as it is used here. */
import type { Stats } from "node:fs";

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
  readFile(path: string): Uint8Array;
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

/** The parts of it that are replaced. */
export interface NodeFileSystem {
  mount(mount: { readonly opts: { readonly root: string } }): FileNode;
  createNode(parent: FileNode | null, name: string, mode: number, device: number): FileNode;
  getattr(read: () => Stats, node: FileNode): object;
  realPath(node: unknown): string;
  tryFSOperation<T>(operation: () => T): T;
  readonly node_ops: { [operation: string]: (...args: unknown[]) => unknown };
  readonly stream_ops: { [operation: string]: (...args: unknown[]) => unknown };
}
