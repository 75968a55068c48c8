/** The locks of `fcntl.flock`, among the open files of one interpreter: Node asks the system for none. */
import { fstatSync } from "node:fs";
import type { EmscriptenFileSystem, FileStream } from "./emscripten.ts";

/** LOCK_EX and LOCK_UN. */
const exclusive = 2;
const unlock = 8;

export class FileLocks {
  #files: EmscriptenFileSystem | null = null;
  /** For each file that is locked, which open files hold it; one that holds it exclusively is alone. */
  readonly #held = new Map<unknown, Map<object, boolean>>();

  /** Takes the file system whose files are locked. Closing a file gives its lock back. */
  use(files: EmscriptenFileSystem): void {
    this.#files = files;
    const { close } = files;
    files.close = (stream) => {
      const isLast = !files.streams.some(
        (other) => other != null && other !== stream && other.shared === stream.shared,
      );
      if (isLast && this.#held.size > 0) {
        this.#release(stream);
      }
      close(stream);
    };
  }

  /** Does what `flock` does, except that it never waits: false where another open file has the lock. */
  lock(descriptor: number, operation: number): boolean {
    const stream = this.#files?.streams[descriptor];
    if (stream == null || (operation & unlock) !== 0) {
      if (stream != null) {
        this.#release(stream);
      }
      return true;
    }
    const file = identify(stream);
    const wantsAll = (operation & exclusive) !== 0;
    const holders = this.#held.get(file) ?? new Map<object, boolean>();
    for (const [holder, isExclusive] of holders) {
      if (holder !== stream.shared && (wantsAll || isExclusive)) {
        return false;
      }
    }
    this.#held.set(file, holders.set(stream.shared, wantsAll));
    return true;
  }

  #release({ shared }: FileStream): void {
    for (const [file, holders] of this.#held) {
      if (holders.delete(shared) && holders.size === 0) {
        this.#held.delete(file);
      }
    }
  }
}

/** What two descriptors of one file have in common, whatever its path. */
function identify({ nfd, node }: FileStream): unknown {
  if (nfd === undefined) {
    return node;
  }
  const { dev, ino } = fstatSync(nfd, { bigint: true });
  return `${dev} ${ino}`;
}
