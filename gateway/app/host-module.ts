/** The host module: TypeScript resolvers for fields, and functions for Python. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { LayerFunction } from "../../planner/index.ts";
import type { HostFunction } from "../../python-bridge/index.ts";
import { type ExecutableSchema, PuffError } from "../../schema/index.ts";
import type { HostModule } from "../options/options.ts";

/** A host module, validated. */
export interface Host {
  /** By `Type.field`. */
  readonly resolvers: ReadonlyMap<string, LayerFunction>;
  readonly functions: ReadonlyMap<string, HostFunction>;
  /** The file it came from; null if it was given as an object. */
  readonly file: string | null;
}

/**
 * Imports a host module and checks its shape. Node runs TypeScript files as they are.
 *
 * @param host - path of the module, or what it would export
 * @throws PuffError `PUFF_HOST_MODULE` naming the file, the key and what came.
 * @example const { functions } = await loadHost("resolvers.ts");
 */
export async function loadHost(host: string | HostModule | undefined): Promise<Host> {
  if (host === undefined) {
    return { resolvers: new Map(), functions: new Map(), file: null };
  }
  const file = typeof host === "string" ? resolve(host) : null;
  const place = file ?? "the host option";
  const exports: { readonly [key: string]: unknown } =
    file === null ? { ...(host as HostModule) } : await importModule(file); // a string has a file
  for (const key of Object.keys(exports)) {
    if (key !== "resolvers" && key !== "functions" && key !== "default") {
      throw invalid(
        place,
        `it exports "${key}", which is not a known export`,
        "Export `resolvers` and `functions` alone.",
      );
    }
  }
  if (exports["resolvers"] === undefined && exports["functions"] === undefined) {
    throw invalid(place, "it exports neither `resolvers` nor `functions`", example);
  }
  return {
    resolvers: readFunctions<LayerFunction>(place, "resolvers", exports["resolvers"]),
    functions: readFunctions<HostFunction>(place, "functions", exports["functions"]),
    file,
  };
}

/**
 * The resolvers for the fields of one schema.
 *
 * @throws PuffError `PUFF_HOST_MODULE` for a field that none of the schemas has.
 */
export function chooseResolvers(
  host: Host,
  schemas: readonly ExecutableSchema[],
  schema: ExecutableSchema,
): ReadonlyMap<string, LayerFunction> {
  const chosen = new Map<string, LayerFunction>();
  for (const [field, resolver] of host.resolvers) {
    if (schema.fields.has(field)) {
      chosen.set(field, resolver);
    } else if (!schemas.some((candidate) => candidate.fields.has(field))) {
      throw invalid(
        host.file ?? "the host option",
        `resolvers["${field}"] names a field that does not exist in any schema`,
        describeFields(schemas, field),
      );
    }
  }
  return chosen;
}

async function importModule(file: string): Promise<{ readonly [key: string]: unknown }> {
  if (!(await stat(file).catch(() => null))?.isFile()) {
    throw invalid(file, "the file does not exist", "Name an existing module with --host.");
  }
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const place = placeInStack(error) ?? file;
    throw new PuffError("PUFF_HOST_MODULE", `importing it failed: ${message}`, { place, cause: error });
  }
}

/** The first file and line that an error's stack names; Node puts those of a syntax error there, too. */
function placeInStack(error: unknown): string | null {
  const stack = (error instanceof Error ? error.stack : null) ?? "";
  const [, path, line] = /(?:file:\/\/)?(\/[^\s():]+):(\d+)/.exec(stack) ?? [];
  return path !== undefined && existsSync(path) ? `${path}:${line}` : null;
}

function readFunctions<F>(place: string, key: "resolvers" | "functions", value: unknown): ReadonlyMap<string, F> {
  if (value === undefined) {
    return new Map();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(place, `\`${key}\` must be an object of functions, but it is ${describeValue(value)}`, example);
  }
  const functions = new Map<string, F>();
  for (const [name, candidate] of Object.entries(value)) {
    if (typeof candidate !== "function") {
      throw invalid(place, `${key}["${name}"] must be a function, but it is ${describeValue(candidate)}`, example);
    }
    if (key === "resolvers" && !/^[A-Za-z_]\w*\.[A-Za-z_]\w*$/.test(name)) {
      throw invalid(place, `resolvers["${name}"] must be named after a field, as "Type.field"`, example);
    }
    functions.set(name, candidate as F); // its parameters can't be seen from outside
  }
  return functions;
}

function describeFields(schemas: readonly ExecutableSchema[], field: string): string {
  const typeName = `${field.split(".")[0]}.`;
  const names = schemas.flatMap((schema) => [...schema.fields.keys()]).filter((name) => name.startsWith(typeName));
  return names.length === 0
    ? `There is no object type named ${typeName.slice(0, -1)}.`
    : `There are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`;
}

function describeValue(value: unknown): string {
  if (value === null || Array.isArray(value)) {
    return value === null ? "null" : "an array";
  }
  return typeof value === "object" ? "an object" : `${typeof value} ${JSON.stringify(value) ?? ""}`.trimEnd();
}

function invalid(place: string, message: string, remedy: string): PuffError {
  return new PuffError("PUFF_HOST_MODULE", message, { place, remedy });
}

const example = 'Write `export const resolvers = { "Post.score": (posts) => posts.map(() => 1) };`.';
