/**
 * The settings of the command, in one table: each has a flag, environment variables, a key in puff.toml, a kind, a
 * default and a line of help. `--help`, the reading of puff.toml and `puff-gateway config` all come from it.
 */
import type { EngineName, StaticFolder } from "../../options/options.ts";
import {
  boolean,
  djangoProject,
  hosts,
  integer,
  type Kind,
  oneOf,
  path,
  paths,
  postgresUrl,
  program,
  redisUrl,
  schemaSpec,
  share,
  staticFolders,
  text,
  texts,
  wsgiSpec,
} from "./kinds.ts";

export interface Setting<T> {
  readonly kind: Kind<T>;
  /** The flag as `--help` shows it, with the name of its value; one for true or false has none. */
  readonly flag: string;
  /** Read in this order: the first that is set counts. */
  readonly environment: readonly string[];
  readonly default: T;
  readonly group: string;
  readonly help: string;
  /** Whether the flag may be given several times. */
  readonly repeatable?: boolean;
  /** False for what stands in a table of puff.toml ([[graphql]], [[postgres]]) or makes no sense there. */
  readonly inFile?: boolean;
}

const groups = {
  schema: "Schema:",
  server: "Server:",
  database: "Database:",
  python: "Python:",
  running: "Running:",
} as const;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export const settings = {
  schema: setting<string | null>(schemaSpec, {
    flag: "--schema <file>",
    environment: ["PUFF_SCHEMA"],
    default: null,
    group: groups.schema,
    help: "schema.py, schema.py:Class or package.module:Class; the class defaults to Schema",
    inFile: false,
  }),
  camel_case: setting(boolean, {
    flag: "--camel-case",
    environment: ["PUFF_CAMEL_CASE"],
    default: false,
    group: groups.schema,
    help: "turn snake_case names into camelCase",
  }),
  introspection: setting(boolean, {
    flag: "--no-introspection",
    environment: ["PUFF_INTROSPECTION"],
    default: true,
    group: groups.schema,
    help: "refuse introspection queries",
  }),
  documents: setting<string | null>(path, {
    flag: "--documents [manifest.json]",
    environment: ["PUFF_DOCUMENTS"],
    default: null,
    group: groups.schema,
    help: "manifest of trusted documents, which clients may name by their ids; schema check looks at them",
  }),
  documents_only: setting(boolean, {
    flag: "--documents-only",
    environment: ["PUFF_DOCUMENTS_ONLY"],
    default: false,
    group: groups.schema,
    help: "refuse all documents that are not in the manifest",
  }),
  persisted_queries: setting(boolean, {
    flag: "--no-persisted-queries",
    environment: ["PUFF_PERSISTED_QUERIES"],
    default: true,
    group: groups.schema,
    help: "refuse operations that are sent as a hash alone",
  }),
  suggestions: setting<boolean | null>(boolean, {
    flag: "--no-suggestions",
    environment: ["PUFF_SUGGESTIONS"],
    default: null,
    group: groups.schema,
    help: 'leave "Did you mean …" out of errors; the default if NODE_ENV is production',
  }),
  mask_errors: setting<boolean | null>(boolean, {
    flag: "--mask-errors",
    environment: ["PUFF_MASK_ERRORS"],
    default: null,
    group: groups.schema,
    help: "show clients only messages that are safe to show; the default if NODE_ENV is production",
  }),
  verify_plans: setting(share, {
    flag: "--verify-plans <share>",
    environment: ["PUFF_VERIFY_PLANS"],
    default: 0,
    group: groups.schema,
    help: "share of cached plans, 0 to 1, to compare with a fresh call of their @graphql.pure resolver",
  }),
  port: setting(integer(0, 65_535), {
    flag: "--port <number>",
    environment: ["PUFF_PORT", "PORT"],
    default: 7777,
    group: groups.server,
    help: "port to listen on; 0 picks a free one",
  }),
  bind: setting(text, {
    flag: "--bind <address>",
    environment: ["PUFF_BIND"],
    default: "127.0.0.1",
    group: groups.server,
    help: "address to listen on; 0.0.0.0 lets other machines in",
  }),
  host: setting<readonly string[]>(hosts, {
    flag: "--host <file|address>",
    environment: ["PUFF_HOST"],
    default: [],
    group: groups.server,
    help: "a .ts or .js file with TypeScript resolvers and functions for Python; anything else is the same as --bind. May be given twice",
    repeatable: true,
  }),
  cors: setting<readonly string[]>(texts, {
    flag: "--cors <origin>",
    environment: ["PUFF_CORS"],
    default: [],
    group: groups.server,
    help: "origin whose web pages may call the gateway; * is any, without cookies and WebSockets. Repeatable",
    repeatable: true,
  }),
  allowed_hosts: setting<readonly string[]>(texts, {
    flag: "--allowed-hosts <host>",
    environment: ["PUFF_ALLOWED_HOSTS"],
    default: [],
    group: groups.server,
    help: "host to serve; .example.com includes its subdomains, * is any. The default is any, or localhost alone in development on this machine. Repeatable",
    repeatable: true,
  }),
  trust_proxy: setting<readonly string[]>(texts, {
    flag: "--trust-proxy <address>",
    environment: ["PUFF_TRUST_PROXY"],
    default: [],
    group: groups.server,
    help: "proxy whose X-Forwarded headers to believe: 10.0.0.7, 10.0.0.0/8, loopback, linklocal or uniquelocal. Repeatable",
    repeatable: true,
  }),
  wsgi: setting<string | null>(wsgiSpec, {
    flag: "--wsgi <module:name>",
    environment: ["PUFF_WSGI"],
    default: null,
    group: groups.server,
    help: "WSGI application for all other requests; the name defaults to application, name() calls a factory",
  }),
  django: setting<boolean | string>(djangoProject, {
    flag: "--django [settings]",
    environment: ["PUFF_DJANGO"],
    default: false,
    group: groups.server,
    help: "serve the Django project in this folder, with its static files; manage.py names the settings by default",
  }),
  static: setting<readonly StaticFolder[]>(staticFolders, {
    flag: "--static <url=folder>",
    environment: ["PUFF_STATIC"],
    default: [],
    group: groups.server,
    help: "folder of files to serve without Python: /static/=public. Repeatable",
    repeatable: true,
  }),
  database_url: setting<string | null>(postgresUrl, {
    flag: "--database-url <url>",
    environment: ["PUFF_DATABASE_URL", "DATABASE_URL"],
    default: null,
    group: groups.database,
    help: "Postgres 14 to 18; without it, the gateway starts one with its data in .puff/postgres",
    inFile: false,
  }),
  read_database_url: setting<string | null>(postgresUrl, {
    flag: "--read-database-url <url>",
    environment: ["PUFF_READ_DATABASE_URL"],
    default: null,
    group: groups.database,
    help: "a replica that queries read from",
    inFile: false,
  }),
  database_pooler: setting(boolean, {
    flag: "--database-pooler",
    environment: ["PUFF_DATABASE_POOLER"],
    default: false,
    group: groups.database,
    help: "the URLs point to a pooler, such as PgBouncer in transaction mode",
    inFile: false,
  }),
  metrics: setting(boolean, {
    flag: "--metrics",
    environment: ["PUFF_METRICS"],
    default: false,
    group: groups.server,
    help: "serve metrics for Prometheus at /metrics",
  }),
  init_sql: setting<string | null>(path, {
    flag: "--init-sql <file.sql>",
    environment: ["PUFF_INIT_SQL"],
    default: null,
    group: groups.database,
    help: "SQL to run once in this database, and again when the file changes",
  }),
  redis_url: setting<string | null>(redisUrl, {
    flag: "--redis-url <url>",
    environment: ["PUFF_REDIS_URL", "REDIS_URL"],
    default: null,
    group: groups.database,
    help: "Redis, to share published messages with all gateways on it",
  }),
  require_redis: setting(boolean, {
    flag: "--require-redis",
    environment: ["PUFF_REQUIRE_REDIS"],
    default: false,
    group: groups.database,
    help: "fail at the start if Redis does not answer",
  }),
  python_path: setting<readonly string[]>(paths, {
    flag: "--python-path <folder>",
    environment: ["PUFF_PYTHON_PATH"],
    default: [],
    group: groups.python,
    help: "folder to import Python modules from, searched before the schema's folder and the virtual environment. Repeatable",
    repeatable: true,
  }),
  engine: setting<EngineName>(oneOf(["pyodide", "cpython"]), {
    flag: "--engine <name>",
    environment: ["PUFF_ENGINE"],
    default: "pyodide",
    group: groups.python,
    help: "pyodide, Python in WebAssembly, or cpython, the machine's own Python: all packages work, and nothing confines it",
  }),
  python: setting<string | null>(program, {
    flag: "--python <program>",
    environment: ["PUFF_PYTHON"],
    default: null,
    group: groups.python,
    help: "the CPython of --engine cpython, 3.11 or newer; the virtual environment's by default, or else python3",
  }),
  workers: setting(integer(1, 64), {
    flag: "--workers <number>",
    environment: ["PUFF_WORKERS"],
    default: 1,
    group: groups.python,
    help: "number of Python interpreters, each in a thread or process of its own",
  }),
  processes: setting(integer(1, 64), {
    flag: "--processes <number>",
    environment: ["PUFF_PROCESSES"],
    default: 1,
    group: groups.running,
    help: "number of processes on the same port, each with its own --workers; one that dies is replaced",
  }),
  cache_folder: setting<string | null>(path, {
    flag: "--cache-folder <folder>",
    environment: ["PUFF_CACHE_FOLDER"],
    default: null,
    group: groups.python,
    help: "folder for interpreter snapshots, which make the next start faster; the user's cache folder by default",
  }),
  watch: setting(boolean, {
    flag: "--watch",
    environment: ["PUFF_WATCH"],
    default: false,
    group: groups.running,
    help: "reload the schema when a Python file is saved",
  }),
  config: setting<string | null>(path, {
    flag: "--config <puff.toml>",
    environment: ["PUFF_CONFIG"],
    default: null,
    group: groups.running,
    help: "configuration file; by default puff.toml in the current folder, if it exists",
    inFile: false,
  }),
  log_level: setting<LogLevel>(oneOf(logLevels), {
    flag: "--log-level <level>",
    environment: ["PUFF_LOG_LEVEL"],
    default: "info",
    group: groups.running,
    help: `${logLevels.join(", ")}; debug also shows stack traces`,
  }),
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends Setting<infer T> ? T : never;
export const settingKeys = Object.keys(settings) as readonly SettingKey[]; // Object.keys forgets the literal type

/** A setting's name among commander's options: `database_url` is `databaseUrl`, as its flag is `--database-url`. */
export function optionName(key: SettingKey): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag alone: `--port`. */
export function flagName(key: SettingKey): string {
  return settings[key].flag.replace(/ .*/, "");
}

function setting<T>(kind: Kind<T>, details: Omit<Setting<T>, "kind">): Setting<T> {
  return { kind, ...details };
}
