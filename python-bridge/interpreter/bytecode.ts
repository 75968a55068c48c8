/** Python's compiled modules, kept on disk by the hash of their texts, for all projects. Runs in a worker thread. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";

/** Some 15 kB each. */
const filesKept = 10_000;
const checksumBytes = 4;

export class Bytecode {
  readonly #folder: string;
  #wrote = false;

  constructor(cacheFolder: string) {
    this.#folder = join(cacheFolder, "bytecode");
  }

  /** Null if there is none, or if it was damaged. */
  load(key: string): Uint8Array | null {
    try {
      const file = readFileSync(this.#path(key));
      // Pyodide does not know Node's Buffer.
      const code = new Uint8Array(file.buffer, file.byteOffset + checksumBytes, file.length - checksumBytes);
      return crc32(code) === file.readUInt32LE(0) ? code : null;
    } catch {
      return null;
    }
  }

  /** Does nothing if the folder can't be written: the module is compiled again next time. */
  keep(key: string, code: Uint8Array): void {
    const path = this.#path(key);
    const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(code));
    try {
      // It is code that runs: nobody else may write here.
      if (!this.#wrote) {
        mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
        this.#wrote = true;
      }
      writeFileSync(temporary, Buffer.concat([checksum, code]), { mode: 0o600 });
      renameSync(temporary, path);
    } catch {
      // As said.
    }
  }

  /** Deletes the oldest if there are too many. */
  async prune(): Promise<void> {
    const names = this.#wrote ? await readdir(this.#folder).catch(() => []) : [];
    if (names.length <= filesKept) {
      return;
    }
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        return {
          path,
          time: await stat(path).then(
            ({ mtimeMs }) => mtimeMs,
            () => 0,
          ),
        };
      }),
    );
    const newest = files.sort((one, other) => other.time - one.time);
    // A quarter at once, lest each module that is new has the folder read.
    await Promise.all(newest.slice((filesKept * 3) / 4).map(({ path }) => rm(path, { force: true })));
  }

  #path(key: string): string {
    if (!/^[0-9a-f]{64}$/.test(key)) {
      throw new Error("not the name of a module's code");
    }
    return join(this.#folder, key);
  }
}
