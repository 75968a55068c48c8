/** Which processes use a folder: each leaves a file with its number. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * All of it is synchronous: who finds itself the last must be able to act before another joins, and when a process
 * exits nothing else works.
 */
export class Users {
  readonly #folder: string;
  readonly #file: string;
  /** A process may use a folder several times. */
  static #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#file = join(folder, `${process.pid}-${++Users.#count}`);
  }

  join(): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(this.#file, "");
  }

  /** Whether nobody is left. */
  leave(): boolean {
    rmSync(this.#file, { force: true });
    const left = (existsSync(this.#folder) ? readdirSync(this.#folder) : []).filter((name) => {
      const alive = isAlive(Number.parseInt(name, 10));
      if (!alive) {
        rmSync(join(this.#folder, name), { force: true });
      }
      return alive;
    });
    return left.length === 0;
  }
}

/** Whether a process of that number runs. One that has ended and that its parent has not taken note of does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true; // only Linux has such a file
  }
}
