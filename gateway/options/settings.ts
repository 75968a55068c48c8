/** The options with their defaults, checked against each other. */
import { userInfo } from "node:os";
import { resolve } from "node:path";
import envPaths from "env-paths";
import { PuffError } from "../../schema/index.ts";
import { plainRedisUrl } from "../redis/redis-connection.ts";
import {
  type DatabaseSource,
  type DjangoOptions,
  defaultLimits,
  type EngineName,
  type GatewayOptions,
  type Limits,
  type SchemaOptions,
  type StaticFolder,
} from "./options.ts";

export interface Settings {
  readonly schemas: readonly Required<SchemaOptions>[];
  readonly wsgi: string | null;
  readonly django: Required<DjangoOptions> | null;
  /** Absolute folders. */
  readonly static: readonly StaticFolder[];
  readonly databases: readonly DatabaseSource[];
  readonly redisUrl: string | null;
  readonly requireRedis: boolean;
  readonly metrics: boolean;
  /** Absolute folders. */
  readonly pythonPath: readonly string[];
  readonly engine: EngineName;
  readonly python: string | null;
  readonly workers: number;
  readonly limits: Limits;
  readonly verifyPlans: number;
  readonly persistedQueries: boolean;
  readonly introspection: boolean;
  readonly suggestions: boolean;
  readonly maskErrors: boolean;
  readonly corsOrigins: readonly string[];
  /** Null: all. */
  readonly allowedHosts: readonly string[] | null;
  readonly trustProxy: readonly string[];
  readonly cacheFolder: string;
  readonly environment: { readonly [name: string]: string };
}

/**
 * @throws PuffError `PUFF_CONFIG_INVALID` for options that contradict each other.
 * @example readSettings({ schemas: [{ spec: "schema.py" }] }).schemas[0].url; // "/graphql"
 */
export function readSettings(options: GatewayOptions): Settings {
  const production = process.env["NODE_ENV"] === "production";
  const databases = options.databases ?? [];
  const environment = Object.entries(options.environment ?? process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const settings: Settings = {
    schemas: options.schemas.map((schema) => ({
      name: "default",
      url: "/graphql",
      playgroundUrl: null,
      subscriptionsUrl: null,
      database: databases[0]?.name ?? "",
      camelCase: false,
      documentsOnly: false,
      ...schema,
      documents: schema.documents == null ? null : resolve(schema.documents),
      spec: resolveSpec(schema.spec),
    })),
    django:
      options.django == null
        ? null
        : { start: "serve", ...options.django, folder: resolve(options.django.folder ?? ".") },
    wsgi: options.wsgi == null ? null : resolveSpec(options.wsgi),
    static: (options.static ?? []).map(({ url, folder }) => ({ url, folder: resolve(folder) })),
    databases,
    redisUrl: options.redisUrl ?? null,
    requireRedis: options.requireRedis ?? false,
    metrics: options.metrics ?? false,
    pythonPath: (options.pythonPath ?? []).map((folder) => resolve(folder)),
    engine: options.engine ?? "pyodide",
    python: options.python ?? null,
    workers: options.workers ?? 1,
    limits: { ...defaultLimits, ...options.limits },
    verifyPlans: options.verifyPlans ?? 0,
    persistedQueries: options.persistedQueries ?? true,
    introspection: options.introspection ?? true,
    suggestions: options.suggestions ?? !production,
    maskErrors: options.maskErrors ?? production,
    corsOrigins: options.corsOrigins ?? [],
    allowedHosts: options.allowedHosts ?? null,
    trustProxy: options.trustProxy ?? [],
    cacheFolder: resolve(options.cacheFolder ?? envPaths("puff-gateway", { suffix: "" }).cache),
    environment: {
      ...loginName(environment.map(([name]) => name)),
      ...Object.fromEntries(environment),
      ...(options.django == null || options.django.settings === ""
        ? {}
        : { DJANGO_SETTINGS_MODULE: options.django.settings }),
      ...(options.redisUrl == null ? {} : { PUFF_REDIS_URL: plainRedisUrl(options.redisUrl) }),
    },
  };
  check(settings);
  return settings;
}

/**
 * The user who runs this, where the environment names nobody, as in a container: Python's `getpass.getuser` then asks the list
 * of users, which is not there in WebAssembly.
 */
function loginName(named: readonly string[]): { readonly [name: string]: string } {
  if (["LOGNAME", "USER", "LNAME", "USERNAME"].some((name) => named.includes(name))) {
    return {};
  }
  try {
    return { LOGNAME: userInfo().username };
  } catch {
    // A user may be a number alone.
    return {};
  }
}

/** A file's path becomes absolute; a module's name stays. */
function resolveSpec(spec: string): string {
  const [, file, name = ""] = /^(.+\.py)(:\w+(?:\(\))?)?$/.exec(spec) ?? [];
  return file === undefined ? spec : `${resolve(file)}${name}`;
}

function check({ schemas, databases, wsgi, django, ...settings }: Settings): void {
  if (schemas.length === 0 && wsgi === null && django === null) {
    throw invalid("there is no schema to serve", 'Name one, such as { spec: "schema.py" }.');
  }
  const names = databases.map((database) => database.name);
  requireUnique("databases", "name", names);
  requireUnique(
    "schemas",
    "name",
    schemas.map((schema) => schema.name),
  );
  requireUnique(
    "schemas",
    "URL",
    schemas.flatMap(({ url, playgroundUrl }) => [...new Set([url, playgroundUrl ?? url])]),
  );
  requireUnique(
    "static folders",
    "URL",
    settings.static.map(({ url }) => url),
  );
  checkNames(settings);
  const wrong = settings.static.find(
    ({ url }) => !/^\/([^?#*]+\/)?$/.test(url) || (url === "/" && (wsgi ?? django) !== null),
  );
  if (wrong !== undefined) {
    throw invalid(
      `static files can't be served at "${wrong.url}"`,
      'Give a path with a slash at both ends, such as "/static/"; "/" is where a WSGI application is.',
    );
  }
  for (const { name, url, playgroundUrl, database, documents, documentsOnly } of schemas) {
    if (documentsOnly && documents === null) {
      throw invalid(
        `schema "${name}" serves trusted documents only, but has no manifest of them`,
        'Name it: documents = "manifest.json".',
      );
    }
    const relative = [url, playgroundUrl].find((path) => path !== null && !path.startsWith("/"));
    if (relative !== undefined) {
      throw invalid(`the URL "${relative}" of schema "${name}" is not a path`, 'Begin it with "/".');
    }
    if (database !== "" && !names.includes(database)) {
      throw invalid(
        `schema "${name}" reads database "${database}", which is not among the databases`,
        names.length === 0 ? "There are none." : `There are: ${names.join(", ")}.`,
      );
    }
  }
}

function checkNames({ corsOrigins, allowedHosts }: Pick<Settings, "corsOrigins" | "allowedHosts">): void {
  const origin = corsOrigins.find((name) => name !== "*" && (name === "null" || URL.parse(name)?.origin !== name));
  if (origin !== undefined) {
    throw invalid(
      `"${origin}" is not the origin of a web page`,
      'Give scheme and host, without a path: "https://app.example.com".',
    );
  }
  const host = allowedHosts?.find((name) => !/^(\*|\.?[\w-]+(\.[\w-]+)*|[0-9a-f]*:[0-9a-f:.]+)$/i.test(name));
  if (host !== undefined) {
    throw invalid(
      `"${host}" is not a host`,
      'Give its name alone: "example.com", or ".example.com" to include its subdomains.',
    );
  }
}

function requireUnique(list: string, key: string, values: readonly string[]): void {
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined) {
    throw invalid(`two of the ${list} have the ${key} "${twice}"`, `Give each its own ${key}.`);
  }
}

function invalid(message: string, remedy: string): PuffError {
  return new PuffError("PUFF_CONFIG_INVALID", message, { remedy });
}
