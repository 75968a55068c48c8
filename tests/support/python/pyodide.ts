/** One Pyodide interpreter with the package `puff`, driven through the door that the bridge uses: `puff._bridge`. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { printSchema } from "graphql";
import type { PyodideAPI } from "pyodide";
import {
  buildExecutableSchema,
  type JsonValue,
  type ResolveBatch,
  type ResolveBatchResult,
  type ResolveResult,
  type ResolverCall,
  type SchemaDescription,
} from "../../../schema/index.ts";
import { startPlainPyodide } from "./plain-pyodide.ts";

/** What most schemas of the tests begin with. */
export const prelude = `
import asyncio, datetime, decimal, enum, json, logging, uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Optional
from puff import graphql, host
from puff.graphql import ID, JSON, BigInt, Context, PermissionDenied, Plan, sql

class Color(enum.Enum):
    RED = "r"
    BLUE = "b"

@dataclass
class Comment:
    id: int

@dataclass
class Post:
    id: int
    title: str
`;

interface LoadError {
  readonly code: string;
  readonly place: string | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly traceback: string | null;
}

interface LoadAnswer {
  readonly schemas?: { readonly [name: string]: SchemaDescription };
  readonly error?: LoadError;
  readonly files: readonly string[];
}

/** What Python said to the host. */
interface HostRecord {
  readonly level: string;
  readonly logger: string;
  readonly message: string;
}

export class TestPython {
  readonly log: HostRecord[] = [];
  /** Host functions, by name. */
  readonly functions = new Map<string, (...args: JsonValue[]) => Promise<JsonValue>>();
  readonly pyodide: PyodideAPI;
  readonly #folder: string;
  readonly #bridge;
  readonly #parked = new Map<number, () => void>();
  #cases = 0;

  /** `packages`: a folder of packages that can be imported. */
  static async start(packages?: string): Promise<TestPython> {
    const pyodide = await startPlainPyodide();
    if (packages !== undefined) {
      mount(pyodide, packages, "/packages");
      pyodide.runPython("import sys; sys.path.append('/packages')");
    }
    return new TestPython(pyodide, await mkdtemp(join(tmpdir(), "puff-python-")));
  }

  private constructor(pyodide: PyodideAPI, folder: string) {
    this.pyodide = pyodide;
    this.#folder = folder;
    mount(pyodide, join(import.meta.dirname, "../../../python-bridge/python"), "/puff");
    mount(pyodide, folder, "/cases");
    pyodide.registerJsModule("_puff_host", {
      call: async (_service: "functions", name: string, args: string) => {
        try {
          const hostFunction = this.functions.get(name);
          if (hostFunction === undefined) {
            throw new Error(`there is no host function ${name}`);
          }
          return JSON.stringify({ value: await hostFunction(...JSON.parse(args)) });
        } catch (error) {
          return JSON.stringify({
            error: { code: null, message: error instanceof Error ? error.message : "", data: null },
          });
        }
      },
      park: (key: number, milliseconds?: number) =>
        new Promise<string>((resolve) => {
          this.#parked.set(key, () => resolve(""));
          if (milliseconds !== undefined) {
            setTimeout(resolve, milliseconds, "");
          }
        }),
      unpark: (key: number) => this.#parked.get(key)?.(),
      zone: () => [0, 0], // its local time is the host's
      log: (level: string, logger: string, message: string) => {
        this.log.push({ level, logger, message });
      },
    });
    pyodide.runPython("import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/puff')");
    pyodide.pyimport("puff._cooperative").install();
    this.#bridge = pyodide.pyimport("puff._bridge");
  }

  /** Writes files into a folder of their own, where Python then stands, and loads the schema that a spec names. */
  load(
    files: string | { readonly [path: string]: string },
    { spec = "schema.py", camelCase = false }: { readonly spec?: string; readonly camelCase?: boolean } = {},
  ): Promise<LoadAnswer> {
    return this.#load(files, [{ name: "default", spec, camelCase }]);
  }

  /** The schemas of several modules, loaded in this order. */
  async descriptions(
    files: { readonly [path: string]: string },
    modules: readonly string[],
  ): Promise<{ readonly [name: string]: SchemaDescription }> {
    const specs = modules.map((name) => ({ name, spec: `${name}.py`, camelCase: false }));
    const { schemas, error } = await this.#load(files, specs);
    if (schemas === undefined) {
      throw new Error(`${error?.place}: ${error?.message}`);
    }
    return schemas;
  }

  async #load(
    files: string | { readonly [path: string]: string },
    schemas: readonly { readonly name: string; readonly spec: string; readonly camelCase: boolean }[],
  ): Promise<LoadAnswer> {
    const name = `case${this.#cases++}`;
    for (const [path, text] of Object.entries(typeof files === "string" ? { "schema.py": files } : files)) {
      const file = join(this.#folder, name, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    // As in a new interpreter: modules of earlier cases are forgotten.
    this.pyodide.runPython(`
import os, sys
def places(module):
    spec = getattr(module, "__spec__", None)
    return [] if spec is None else [spec.origin or "", *(spec.submodule_search_locations or [])]
for name in [name for name, module in sys.modules.items() if any(path.startswith("/cases") for path in places(module))]:
    del sys.modules[name]
sys.path[:] = ["/cases/${name}"] + [path for path in sys.path if not path.startswith("/cases")]
os.makedirs("/cases/${name}", exist_ok=True)
os.chdir("/cases/${name}")`);
    const sources = JSON.stringify({ schemas, wsgi: null, django: null });
    return JSON.parse(await this.#bridge.load.callPromising(sources));
  }

  /** The schema's SDL, as clients see it; fails where it does not load. */
  async sdl(...load: Parameters<TestPython["load"]>): Promise<string> {
    return printSchema(buildExecutableSchema("default", await this.description(...load)).schema);
  }

  async description(...load: Parameters<TestPython["load"]>): Promise<SchemaDescription> {
    const answer = await this.load(...load);
    const description = answer.schemas?.["default"];
    if (description === undefined) {
      throw new Error(`${answer.error?.place}: ${answer.error?.message}\n${answer.error?.traceback}`);
    }
    return description;
  }

  /** The error with which a schema does not load, in the order a person reads it. */
  async mistake(...load: Parameters<TestPython["load"]>): Promise<string> {
    const { error } = await this.load(...load);
    return error === undefined ? "no error" : `${error.code} ${error.place}: ${error.message} | ${error.remedy}`;
  }

  /** Loads a schema whose query has one resolver `it`, of this body. */
  async loadIt(body: string, { parameters = "", returns = "str", before = "" } = {}): Promise<void> {
    await this.description(`${prelude}${before}
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /${parameters === "" ? "" : `, ${parameters}`}) -> ${returns}:
${body.replaceAll(/^/gm, "        ")}
@dataclass
class Schema:
    query: Query
`);
  }

  async batch(batch: Partial<ResolveBatch>): Promise<ResolveBatchResult> {
    const whole: ResolveBatch = {
      schema: "default",
      authToken: null,
      headers: null,
      auth: null,
      calls: [],
      repeatable: true,
      ...batch,
    };
    return JSON.parse(await this.#bridge.resolve.callPromising(JSON.stringify(whole)));
  }

  /** Calls one resolver. */
  async resolve(field: string, call: Partial<ResolverCall> = {}): Promise<ResolveResult> {
    const { results } = await this.batch({
      calls: [{ field, args: {}, parents: "root", selection: null, ...call }],
    });
    if (results[0] === undefined) {
      throw new Error("no result");
    }
    return results[0];
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function mount(pyodide: PyodideAPI, root: string, mountpoint: string): void {
  pyodide.FS.mkdirTree(mountpoint);
  pyodide.FS.mount(pyodide.FS.filesystems["NODEFS"], { root }, mountpoint);
}
