/** Looks at a CPython of the machine's, before interpreters are made of it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { PuffError } from "../../schema/index.ts";

/** A CPython that can serve. */
export interface NativePython {
  /** Its program, not a script that chooses one. */
  readonly executable: string;
  /** `3.13.0` */
  readonly version: string;
  /** The version of the package greenlet. */
  readonly greenlet: string;
  /** Folders of the project's virtual environment, where it is not that environment's own. */
  readonly sitePackages: readonly string[];
}

const oldest = 11;
/** Milliseconds that a Python may take to tell about itself. */
const patience = 30_000;
/** Runs on any Python, however old. */
const question =
  "import sys, json\n" +
  "try:\n import greenlet\n found = greenlet.__version__\nexcept Exception as error:\n found = None\n" +
  "print(json.dumps([sys.executable, list(sys.version_info[:3]), sys.prefix, found, sys.implementation.name]))";

/** The project's virtual environment, active or `.venv`; null: there is none. */
function findEnvironment(project: readonly string[], environment: Environment): string | null {
  const active = environment["VIRTUAL_ENV"];
  const named = active === undefined || active === "" ? [] : [resolve(active)];
  const folders = [...named, ...project.map((folder) => join(folder, ".venv"))];
  return folders.find((folder) => existsSync(join(folder, "pyvenv.cfg"))) ?? null;
}

type Environment = { readonly [name: string]: string | undefined };

/**
 * @param project - folders where `.venv` may be
 * @param chosen - a path or a command's name; null: that of the project's virtual environment, or else `python3`
 * @throws PuffError `PUFF_CPYTHON_UNFIT`, in one sentence with its remedy.
 * @example (await examinePython("python3.13", ["/app"], process.env)).executable // "/usr/bin/python3.13"
 */
export async function examinePython(
  chosen: string | null,
  project: readonly string[],
  environment: Environment,
): Promise<NativePython> {
  const folder = findEnvironment(project, environment);
  const own = folder === null ? null : programOf(folder);
  const program = chosen ?? own ?? "python3";
  const found = await ask(program, environment);
  const version = found.version.join(".");
  if (found.implementation !== "cpython" || found.version[0] !== 3 || (found.version[1] ?? 0) < oldest) {
    throw unfit(
      `${program} is ${found.implementation} ${version}, and --engine cpython needs CPython 3.${oldest} or newer`,
      {
        remedy: "Name another with --python, such as --python python3.13.",
      },
    );
  }
  const isOwn = folder === null || resolve(found.prefix) === resolve(folder);
  const packages = folder === null || isOwn ? null : packagesOf(folder, found.version[1] ?? 0);
  if (packages !== null && !existsSync(packages)) {
    throw unfit(`${folder} is a virtual environment of another version than ${program}, which is CPython ${version}`, {
      remedy: "Leave --python out, so that the environment's own Python serves, or make the environment anew.",
    });
  }
  if (found.greenlet === null && !(packages !== null && existsSync(join(packages, "greenlet")))) {
    throw unfit(`${program} (CPython ${version}) has no package greenlet, which --engine cpython needs`, {
      remedy: `Run ${program} -m pip install greenlet.`,
    });
  }
  const greenlet = found.greenlet ?? "of the environment";
  return { executable: found.executable, version, greenlet, sitePackages: packages === null ? [] : [packages] };
}

function programOf(folder: string): string {
  return process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}

function packagesOf(folder: string, minor: number): string {
  return join(folder, "lib", `python3.${minor}`, "site-packages");
}

interface Found {
  readonly executable: string;
  readonly version: readonly number[];
  readonly prefix: string;
  readonly greenlet: string | null;
  readonly implementation: string;
}

async function ask(program: string, environment: Environment): Promise<Found> {
  try {
    // What chooses a Python, such as pyenv's scripts, looks for it along PATH.
    const env = { PATH: process.env["PATH"], ...environment };
    const { stdout } = await promisify(execFile)(program, ["-c", question], { env, timeout: patience });
    const [executable, version, prefix, greenlet, implementation] = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    return { executable, version, prefix, greenlet, implementation };
  } catch (error) {
    const { code } = error as { readonly code?: unknown }; // of whatever kind it is
    const reason = code === "ENOENT" ? "there is no such program" : "it does not run";
    throw unfit(`no Python for --engine cpython: ${program}: ${reason}`, {
      remedy: "Install CPython 3.11 or newer, name one with --python, or use --engine pyodide, which needs none.",
      cause: error,
    });
  }
}

function unfit(message: string, options: { readonly remedy: string; readonly cause?: unknown }): PuffError {
  return new PuffError("PUFF_CPYTHON_UNFIT", message, options);
}
