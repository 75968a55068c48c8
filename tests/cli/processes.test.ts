/** `--processes`: real processes on one port, their deaths, and their end. */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "../../gateway/postgres/index.ts";
import { ask } from "../support/servers/ask.ts";
import { runCommand, type ServingCommand, serveCommand, startCommand } from "../support/servers/command.ts";
import { createTestDatabase, holdLock } from "../support/servers/postgres.ts";

let parent: string;
let project: string;
let serving: ServingCommand;
/** By number. */
const pids = new Map<number, number>();

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), "puff-processes-"));
  await chmod(parent, 0o755); // else Postgres, which does not run as root, keeps its data elsewhere
  project = join(parent, "blog");
  await runCommand(["new", "blog"], { cwd: parent });
  serving = await serveCommand(["--watch", "--processes", "2"], { cwd: project });
});

afterAll(async () => {
  await serving?.stop();
  await rm(parent, { recursive: true, force: true });
});

/** Notes who serves at present. */
function readPids(): number[] {
  for (const [, number, pid] of serving.output().matchAll(/process (\d+) \((\d+)\) serves/g)) {
    pids.set(Number(number), Number(pid));
  }
  return [...pids.keys()].sort();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const first = "    @classmethod\n    @graphql.pure";
const held = `    @classmethod
    def held(cls, ctx: Context, /) -> Plan[str]:
        return sql("SELECT 'held' FROM pg_advisory_xact_lock_shared(1)")

`;

const query = "{ tasks(limit: 1) { title } }";
const answer = { data: { tasks: [{ title: "Read schema.py" }] } };

test("several serve on one port, on one Postgres that saw the SQL once", async () => {
  await expect.poll(() => readPids(), { timeout: 30_000 }).toEqual([1, 2]);
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(serving, { body: { query } })));
  expect(answers.map(({ body }) => JSON.parse(body))).toEqual(Array.from({ length: 8 }, () => answer));
  expect(serving.output().match(/schema\.sql: run/g)).toHaveLength(1);
  expect(serving.output().match(/GraphQL is served at/g)).toHaveLength(1);
  expect((await ask(serving, { url: "/readyz" })).status).toBe(200);
});

test("--watch loads a saved file in all of them, and each says which it is", async () => {
  const source = await readFile(join(project, "schema.py"), "utf8");
  await writeFile(join(project, "schema.py"), source.replace(first, held + first));
  await expect
    .poll(() => new Set(serving.output().match(/"process":\d,"msg":"loaded schema\.py/g)).size, { timeout: 30_000 })
    .toBe(2);
  for (let count = 0; count < 4; count++) {
    expect((await ask(serving, { body: { query: "{ held }" } })).body).toBe('{"data":{"held":"held"}}');
  }
});

describe("a process that dies", () => {
  test("is replaced, and under load nothing is lost once its death is known", async () => {
    const clients = Array.from({ length: 8 }, () => ({ answered: 0, lost: 0, agent: new Agent({ keepAlive: true }) }));
    let loaded = true;
    const load = clients.map(async (client) => {
      while (loaded) {
        const outcome = await ask(serving, { body: { query }, agent: client.agent }).catch(() => null);
        client.answered += outcome?.status === 200 ? 1 : 0;
        client.lost += outcome?.status === 200 ? 0 : 1;
      }
    });
    const fewest = () => Math.min(...clients.map(({ answered }) => answered));
    await expect.poll(fewest).toBeGreaterThan(2);
    const killed = pids.get(2) ?? 0;
    process.kill(killed, "SIGKILL");
    await serving.printed(`process 2 (${killed}) was ended by SIGKILL: starting another`);
    await expect.poll(() => readPids() && pids.get(2) !== killed, { timeout: 30_000 }).toBe(true);
    const lost = () => clients.reduce((sum, client) => sum + client.lost, 0);
    const before = { fewest: fewest(), lost: lost() };
    await expect.poll(fewest).toBeGreaterThan(before.fewest + 2);
    loaded = false;
    await Promise.all(load);
    expect(lost()).toBe(before.lost);
    for (const { agent } of clients) {
      agent.destroy();
    }
  });

  test("is replaced, too, if its event loop stands still", async () => {
    readPids();
    const blocked = pids.get(2) ?? 0;
    process.kill(blocked, "SIGSTOP");
    await serving.printed(`process 2 (${blocked}) did not answer for 10 s and was ended by SIGKILL: starting another`);
    await expect.poll(() => readPids() && pids.get(2) !== blocked, { timeout: 30_000 }).toBe(true);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(serving, { body: { query } })));
    expect(answers.map(({ body }) => JSON.parse(body))).toEqual(Array.from({ length: 8 }, () => answer));
    expect(isAlive(blocked)).toBe(false);
  });

  test("is tried again after pauses where it can't start, while the others serve", async () => {
    const good = await readFile(join(project, "schema.py"), "utf8");
    await writeFile(join(project, "schema.py"), `${good}\nclass Broken\n`);
    await serving.printed("the last good version stays in service");
    process.kill(pids.get(2) ?? 0, "SIGKILL");
    await serving.printed("was ended by SIGKILL: starting another");
    await serving.printed("ended with code 1: starting another in ");
    await serving.printed("ended with code 1: starting another in ");
    expect(JSON.parse((await ask(serving, { body: { query } })).body)).toEqual(answer);
    const last = pids.get(2);
    await writeFile(join(project, "schema.py"), good);
    await expect.poll(() => readPids() && pids.get(2) !== last, { timeout: 60_000 }).toBe(true);
  });
});

test("SIGTERM to all at once, as systemd sends it, ends them when what was in flight is answered", async () => {
  const folder = join(project, ".puff/postgres");
  const postgres = await startEmbeddedPostgres({ folder, onLog: () => undefined }); // that of the command
  const lock = await holdLock(postgres.url);
  const long = Array.from({ length: 4 }, () => ask(serving, { body: { query: "{ held }" } }));
  await lock.waitedFor(4);
  const stopped = serving.stop();
  for (const pid of pids.values()) {
    process.kill(pid, "SIGTERM");
    process.kill(pid, "SIGINT"); // and a terminal this
  }
  await lock.release();
  const [{ code, stdout }, ...answers] = await Promise.all([stopped, ...long]);
  await postgres.stop();
  expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 4 }, () => '{"data":{"held":"held"}}'));
  expect(code).toBe(0);
  expect(stdout).toContain("stopping");
  expect([...pids.values()].filter(isAlive)).toEqual([]);
});

test("a mistake in the schema is said once, and ends it with 1", async () => {
  await writeFile(join(project, "broken.py"), "class Broken\n");
  const args = ["--schema", "broken.py", "--processes", "3", "--port", "0"];
  const { code, stderr } = await runCommand(args, { cwd: project });
  expect(stderr).toMatch(/^✗ broken\.py:1: expected ':'[^\n]*\[PUFF_SCHEMA_SYNTAX\][^\n]*\n$/);
  expect(code).toBe(1);
});

test("no process outlives a supervisor that was killed", async () => {
  const database = await createTestDatabase();
  const running = startCommand(["--processes", "2", "--port", "0", "--database-url", database.url], { cwd: project });
  const found = () => [...running.stdout().matchAll(/\((\d+)\) serves/g)].map(([, pid]) => Number(pid));
  await expect.poll(() => found().length, { timeout: 30_000 }).toBe(2);
  running.process.kill("SIGKILL");
  await expect.poll(() => found().filter(isAlive)).toEqual([]);
  await running.exit;
  await database.drop();
});
