/**
 * The example Django project on one interpreter, and on gunicorn with one sync worker, native CPython and psycopg2: the
 * same views, the same database, in turns. Then its start and its memory. `npm run bench django`
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { appendFile, chmod, cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { freePort, ServingProcess } from "../scripts/process.ts";
import { residentMegabytes } from "./compare/usage.ts";
import { measure } from "./load.ts";
import { writeReport } from "./report.ts";

const root = join(import.meta.dirname, "..");
const command = join(root, "bin/puff-gateway.js");
const packages = join(root, ".puff/bench/django");
const rounds = 3;
const seconds = 3;
const warmUp = 8;
const settings = "measured.settings";

const views = [
  { title: "the admin's list of 100 questions", url: "/admin/polls/question/", connections: 1, target: 0.4 },
  { title: "20 rows by the ORM, as JSON", url: "/rows", connections: 1, target: 0.4 },
  { title: "the same, 32 clients, the database takes 10 ms", url: "/slow-rows", connections: 32, target: 1 },
  // How much slower the interpreter is, whatever the gateway does.
  { title: "the ORM's Python alone, no database", url: "/python", connections: 1, target: null },
] as const;

if (!existsSync(packages)) {
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", packages];
  execFileSync("python3", [...pip, "-r", join(import.meta.dirname, "django/requirements.txt")], { stdio: "inherit" });
}
await using stack = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), "puff-django-"));
stack.defer(() => rm(folder, { recursive: true, force: true }));
await chmod(folder, 0o755); // run by root, Postgres has a user of its own, who has to reach its data in here
await cp(join(root, "examples/django-app"), folder, {
  recursive: true,
  filter: (source) => !/\.(puff|venv)$/.test(source),
});
await cp(join(import.meta.dirname, "django"), folder, { recursive: true });
// With fewer connections than waiting requests it would be the pool that is measured.
await appendFile(join(folder, "puff.toml"), "\n[limits]\npool_size = 50\n");
const { url: database, stop } = await startEmbeddedPostgres({
  folder: join(folder, "postgres"),
  onLog: () => undefined,
});
stack.defer(stop);
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^PG|DATABASE_URL$/.test(name))),
  ...{ PUFF_CACHE_FOLDER: join(folder, "cache"), NODE_ENV: "production", DATABASE_URL: database },
  ...{ PUFF_PYTHON_PATH: packages, PUFF_DJANGO: settings, PUFF_LOG_LEVEL: "error" },
};
// As Django's documentation advises, lest each connection sets it.
manage([
  "shell",
  "-v0",
  "-c",
  "from django.db import connection; connection.cursor().execute('ALTER ROLE CURRENT_USER SET timezone TO UTC')",
]);
manage(["migrate", "-v0"]);
const cookie = `sessionid=${manage(["shell", "-v0", "-c", await readFile(join(folder, "measured/prepare.py"), "utf8")])}`;

await measureViews();
await measureStart();

function manage(args: readonly string[]): string {
  return execFileSync("node", [command, "django", ...args], { cwd: folder, env, encoding: "utf8" }).trim();
}

interface Served {
  readonly url: string;
  readonly process: ServingProcess;
}

async function serve(program: string, args: (port: number) => readonly string[], variables: object): Promise<Served> {
  const port = await freePort();
  const stdio = ["ignore", "ignore", "inherit"] as const;
  const serving = new ServingProcess(program, args(port), {
    cwd: folder,
    env: { ...env, ...variables },
    stdio: [...stdio],
  });
  const url = `http://127.0.0.1:${port}`;
  await serving.until(async () => (await fetch(`${url}/rows`)).status === 200, 120_000);
  return { url, process: serving };
}

function serveGateway(workers = 1): Promise<Served> {
  return serve("node", (port) => [command, "--port", String(port), "--workers", String(workers)], {});
}

function serveGunicorn(): Promise<Served> {
  const { username, password, hostname, port, pathname } = new URL(database);
  return serve(
    "python3",
    (own) => [
      "-m",
      "gunicorn",
      "--workers",
      "1",
      "--bind",
      `127.0.0.1:${own}`,
      "--log-level",
      "error",
      "measured.wsgi",
    ],
    {
      ...{ PYTHONPATH: packages, DJANGO_SETTINGS_MODULE: settings, PGHOST: hostname, PGPORT: port },
      ...{ PGUSER: username, PGPASSWORD: decodeURIComponent(password), PGDATABASE: pathname.slice(1) },
    },
  );
}

async function measureViews(): Promise<void> {
  const gateway = await serveGateway();
  stack.use(gateway.process);
  const gunicorn = await serveGunicorn();
  stack.use(gunicorn.process);
  const rows: (string | number)[][] = [];
  for (const { title, url, connections, target } of views) {
    const load = async (server: Served, duration: number) => {
      const done = await measure({
        url: server.url + url,
        body: null,
        headers: { cookie },
        connections,
        seconds: duration,
      });
      if (done.failed > 0) {
        throw new Error(`${done.failed} requests for ${url} failed: the figures mean nothing`);
      }
      return done.requestsPerSecond;
    };
    const measured: { gateway: number; gunicorn: number }[] = [];
    await load(gateway, warmUp);
    await load(gunicorn, warmUp);
    for (let round = 0; round < rounds; round++) {
      measured.push({ gateway: await load(gateway, seconds), gunicorn: await load(gunicorn, seconds) });
    }
    const [ours, theirs] = [median(measured.map((one) => one.gateway)), median(measured.map((one) => one.gunicorn))];
    rows.push([
      title,
      Math.round(ours),
      Math.round(theirs),
      (ours / theirs).toFixed(2),
      target === null ? "" : `≥ ${target}`,
    ]);
  }
  writeReport({
    name: "django",
    title: `Django's views (requests/s, medians of ${rounds} rounds)`,
    columns: ["view", "puff-gateway, 1 interpreter", "gunicorn, 1 sync worker", "ratio", "wanted"],
    rows,
  });
  const naps: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${gateway.url}/nap`)));
    naps.push(performance.now() - begin);
    if (answers.some(({ status }) => status !== 200)) {
      throw new Error("a nap was not answered");
    }
  }
  writeReport({
    name: "django-naps",
    title: "50 requests at once for a view that waits 100 ms for the database, on one interpreter",
    columns: ["figure", "measured", "wanted"],
    rows: [["until all are answered", `${(median(naps) / 1000).toFixed(2)} s`, "< 0.5 s"]],
  });
}

async function measureStart(): Promise<void> {
  const started = async (workers: number) => {
    const begin = performance.now();
    const { process: serving } = await serveGateway(workers);
    const took = performance.now() - begin;
    await sleep(3_000); // for what it does after the start, and the garbage collector
    const megabytes = residentMegabytes(serving.pid);
    await serving.stop();
    return { took, megabytes };
  };
  await rm(join(folder, "cache"), { recursive: true, force: true });
  const first = await started(1);
  const later = [await started(1), await started(1), await started(1)];
  const two = await started(2);
  const alone = median(later.map(({ megabytes }) => megabytes));
  const show = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;
  writeReport({
    name: "django-start",
    title: "The example's start, from the command to the first answered request, and its memory",
    columns: ["figure", "measured", "wanted"],
    rows: [
      ["without a snapshot", show(first.took), "< 10 s"],
      ["from the snapshot", show(median(later.map(({ took }) => took))), "< 2 s"],
      ["RSS with one interpreter", `${alone} MB`, ""],
      ["RSS that a second one adds", `${two.megabytes - alone} MB`, "< 150 MB"],
    ],
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
