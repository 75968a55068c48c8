/** Each mistake gets one message with place, cause and remedy, and exit code 1. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, startCommand } from "../support/servers/command.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const goodSchema = `
from dataclasses import dataclass
from puff.graphql import Context

@dataclass
class Query:
    @classmethod
    def one(cls, ctx: Context, /) -> int:
        return 1

@dataclass
class Schema:
    query: Query
`;

const files: { readonly [path: string]: string } = {
  "good.py": goodSchema,
  "syntax.py": goodSchema.replace("class Query:", "class Query"),
  "missing.py": "import nosuchmodule\n",
  "bad-host.ts": "export const resolvers = 1;\n",
  "bad.sql": "CREATE TABLE a (id int);\n\nINSERT INTO a SELECT * FROM\n  nosuchtable;\n",
  "bad.graphql": "type Query {\n  one: Int!\n",
  "full/file.txt": "",
  "unknown-key/puff.toml": 'port = 1\n\nscehma = "schema.py"\n',
  "impatient/puff.toml": '[limits]\nconnect_deadline = 1000\n[[graphql]]\nschema = "../good.py"\n',
};

let folder: string;
let database: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "puff-mistakes-"));
  await chmod(folder, 0o755); // else Postgres, which does not run as root, keeps its data elsewhere
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

interface Mistake {
  readonly args: string;
  readonly message: string;
  readonly cwd?: string;
}

/** Runs each command, two at a time, as many as a small machine has cores. */
function mistakes(cases: readonly Mistake[]): void {
  test.concurrent.each(cases)("puff-gateway $args", async ({ args, message, cwd = "." }) => {
    const words = args.split(" ").filter((word) => word !== "");
    const environment = { DATABASE_URL: database.url };
    const { code, stdout, stderr } = await runCommand(words, { cwd: join(folder, cwd), environment });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(2);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });
}

describe("on the command line and in puff.toml", () => {
  mistakes([
    { args: "", message: "there is no schema to serve. Name a Python file: puff-gateway --schema schema.py." },
    { args: "--schema none.py", message: `--schema: there is no file ` },
    { args: "--prot 1", message: "error: unknown option '--prot'\n(Did you mean --port?)" },
    { args: "--port", message: "error: option '--port <number>' argument missing" },
    { args: "confg", message: 'there is no command "confg". Did you mean "config"? [PUFF_CONFIG_INVALID]' },
    { args: "schema.py", message: 'there is no command "schema.py". Did you mean --schema schema.py?' },
    { args: "config", cwd: "unknown-key", message: 'puff.toml:3: unknown key "scehma".' },
    { args: "new full", message: "full: the folder holds 1 file already. Choose another name, or empty it first." },
    { args: "new Not/A_Name", message: '"A_Name" can\'t be the name of a project.' },
    {
      args: "schema check none.graphql --schema good.py",
      message: "none.graphql: the file can't be read as a schema.",
    },
    { args: "schema check bad.graphql --schema good.py", message: "bad.graphql:3: Syntax Error" },
    { args: "explain {one} --variables x --schema good.py", message: "--variables is x, but must be a JSON object." },
  ]);

  test("a port in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stderr } = await runCommand(["--schema", "good.py", "--port", String(port)], { cwd: folder });
    taken.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        `✗ 127.0.0.1:${port}: port ${port} is in use. ` +
        "Stop the program that uses it, or choose another with --port (0 picks a free one). [PUFF_PORT_TAKEN]\n",
    });
  });

  test("a Node that is too old, before anything that it can't read", async () => {
    const old = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })`;
    const node = ["--import", `data:text/javascript,${encodeURIComponent(old)}`];
    const { code, stderr } = await runCommand(["--schema", "good.py"], { cwd: folder, node });
    expect(code).toBe(1);
    expect(stderr).toBe(
      "puff-gateway needs Node 26 or newer, and this is Node 20.20.2. Install a newer one from https://nodejs.org, " +
        "or add it to the project: npm install node@26. [PUFF_NODE_TOO_OLD]\n",
    );
  });
});

describe("in what is loaded", () => {
  mistakes([
    { args: "schema print --schema syntax.py", message: "syntax.py:6: expected ':'" },
    {
      args: "schema print --schema missing.py",
      message: "missing.py:1: importing missing.py raised ModuleNotFoundError",
    },
    { args: "schema print --schema good.py:Other", message: "there is no class Other" },
    {
      args: "schema print --schema good.py --name other",
      message: 'there is no schema "other". Name one with --name: default.',
    },
    { args: "--schema good.py --port 0 --host bad-host.ts", message: "bad-host.ts: `resolvers` must be an object" },
    { args: "--schema good.py --port 0 --init-sql none.sql", message: "none.sql: the file can't be read." },
    {
      args: "--schema good.py --port 0 --init-sql bad.sql",
      message: 'bad.sql:4:3: relation "nosuchtable" does not exist.',
    },
    {
      args: "--port 0 --database-url postgres://ada:secret@127.0.0.1:1/blog",
      cwd: "impatient",
      message: "postgres://ada@127.0.0.1:1/blog: no Postgres listens there (connection refused).",
    },
    {
      args: "--schema ../good.py --port 0 --redis-url redis://:secret@127.0.0.1:1 --require-redis",
      cwd: "impatient",
      message: "redis://127.0.0.1:1: Redis can't be reached: connect ECONNREFUSED 127.0.0.1:1. Check that it runs",
    },
    { args: "explain {two} --schema good.py", message: 'Cannot query field "two" on type "Query".' },
  ]);
});

test("a signal during the start leaves no Postgres behind", async () => {
  const cwd = join(folder, "early");
  await mkdir(cwd);
  // The start does not end before the signal comes.
  await writeFile(join(cwd, "endless.py"), `import time\ntime.sleep(3600)\n${goodSchema}`);
  const running = startCommand(["--schema", "endless.py", "--port", "0"], { cwd });
  const pidFile = join(cwd, ".puff/postgres/data/postmaster.pid");
  try {
    await expect.poll(() => readFile(pidFile, "utf8").catch(() => "")).toMatch(/ready/);
  } finally {
    running.process.kill("SIGTERM");
  }
  expect(await running.exit).toBe(143);
  await expect.poll(() => existsSync(pidFile)).toBe(false);
});
