/** The servers that are compared, each a process of its own, and how each is started. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ask, freePort, ServingProcess } from "../../scripts/process.ts";
import { residentMegabytes } from "./usage.ts";
import { poolSize, type Workload } from "./workloads.ts";

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
  queryOf(workload: Workload): string;
}

const root = join(import.meta.dirname, "../..");
const peers = join(import.meta.dirname, "../peers");
const scratch = join(root, ".puff/bench");

interface Place {
  readonly database: string;
  readonly port: number;
}

interface Command {
  readonly title: string;
  readonly command: (place: Place) => Promise<readonly string[]> | readonly string[];
}

const commands = {
  limit: {
    title: "the limit",
    command: ({ database, port }) => ["node", "bench/compare/limit.ts", database, String(port)],
  },
  json: {
    title: "JSON by Postgres",
    command: ({ database, port }) => ["node", "bench/compare/json-by-postgres.ts", database, String(port)],
  },
  traced: {
    title: "puff-gateway, cached plans",
    command: (place) => gateway(join(import.meta.dirname, "schema.py"), place),
  },
  dynamic: {
    title: "puff-gateway, Python per request",
    command: async (place) => gateway(await writeDynamicSchema(), place),
  },
  postgraphile: { title: "PostGraphile 5", command: (place) => nodePeer("postgraphile.js", place) },
  mercurius: { title: "Mercurius, JIT and loaders", command: (place) => nodePeer("mercurius.js", place) },
  yoga: { title: "GraphQL Yoga, DataLoader", command: (place) => nodePeer("yoga.js", place) },
  strawberry: { title: "Strawberry, DataLoader", command: strawberry },
} as const satisfies { readonly [name: string]: Command };

export const serverNames = Object.keys(commands) as readonly ServerName[]; // Object.keys forgets the literal type

/** Starts a server, and waits for its answer to the query of the workload. */
export async function startServer(name: ServerName, database: string, workload: Workload): Promise<Server> {
  const { title, command }: Command = commands[name];
  const port = await freePort();
  const [program = "", ...args] = await command({ database, port });
  const url = `http://127.0.0.1:${port}/graphql`;
  const queryOf = ({ query, postgraphile }: Workload) => (name === "postgraphile" ? postgraphile : query);
  const process = new ServingProcess(program, args, {
    cwd: root,
    env: { ...globalThis.process.env, NODE_ENV: "production" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const firstAnswer = await process.until(
      async () => (await ask(url, queryOf(workload))).startsWith('{"data":{'),
      120_000,
    );
    return { name, title, url, process, firstAnswer, restingMegabytes: residentMegabytes(process.pid), queryOf };
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
  const text = await readFile(join(import.meta.dirname, "schema.py"), "utf8");
  const file = join(scratch, "dynamic/schema.py");
  await mkdir(join(scratch, "dynamic"), { recursive: true });
  await writeFile(file, text.replaceAll(/^ *@graphql\.pure\n/gm, "").replace("from puff import graphql\n", ""));
  return file;
}

/** Peers have a package of their own, which is installed when they are first run. */
function nodePeer(file: string, { database, port }: Place): string[] {
  if (!existsSync(join(peers, "node_modules"))) {
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: peers, stdio: "inherit" });
  }
  return ["node", join(peers, file), database, String(port), String(poolSize)];
}

function strawberry({ database, port }: Place): string[] {
  const packages = join(scratch, "python");
  if (!existsSync(packages)) {
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", packages];
    execFileSync("python3", [...pip, "-r", join(peers, "requirements.txt")], { stdio: "inherit" });
  }
  return [
    ...["env", `PYTHONPATH=${packages}:${peers}`, `BENCH_DATABASE=${database}`, `BENCH_CONNECTIONS=${poolSize}`],
    ...["python3", "-m", "uvicorn", "strawberry_blog:app", "--port", String(port)],
    ...["--log-level", "warning", "--no-access-log"],
  ];
}
