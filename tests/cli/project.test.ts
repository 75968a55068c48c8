/** A project from `new`, served with an embedded Postgres and --watch, and looked at with the other commands. */
import { appendFile, chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand, type ServingCommand, serveCommand } from "../support/servers/command.ts";

let parent: string;
let project: string;
let serving: ServingCommand;

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "puff-project-"));
  await chmod(parent, 0o755); // else Postgres, which does not run as root, keeps its data elsewhere
  project = join(parent, "blog");
  const { code, stdout } = await runCommand(["new", "blog"], { cwd: parent });
  expect(code).toBe(0);
  expect(stdout).toContain("  cd blog\n  npm install\n  npm start\n");
  serving = await serveCommand(["--watch"], { cwd: project });
});

afterAll(async () => {
  const { code, stdout } = await serving.stop();
  await rm(parent, { recursive: true, force: true });
  expect(code).toBe(0);
  expect(stdout).toContain("stopping");
});

describe("serving", () => {
  test("answers from the tables that the project's SQL made", async () => {
    expect(await ask("{ tasks(limit: 1) { title done notes { body } } }")).toEqual({
      data: { tasks: [{ title: "Read schema.py", done: true, notes: [{ body: "Note on: Read schema.py" }] }] },
    });
  });

  test("logs lines of JSON that say where everything is", () => {
    const lines: { msg: string }[] = serving
      .output()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.find(({ msg }) => msg.startsWith("GraphQL is served"))).toMatchObject({
      urls: [`${serving.url}/graphql`],
      health: `${serving.url}/readyz`,
      databases: [
        { name: "default", place: expect.stringMatching(/^postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/) },
      ],
      workers: 1,
      seconds: expect.any(Number),
    });
    expect(lines.filter(({ msg }) => msg.endsWith("schema.sql: run"))).toHaveLength(1);
  });
});

describe("--watch", () => {
  test("a saved file is live on the connection that was open before", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await ask("{ __typename }", agent);
    const source = await readFile(join(project, "schema.py"), "utf8");
    const hello = `    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        print("called")
        return greeting

    @classmethod
    @graphql.pure
    def motto(cls, ctx: Context, /) -> Plan[str]:
        return sql(f"SELECT '{greeting}' AS motto")

`;
    const edited = source.replace("    @classmethod\n    @graphql.pure", `${hello}    @classmethod\n    @graphql.pure`);
    // A module that is new, too: it is found, and watched from then on.
    await writeFile(join(project, "words.py"), 'greeting = "hello"\n');
    await serving.printed("loaded words.py");
    await writeFile(
      join(project, "schema.py"),
      edited.replace("from puff import", "from words import greeting\n\nfrom puff import"),
    );
    await serving.printed("loaded schema.py");
    expect(await ask("{ hello motto }", agent)).toEqual({ data: { hello: "hello", motto: "hello" } });
    expect(before).toEqual({ data: { __typename: "Query" } });
    expect(Object.values(agent.sockets).flat().length + Object.values(agent.freeSockets).flat().length).toBe(1);
    agent.destroy();
    expect(await serving.printed('"msg":"called"')).toMatch(/"level":30,[^\n]*"logger":"stdout","msg":"called"/);
  });

  test("an imported file counts as well, and plans that were kept are forgotten", async () => {
    await writeFile(join(project, "words.py"), 'greeting = "good day"\n');
    await serving.printed("loaded words.py");
    expect(await ask("{ hello motto }")).toEqual({ data: { hello: "good day", motto: "good day" } });
  });

  test("a broken save is reported with its line, and the last good version goes on", async () => {
    const good = await readFile(join(project, "schema.py"), "utf8");
    await writeFile(join(project, "schema.py"), `${good}\nclass Broken\n`);
    const line = good.split("\n").length + 1;
    const place = `schema.py can't be loaded; the last good version stays in service: schema.py:${line}: expected ':'`;
    expect(await serving.printed(place)).not.toContain("    at ");
    expect(await ask("{ hello }")).toEqual({ data: { hello: "good day" } });
    await writeFile(join(project, "schema.py"), good.replace("def hello", "def hi"));
    await serving.printed("loaded schema.py in");
    await expect.poll(() => ask("{ hi }")).toEqual({ data: { hi: "good day" } });
  });

  test("what can't be loaded again asks for a restart", async () => {
    await appendFile(join(project, "puff.toml"), "# edited\n");
    await serving.printed("puff.toml has changed: restart to use it");
  });
});

describe("other commands, beside the server and on its database", () => {
  test("schema print and schema check", async () => {
    const printed = await runCommand(["schema", "print"], { cwd: project });
    expect(printed.code).toBe(0);
    expect(printed.stdout).toContain('"""A remark on a task."""\ntype Note {\n  body: String!\n  id: Int!\n}\n');

    await writeFile(join(project, "same.graphql"), printed.stdout);
    const same = await runCommand(["schema", "check", "same.graphql"], { cwd: project });
    expect(same).toEqual({
      code: 0,
      stdout: "0 breaking, 0 dangerous, 0 safe changes since same.graphql\n",
      stderr: "",
    });

    const older = printed.stdout
      .replace("  body: String!\n", "  body: String!\n  author: String\n")
      .replace("done: Boolean, ", "");
    await writeFile(join(project, "older.graphql"), older);
    const { code, stdout } = await runCommand(["schema", "check", "older.graphql"], { cwd: project });
    expect(stdout).toContain("✗ breaks clients   Field Note.author was removed.");
    expect(stdout).toContain("! may surprise    ");
    expect(stdout).toContain("1 breaking, 1 dangerous, 0 safe changes since older.graphql");
    expect(code).toBe(1);
  });

  test("explain shows Python's calls, the SQL with its parameters and Postgres's plan", async () => {
    const query = "query ($n: Int!) { tasks(limit: $n) { title notes { body } } }";
    const { code, stdout, stderr } = await runCommand(["explain", query, "--variables", '{"n": 2}'], { cwd: project });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/1\. Python {2}Query\.tasks, Task\.notes {2}[\d.]+ ms/);
    // How many statements the two plans become is the planner's choice.
    expect(stdout).toMatch(/2\. SQL for tasks[^\n]* rows {2}\d+ bytes {2}[\d.]+ ms\n/);
    expect(stdout).toMatch(
      /└─ tasks \[Task!\]!\n {3}│ traced: called once with symbols, and kept\n {3}│ fused: one statement with tasks\.notes\n/,
    );
    expect(stdout).toMatch(/\n {3} +SELECT\n +id,\n +title,\n +done,\n +created_at\n +FROM\n +task\n/);
    expect(stdout).toMatch(/\n +LIMIT\n +2\n/);
    expect(stdout).toContain("Index Scan using task_pkey on task (actual rows=2");
    expect(stdout).toMatch(/1 call into Python, \d statements?, 4 rows, [\d.]+ ms in all/);
    expect(stdout).toMatch(/^(no program: |the next requests are answered by a program)/m);
    expect(stdout).toContain('"title": "Read schema.py"');
  });

  test("explain does not run a mutation unasked", async () => {
    const { code, stderr } = await runCommand(["explain", 'mutation { add_task(title: "x") { id } }'], {
      cwd: project,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("this is a mutation: its SQL would be rolled back");
    expect(stderr).toContain("Add --allow-mutation to run it. [PUFF_EXPLAIN_MUTATION]");
  });

  test("a mutation that is explained leaves nothing behind", async () => {
    const { code, stdout } = await runCommand(
      ["explain", 'mutation { add_task(title: "explained") { id title } }', "--allow-mutation"],
      { cwd: project },
    );
    expect(stdout).toContain("dynamic: not @graphql.pure");
    expect(stdout).toContain('"title": "explained"');
    expect(code).toBe(0);
    expect(JSON.stringify(await ask("{ tasks { title } }"))).not.toContain("explained");
  });

  test("doctor finds all well", async () => {
    const { code, stdout } = await runCommand(["doctor", "--port", "0"], { cwd: project });
    expect(stdout.match(/^[✓✗] \w+/gm)).toEqual(
      ["Node", "Pyodide", "configuration", "cache", "port", "schema", "database"].map((name) => `✓ ${name}`),
    );
    expect(stdout).toMatch(
      /✓ database {7}Postgres 18\.\d+ at postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres; embedded in /,
    );
    expect(code).toBe(0);
  });

  test("doctor names a remedy for what is wrong", async () => {
    const args = ["doctor", "--port", "0", "--schema", "none.py", "--database-url", "postgres://127.0.0.1:1/x"];
    const { code, stdout } = await runCommand(args, { cwd: project });
    expect(stdout).toContain("✗ schema         --schema: there is no file");
    expect(stdout).toMatch(/✗ database {7}postgres:\/\/@?127\.0\.0\.1:1\/x: no Postgres listens there/);
    expect(stdout).toMatch(/\n2 of 7 checks failed\.\n$/);
    expect(code).toBe(1);
  });

  test("config prints each value and its origin", async () => {
    const { stdout } = await runCommand(["config", "--port", "1"], {
      cwd: project,
      environment: { PUFF_WORKERS: "2" },
    });
    expect(stdout).toMatch(/^port = 1 +# --port$/m);
    expect(stdout).toMatch(/^workers = 2 +# PUFF_WORKERS$/m);
    expect(stdout).toMatch(/^init_sql = "\/.+\/blog\/schema\.sql" +# puff\.toml:2$/m);
    expect(stdout).toMatch(/^log_level = "info" +# default$/m);
    expect(stdout).toMatch(/^url = "embedded" +# default$/m);
  });

  test("--help teaches: groups, defaults, variables and examples", async () => {
    const { code, stdout } = await runCommand(["--help"], { cwd: project });
    for (const text of [
      "Server:",
      "Database:",
      "default 7777",
      "PUFF_DATABASE_URL,",
      "Examples:",
      "puff-gateway new blog",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(code).toBe(0);
  });
});

/** Asks over one of the agent's connections. */
function ask(query: string, agent?: Agent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${serving.url}/graphql`,
      { method: "POST", headers: { "content-type": "application/json" }, ...(agent === undefined ? {} : { agent }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify({ query }));
  });
}
