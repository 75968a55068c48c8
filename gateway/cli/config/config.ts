/** The effective configuration: flags win over environment variables, these over puff.toml, and that over defaults. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { parseEnv } from "node:util";
import { PuffError } from "../../../schema/index.ts";
import type { Limits } from "../../options/options.ts";
import { type ConfigFile, type DatabaseTable, readConfigFile, type SchemaTable, suggest } from "./file.ts";
import { describeWrong, type Kind, postgresUrl } from "./kinds.ts";
import { flagName, optionName, type SettingKey, type SettingValue, settingKeys, settings } from "./settings.ts";

export interface ConfigInput {
  /** What the command line gave, by commander's names; what it did not give is absent. */
  readonly flags: { readonly [name: string]: unknown };
  readonly environment: { readonly [name: string]: string | undefined };
  /** The working folder. */
  readonly cwd: string;
}

export interface Configuration {
  /** The project's folder, which holds `.puff`: that of puff.toml, else the working folder. */
  readonly folder: string;
  /** Path of puff.toml; null: there is none. */
  readonly file: string | null;
  readonly values: { readonly [K in SettingKey]: SettingValue<K> };
  /** Where each value comes from: `--port`, `PUFF_PORT`, `.env: PORT`, `puff.toml:3` or `default`. */
  readonly origins: { readonly [K in SettingKey]: string };
  /** Module of TypeScript resolvers: a `--host` that names a file. */
  readonly hostModule: string | null;
  readonly schemas: readonly ConfiguredSchema[];
  readonly databases: readonly ConfiguredDatabase[];
  readonly limits: Partial<Limits>;
  /** The process's environment, and what `.env` adds to it. */
  readonly environment: { readonly [name: string]: string | undefined };
}

export interface ConfiguredSchema {
  readonly name: string;
  readonly spec: string;
  readonly url: string;
  readonly subscriptionsUrl: string | null;
  readonly playgroundUrl: string | null;
  readonly database: string;
  readonly camelCase: boolean;
  /** Absolute. */
  readonly documents: string | null;
  readonly documentsOnly: boolean;
  readonly origin: string;
}

export interface ConfiguredDatabase {
  readonly name: string;
  /** Null: the embedded Postgres. */
  readonly url: string | null;
  /** Null: queries go to `url`, too. */
  readonly readUrl: string | null;
  readonly pooler: boolean;
  readonly origin: string;
}

/**
 * Puts flags, environment, `.env` and puff.toml together.
 *
 * @throws PuffError `PUFF_CONFIG_INVALID` that names the place, the setting, what came and what is wanted.
 * @example const { values } = await resolveConfig({ flags: { port: "80" }, environment: process.env, cwd: process.cwd() });
 */
export async function resolveConfig({ flags, environment, cwd }: ConfigInput): Promise<Configuration> {
  const first = new Sources(flags, environment, new Set(), null, cwd);
  const chosen = first.pick("config").value;
  const found = chosen ?? join(cwd, "puff.toml");
  const file = chosen !== null || existsSync(found) ? await readConfigFile(found) : null;
  const folder = file?.folder ?? cwd;
  const dotenv = await readDotenv(file, folder);
  const merged = { ...dotenv, ...environment };
  const added = new Set(Object.keys(dotenv).filter((name) => environment[name] === undefined));
  const sources = new Sources(flags, merged, added, file, cwd);
  const { bind, hostModule } = chooseHost(sources);
  const pick = (key: SettingKey) => (key === "bind" ? bind : sources.pick(key));
  // Object.fromEntries forgets which key has which type.
  const values = Object.fromEntries(settingKeys.map((key) => [key, pick(key).value])) as Configuration["values"];
  const origins = Object.fromEntries(settingKeys.map((key) => [key, pick(key).origin])) as Configuration["origins"];
  const databases = chooseDatabases(sources, file?.databases ?? [], merged);
  return {
    folder,
    file: file?.path ?? null,
    values,
    origins,
    hostModule: hostModule?.value ?? null,
    schemas: chooseSchemas(sources, file?.schemas ?? [], databases),
    databases,
    limits: file?.limits ?? {},
    environment: merged,
  };
}

interface Picked<K extends SettingKey> {
  readonly value: SettingValue<K>;
  readonly origin: string;
  /** 0: a flag, 1: the environment, 2: the file, 3: the default. */
  readonly rank: number;
}

/** Where settings come from, the strongest first. */
class Sources {
  readonly #flags: ConfigInput["flags"];
  readonly #environment: ConfigInput["environment"];
  readonly #fromDotenv: ReadonlySet<string>;
  readonly #file: ConfigFile | null;
  readonly #cwd: string;

  constructor(
    flags: ConfigInput["flags"],
    environment: ConfigInput["environment"],
    fromDotenv: ReadonlySet<string>,
    file: ConfigFile | null,
    cwd: string,
  ) {
    this.#flags = flags;
    this.#environment = environment;
    this.#fromDotenv = fromDotenv;
    this.#file = file;
    this.#cwd = cwd;
  }

  pick<K extends SettingKey>(key: K): Picked<K> {
    const [strongest] = this.all(key);
    // The table of settings holds the default of this key's type.
    return strongest ?? { value: settings[key].default as SettingValue<K>, origin: "default", rank: 3 };
  }

  /** What each source that has this setting says. */
  all<K extends SettingKey>(key: K): Picked<K>[] {
    const found: Picked<K>[] = [];
    const kind = settings[key].kind as Kind<SettingValue<K>>; // as in the table of settings
    const add = (raw: unknown, origin: string, rank: number, text: unknown) => {
      const value = kind.read(raw, this.#cwd);
      if (value === undefined) {
        throw new PuffError("PUFF_CONFIG_INVALID", describeWrong(origin, text, kind));
      }
      found.push({ value, origin, rank });
    };
    const flag = this.#flags[optionName(key)];
    if (flag !== undefined) {
      add(typeof flag === "string" ? kind.fromText(flag) : flag, flagName(key), 0, flag);
    }
    for (const name of settings[key].environment) {
      const text = this.#environment[name];
      if (text !== undefined && text !== "") {
        add(kind.fromText(text), this.#fromDotenv.has(name) ? `.env: ${name}` : name, 1, text);
      }
    }
    const inFile = this.#file?.values.get(key);
    if (inFile !== undefined) {
      found.push({ value: inFile.value as SettingValue<K>, origin: inFile.place, rank: 2 }); // checked when the file was read
    }
    return found;
  }
}

/** Variables of `.env`, which a real one of the same name outweighs. Puff reads it too. */
async function readDotenv(file: ConfigFile | null, folder: string): Promise<{ [name: string]: string | undefined }> {
  const path = file?.dotenvPath ?? join(folder, ".env");
  if (file?.dotenv === false || (file?.dotenvPath == null && !existsSync(path))) {
    return {};
  }
  try {
    return parseEnv(await readFile(path, "utf8"));
  } catch (error) {
    throw new PuffError("PUFF_CONFIG_INVALID", `${path} can't be read`, {
      place: basename(file?.path ?? path),
      remedy: "Correct dotenv_path, or set dotenv = false.",
      cause: error,
    });
  }
}

/** `--host` names a module or an address, and `--bind` an address: it outweighs a `--host` of the same source. */
function chooseHost(sources: Sources): { bind: Picked<"bind">; hostModule: Picked<"bind"> | null } {
  const hosts = sources.all("host").map(({ value, origin, rank }) => {
    const modules = value.filter(isAbsolute);
    const addresses = value.filter((item) => !isAbsolute(item));
    if (modules.length > 1 || addresses.length > 1) {
      throw new PuffError("PUFF_CONFIG_INVALID", `${origin} names ${value.join(" and ")}`, {
        remedy: "Name one module and one address at most.",
      });
    }
    const pickedOf = (values: readonly string[]) => values.map((only) => ({ value: only, origin, rank }));
    return { modules: pickedOf(modules), addresses: pickedOf(addresses) };
  });
  const binds = [...sources.all("bind"), ...hosts.flatMap(({ addresses }) => addresses)];
  const [bind] = binds.sort((one, other) => one.rank - other.rank);
  const [hostModule] = hosts.flatMap(({ modules }) => modules);
  return { bind: bind ?? sources.pick("bind"), hostModule: hostModule ?? null };
}

/** A schema named by a flag or a variable is served alone, in the place of the file's schema named `default`, if there is one. */
function chooseSchemas(
  sources: Sources,
  tables: readonly SchemaTable[],
  databases: readonly ConfiguredDatabase[],
): ConfiguredSchema[] {
  const { value: spec, origin } = sources.pick("schema");
  const standard = tables.find((table) => table.name === "default");
  const chosen =
    spec === null
      ? tables.map((table) => ({ ...table, origin: table.place }))
      : [{ ...unnamed, ...standard, spec, origin, name: standard?.name ?? "default" }];
  const camelCase = sources.pick("camel_case");
  const documents = sources.pick("documents");
  const documentsOnly = sources.pick("documents_only");
  const urls = new Map<string, string>();
  return chosen.map((table) => {
    const url = table.url ?? "/graphql";
    const place = table.place === "" ? {} : { place: table.place };
    const twin = urls.get(url);
    if (twin !== undefined) {
      throw new PuffError("PUFF_CONFIG_INVALID", `the schemas "${twin}" and "${table.name}" both have the URL ${url}`, {
        ...place,
        remedy: "Give each [[graphql]] its own url.",
      });
    }
    urls.set(url, table.name);
    const names = databases.map(({ name }) => name);
    const database = table.database ?? (names.includes("default") ? "default" : (names[0] ?? "default"));
    if (!names.includes(database)) {
      throw new PuffError("PUFF_CONFIG_INVALID", `the schema "${table.name}" uses the unknown database "${database}"`, {
        ...place,
        remedy: `${suggest(database, names)} A database is named by [[postgres]].`,
      });
    }
    return {
      name: table.name,
      spec: table.spec,
      url,
      subscriptionsUrl: table.subscriptionsUrl ?? null,
      playgroundUrl: table.playgroundUrl ?? null,
      database,
      camelCase: chooseOfTable(camelCase, table.camelCase),
      documents: chooseOfTable(documents, table.documents),
      documentsOnly: chooseOfTable(documentsOnly, table.documentsOnly),
      origin: table.origin,
    };
  });
}

/** A flag and the environment come before the schema's table, and the table before the rest of the file. */
function chooseOfTable<T>({ value, rank }: { readonly value: T; readonly rank: number }, ofTable: T | undefined): T {
  return rank < 2 ? value : (ofTable ?? value);
}

const unnamed: Omit<SchemaTable, "spec" | "name"> = {
  url: undefined,
  subscriptionsUrl: undefined,
  playgroundUrl: undefined,
  database: undefined,
  camelCase: undefined,
  documents: undefined,
  documentsOnly: undefined,
  place: "",
};

/**
 * The file's databases. The one named `default` takes its URLs from flags and DATABASE_URL first, any other from
 * PUFF_<NAME>_POSTGRES_URL and PUFF_<NAME>_POSTGRES_READ_URL, so that no password has to stand in a file.
 */
function chooseDatabases(
  sources: Sources,
  tables: readonly DatabaseTable[],
  environment: ConfigInput["environment"],
): ConfiguredDatabase[] {
  const { value: url, origin } = sources.pick("database_url");
  const readUrl = sources.pick("read_database_url").value;
  const pooler = sources.pick("database_pooler");
  const isGiven = url !== null && !tables.some((table) => table.name === "default");
  const standard = isGiven || tables.length === 0 ? [{ ...unnamedDatabase, name: "default", place: "default" }] : [];
  return [...standard, ...tables].map((table) => {
    if (table.name !== "default") {
      const chosen = readVariable(environment, table, "POSTGRES_URL") ?? { value: table.url, origin: table.place };
      const replica = readVariable(environment, table, "POSTGRES_READ_URL")?.value ?? table.readUrl ?? null;
      if (chosen.value === undefined) {
        throw new PuffError("PUFF_CONFIG_INVALID", `the database "${table.name}" has no URL`, {
          place: table.place,
          remedy: `Give ${variableOf(table, "POSTGRES_URL")} or url ${postgresUrl.wanted}.`,
        });
      }
      const { value, origin: place } = chosen;
      return { name: table.name, url: value, readUrl: replica, pooler: table.pooler ?? false, origin: place };
    }
    const own = url === null && table.url !== undefined ? { url: table.url, origin: table.place } : { url, origin };
    return {
      name: table.name,
      readUrl: readUrl ?? table.readUrl ?? null,
      pooler: pooler.rank < 3 ? pooler.value : (table.pooler ?? false),
      ...own,
    };
  });
}

const unnamedDatabase: Omit<DatabaseTable, "name" | "place"> = {
  url: undefined,
  readUrl: undefined,
  pooler: undefined,
};

function variableOf({ name }: DatabaseTable, what: string): string {
  return `PUFF_${name.toUpperCase().replace(/\W/g, "_")}_${what}`;
}

/** A URL of the environment; null: it has none. */
function readVariable(
  environment: ConfigInput["environment"],
  table: DatabaseTable,
  what: "POSTGRES_URL" | "POSTGRES_READ_URL",
): { readonly value: string; readonly origin: string } | null {
  const origin = variableOf(table, what);
  const text = environment[origin];
  const value = text === undefined ? undefined : postgresUrl.read(text, "");
  if (text !== undefined && value === undefined) {
    throw new PuffError("PUFF_CONFIG_INVALID", `${origin} is not a Postgres URL`, {
      place: table.place,
      remedy: `Give ${origin} or url ${postgresUrl.wanted}.`,
    });
  }
  return value === undefined ? null : { value, origin };
}
