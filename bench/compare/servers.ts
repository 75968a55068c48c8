/** The servers that are compared, each a process of its own, and how each is started. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, freePort, ServingProcess } from "../../scripts/process.ts";
import { residentMegabytes } from "./usage.ts";
import { pagedWorkloads, poolSize, type Workload, workloads } from "./workloads.ts";

export type ServerName = keyof typeof commands;

export interface Server {
  readonly name: ServerName;
  readonly title: string;
  readonly url: string;
  readonly process: ServingProcess;
  /** Milliseconds from its start to its first answer. */
  readonly firstAnswer: number;
  /** Megabytes in memory after it. */
  readonly restingMegabytes: number;
  /** Null: it lacks the workload. */
  queryOf(workload: Workload): string | null;
  /** Whether it reads GraphQL; else it knows the queries by their text. */
  readonly readsGraphql: boolean;
}

const compare = import.meta.dirname;
const root = join(compare, "../..");
const peers = join(compare, "../peers");
const scratch = join(root, ".puff/bench");

interface Place {
  readonly database: string;
  readonly port: number;
}

interface Command {
  readonly title: string;
  /** The text for a workload; null: it has none. Left out: {@link plainQuery}. */
  readonly queryOf?: (workload: Workload) => string | null;
  /** Left out: it does. */
  readonly readsGraphql?: boolean;
  readonly command: (place: Place) => Promise<readonly string[]> | readonly string[];
}

const plainQuery = ({ query }: Workload) => query;

/** Of servers whose resolvers have no pages. */
const unpagedQuery = ({ name, query }: Workload) => (pagedWorkloads.includes(name) ? null : query);

/** Of servers that have only pages. */
const pagedQuery = ({ name, query }: Workload) => (pagedWorkloads.includes(name) ? query : null);

/** Of the gateway's plans of SQL. */
const joinedQuery = ({ query, joined = query }: Workload) => joined;

const commands = {
  limit: {
    title: "the limit",
    readsGraphql: false,
    command: ({ database, port }) => ["node", "bench/compare/limit.ts", database, String(port)],
  },
  json: {
    title: "JSON by Postgres",
    readsGraphql: false,
    command: ({ database, port }) => ["node", "bench/compare/json-by-postgres.ts", database, String(port)],
  },
  traced: {
    title: "puff-gateway, cached plans",
    queryOf: joinedQuery,
    command: (place) => gateway(join(compare, "schema.py"), place),
  },
  dynamic: {
    title: "puff-gateway, Python per request",
    queryOf: joinedQuery,
    command: async (place) => gateway(await writeDynamicSchema(), place),
  },
  models: {
    title: "puff-gateway, Django models",
    queryOf: pagedQuery,
    command: (place) => ["env", `PUFF_PYTHON_PATH=${django()}`, ...gateway(join(compare, "schema_django.py"), place)],
  },
  postgraphile: {
    title: "PostGraphile 5",
    queryOf: ({ postgraphile }) => postgraphile,
    command: (place) => nodePeer("postgraphile.js", place),
  },
  mercurius: {
    title: "Mercurius, JIT and loaders",
    queryOf: unpagedQuery,
    command: (place) => nodePeer("mercurius.js", place),
  },
  yoga: { title: "GraphQL Yoga, DataLoader", queryOf: unpagedQuery, command: (place) => nodePeer("yoga.js", place) },
  strawberry: {
    title: "Strawberry, DataLoader",
    queryOf: unpagedQuery,
    command: (place) => pythonPeer("strawberry_blog", place),
  },
  strawberryDjango: {
    title: "Strawberry-Django, optimizer",
    queryOf: ({ strawberryDjango = null }) => strawberryDjango,
    command: (place) => pythonPeer("strawberry_django_blog", place),
  },
} as const satisfies { readonly [name: string]: Command };

export const serverNames = Object.keys(commands) as readonly ServerName[]; // Object.keys forgets the literal type

/** Starts a server, and waits for its answer to the first query that it has. */
export async function startServer(name: ServerName, database: string): Promise<Server> {
  const { title, command, queryOf = plainQuery, readsGraphql = true }: Command = commands[name];
  const firstQuery = workloads.map(queryOf).find((query) => query !== null) ?? "";
  const port = await freePort();
  const [program = "", ...args] = await command({ database, port });
  const url = `http://127.0.0.1:${port}/graphql`;
  const process = new ServingProcess(program, args, {
    cwd: root,
    env: { ...globalThis.process.env, NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const firstAnswer = await process.until(async () => (await ask(url, firstQuery)).startsWith('{"data":{'), 120_000);
    const restingMegabytes = residentMegabytes(process.pid);
    return { name, title, url, process, firstAnswer, restingMegabytes, queryOf, readsGraphql };
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

function gateway(schema: string, { database, port }: Place): string[] {
  return [
    ...["node", "bin/puff-gateway.js", "--schema", schema, "--camel-case", "--database-url", database],
    ...["--port", String(port), "--log-level", "warn"],
  ];
}

/** The schema with no resolver marked as pure. */
async function writeDynamicSchema(): Promise<string> {
  const text = await readFile(join(compare, "schema.py"), "utf8");
  const file = join(scratch, "dynamic/schema.py");
  await mkdir(join(scratch, "dynamic"), { recursive: true });
  await writeFile(file, text.replaceAll(/^ *@graphql\.pure\n/gm, ""));
  return file;
}

/** Peers have a package of their own, which is installed when they are first run. */
function nodePeer(file: string, { database, port }: Place): string[] {
  installOnce(join(peers, "package-lock.json"), join(peers, "node_modules/.installed-lock.json"), () => {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: peers, stdio: "inherit" });
  });
  return ["node", join(peers, file), database, String(port), String(poolSize)];
}

function pythonPeer(module: string, { database, port }: Place): string[] {
  const packages = installPython("python", join(peers, "requirements.txt"));
  return [
    ...[
      "env",
      `PYTHONPATH=${packages}:${peers}:${compare}`,
      `BENCH_DATABASE=${database}`,
      `BENCH_CONNECTIONS=${poolSize}`,
    ],
    ...["python3", "-m", "uvicorn", `${module}:app`, "--port", String(port)],
    ...["--log-level", "warning", "--no-access-log"],
  ];
}

/** The folder with Django for the gateway, where `npm run bench django` has it. */
function django(): string {
  return installPython("django", join(compare, "../django/requirements.txt"));
}

function installPython(name: string, requirements: string): string {
  const packages = join(scratch, name);
  installOnce(requirements, join(packages, "requirements.txt"), () => {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target", packages];
    execFileSync("python3", [...pip, "-r", requirements], { stdio: "inherit" });
  });
  return packages;
}

/** Installs what a file asks for, again if it has changed since: `installed` is its copy of that time. */
function installOnce(wanted: string, installed: string, install: () => void): void {
  if (!existsSync(installed) || readFileSync(installed, "utf8") !== readFileSync(wanted, "utf8")) {
    install();
    copyFileSync(wanted, installed);
  }
}
