/** Reads puff.toml: what it may hold, and for each mistake in it the line, what came and what is wanted. */
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { closestMatch } from "leven";
import { parse, TomlError } from "smol-toml";
import { PuffError } from "../../../schema/index.ts";
import { defaultLimits, type Limits } from "../../options/options.ts";
import { boolean, describeWrong, integer, type Kind, path, postgresUrl, schemaSpec, text, urlPath } from "./kinds.ts";
import { type SettingKey, settingKeys, settings } from "./settings.ts";

export interface ConfigFile {
  readonly path: string;
  /** Relative paths in the file start here. */
  readonly folder: string;
  /** Top-level settings, checked, each with its `puff.toml:line`. */
  readonly values: ReadonlyMap<SettingKey, Placed>;
  readonly schemas: readonly SchemaTable[];
  readonly databases: readonly DatabaseTable[];
  readonly limits: Partial<Limits>;
  readonly dotenv: boolean;
  readonly dotenvPath: string | null;
}

export interface Placed {
  readonly value: unknown;
  readonly place: string;
}

/** A table `[[graphql]]`; what it leaves out is undefined. */
export interface SchemaTable {
  readonly name: string;
  readonly spec: string;
  readonly url: string | undefined;
  readonly subscriptionsUrl: string | undefined;
  readonly playgroundUrl: string | undefined;
  readonly database: string | undefined;
  readonly camelCase: boolean | undefined;
  readonly documents: string | undefined;
  readonly documentsOnly: boolean | undefined;
  readonly place: string;
}

/** A table `[[postgres]]`. */
export interface DatabaseTable {
  readonly name: string;
  readonly url: string | undefined;
  readonly readUrl: string | undefined;
  readonly pooler: boolean | undefined;
  readonly place: string;
}

/** Puff's keys that this gateway does not need, with what to do instead. */
const foreignKeys = new Map(
  [
    ...["redis", "pubsub", "task_queue", "http_client", "asgi", "commands", "pytest", "pytest_path"],
    ...["llm", "memory", "agents", "agent_server", "supervision", "agent_supervisors", "asyncio", "greenlets"],
  ].map((key): [string, string] => [key, "Puff has it, puff-gateway does not: remove it."]),
)
  .set("compression_middleware", "Responses are always compressed if the client allows it: remove it.")
  .set("add_cwd_to_path", "Python always finds modules in the working folder: remove it.")
  .set("pool_size", "Put pool_size under [limits].");

/**
 * Reads and checks a configuration file.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` with `puff.toml:line`, the key, what came and what is wanted.
 * @example const { values } = await readConfigFile("/project/puff.toml"); values.get("port"); // { value: 8080, place: "puff.toml:1" }
 */
export async function readConfigFile(file: string): Promise<ConfigFile> {
  const source = await readSource(file);
  const reader = new TableReader(basename(file), dirname(file), source);
  const root = parseToml(source, basename(file));
  const fileSettings = settingKeys.filter((key) => settings[key].inFile !== false);
  reader.refuseUnknown(root, [], [...fileSettings, "dotenv", "dotenv_path", "graphql", "postgres", "limits"]);
  const values = new Map<SettingKey, Placed>();
  for (const key of fileSettings) {
    const kind: Kind<unknown> = settings[key].kind;
    const value = reader.read(root, [], key, kind);
    if (value !== undefined) {
      values.set(key, { value, place: reader.place([], key) });
    }
  }
  return {
    path: file,
    folder: dirname(file),
    values,
    schemas: readSchemas(reader, root),
    databases: readDatabases(reader, root),
    limits: readLimits(reader, root),
    dotenv: reader.read(root, [], "dotenv", boolean) ?? true,
    dotenvPath: reader.read(root, [], "dotenv_path", path) ?? null,
  };
}

async function readSource(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new PuffError("PUFF_CONFIG_INVALID", "the configuration file can't be read", {
      place: file,
      remedy: "Name a file that exists with --config, or leave --config and PUFF_CONFIG out.",
      cause: error,
    });
  }
}

function parseToml(source: string, name: string): Table {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof TomlError)) {
      throw error;
    }
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "") ?? "";
    throw new PuffError("PUFF_CONFIG_INVALID", `this is not TOML: ${reason}`, {
      place: `${name}:${error.line}:${error.column}`,
      cause: error,
    });
  }
}

function readSchemas(reader: TableReader, root: Table): SchemaTable[] {
  const keys = ["enable", "name", "schema", "url", "subscriptions_url", "subscription_url", "playground_url"];
  const tables: SchemaTable[] = [];
  for (const { table, at } of reader.tables(root, "graphql")) {
    reader.refuseUnknown(table, at, [...keys, "database", "camel_case", "documents", "documents_only"]);
    const spec = reader.read(table, at, "schema", schemaSpec);
    if (spec === undefined) {
      throw new PuffError("PUFF_CONFIG_INVALID", "this [[graphql]] does not name a schema", {
        place: reader.place(at),
        remedy: `Add schema = "schema.py" below it.`,
      });
    }
    const subscriptionsUrl = reader.read(table, at, "subscriptions_url", urlPath);
    if (reader.read(table, at, "enable", boolean) !== false) {
      tables.push({
        name: reader.read(table, at, "name", text) ?? "default",
        spec,
        url: reader.read(table, at, "url", urlPath),
        subscriptionsUrl: subscriptionsUrl ?? reader.read(table, at, "subscription_url", urlPath),
        playgroundUrl: reader.read(table, at, "playground_url", urlPath),
        database: reader.read(table, at, "database", text),
        camelCase: reader.read(table, at, "camel_case", boolean),
        documents: reader.read(table, at, "documents", path),
        documentsOnly: reader.read(table, at, "documents_only", boolean),
        place: reader.place(at),
      });
    }
  }
  refuseTwins(tables, "graphql");
  return tables;
}

function readDatabases(reader: TableReader, root: Table): DatabaseTable[] {
  const tables: DatabaseTable[] = [];
  for (const { table, at } of reader.tables(root, "postgres")) {
    reader.refuseUnknown(table, at, ["enable", "name", "url", "read_url", "pooler"]);
    if (reader.read(table, at, "enable", boolean) !== false) {
      tables.push({
        name: reader.read(table, at, "name", text) ?? "default",
        url: reader.read(table, at, "url", postgresUrl),
        readUrl: reader.read(table, at, "read_url", postgresUrl),
        pooler: reader.read(table, at, "pooler", boolean),
        place: reader.place(at),
      });
    }
  }
  refuseTwins(tables, "postgres");
  return tables;
}

function readLimits(reader: TableReader, root: Table): Partial<Limits> {
  const table = root["limits"] ?? {};
  if (!isTable(table)) {
    throw reader.wrong([], "limits", table, { ...text, wanted: "a table [limits]" });
  }
  const names = Object.keys(defaultLimits) as (keyof Limits)[]; // Object.keys forgets the literal type
  reader.refuseUnknown(table, ["limits"], names.map(snakeCase));
  const limits: { -readonly [name in keyof Limits]?: number } = {};
  for (const name of names) {
    const unit = /Deadline|Timeout$/.test(name) ? "milliseconds" : name.endsWith("Bytes") ? "bytes" : "";
    const value = reader.read(table, ["limits"], snakeCase(name), integer(1, 2_147_483_647, unit));
    if (value !== undefined) {
      limits[name] = value;
    }
  }
  return limits;
}

/** `bodyBytes` is `body_bytes` in puff.toml. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function refuseTwins(tables: readonly { readonly name: string; readonly place: string }[], kind: string): void {
  const seen = new Map<string, string>();
  for (const { name, place } of tables) {
    const first = seen.get(name);
    if (first !== undefined) {
      throw new PuffError("PUFF_CONFIG_INVALID", `two [[${kind}]] have the name "${name}", the first at ${first}`, {
        place,
        remedy: "Give each its own name.",
      });
    }
    seen.set(name, place);
  }
}

type Table = { readonly [key: string]: unknown };
/** Where a table stands: `[]`, `["limits"]`, or `["graphql", 1]` for the second `[[graphql]]`. */
type TablePath = readonly [] | readonly [string] | readonly [string, number];

class TableReader {
  readonly #name: string;
  readonly #folder: string;
  readonly #lines: readonly string[];

  constructor(name: string, folder: string, source: string) {
    this.#name = name;
    this.#folder = folder;
    this.#lines = source.split("\n");
  }

  /** The tables of `[[key]]`. */
  tables(root: Table, key: string): { readonly table: Table; readonly at: TablePath }[] {
    const value = root[key] ?? [];
    if (!Array.isArray(value) || !value.every(isTable)) {
      throw this.wrong([], key, value, { ...text, wanted: `tables that each begin with [[${key}]]` });
    }
    return value.map((table, index) => ({ table, at: [key, index] }));
  }

  read<T>(table: Table, at: TablePath, key: string, kind: Kind<T>): T | undefined {
    if (table[key] === undefined) {
      return undefined;
    }
    const value = kind.read(table[key], this.#folder);
    if (value === undefined) {
      throw this.wrong(at, key, table[key], kind);
    }
    return value;
  }

  refuseUnknown(table: Table, at: TablePath, known: readonly string[]): void {
    for (const key of Object.keys(table)) {
      if (!known.includes(key)) {
        const where = at[0] === undefined ? "" : at.length === 1 ? ` in [${at[0]}]` : ` in [[${at[0]}]]`;
        throw new PuffError("PUFF_CONFIG_INVALID", `unknown key "${key}"${where}`, {
          place: this.place(at, key),
          remedy: foreignKeys.get(key) ?? suggest(key, known),
        });
      }
    }
  }

  wrong(at: TablePath, key: string, value: unknown, kind: Kind<unknown>): PuffError {
    const name = at[0] === undefined ? key : `${at[0]}.${key}`;
    return new PuffError("PUFF_CONFIG_INVALID", describeWrong(name, value, kind), { place: this.place(at, key) });
  }

  /** `puff.toml:line` of a key, or of its table where no key is given. The parser tells no lines: they are looked up. */
  place(at: TablePath, key?: string): string {
    const isTableHead = (line: string, [name]: readonly unknown[]) =>
      line.startsWith(`[[${name}]]`) || line.startsWith(`[${name}]`) || line.startsWith(`[${name}.`);
    let start = 0;
    if (at[0] !== undefined) {
      let toSkip = at[1] ?? 0;
      start = this.#lines.findIndex((line) => isTableHead(line.replace(/\s/g, ""), at) && toSkip-- === 0);
    }
    if (key === undefined) {
      return `${this.#name}:${start + 1}`;
    }
    const name = key.replace(/\W/g, "\\$&");
    const head = new RegExp(`^\\s*(?:["']?${name}["']?\\s*[=.]|\\[\\[?\\s*${name}\\s*[\\].])`);
    const line = this.#lines.findIndex((candidate, index) => index >= start && head.test(candidate));
    return line === -1 ? this.#name : `${this.#name}:${line + 1}`;
  }
}

/** The remedy for an unknown name: the nearest known one, or all of them. */
export function suggest(name: string, known: readonly string[]): string {
  const nearest = closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
  return nearest === undefined ? `Known are ${known.join(", ")}.` : `Did you mean "${nearest}"?`;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
