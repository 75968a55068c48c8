/**
 * Mixed load with faults for some minutes: does a gateway's memory stay flat, and do its descriptors?
 *
 * @example npm run bench soak       10 minutes
 * @example npm run bench soak 4     as many as the argument says
 */
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { openDatabase, startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { ask, freePort, ServingProcess } from "../scripts/process.ts";
import { writeReport } from "./report.ts";
import { application, schema, tables } from "./soak/python.ts";

const minutes = Number(process.argv[2] ?? 10);
const lookEvery = 5_000;
/**
 * What a minute may add, in shares of the mean, and is still the noise of the garbage collector and of the load. The first
 * half of the time does not count: caches fill in it, pools open, code is compiled.
 */
const noise = { rss: 0.01, heap: 0.02, descriptors: 0.02 };
const root = join(import.meta.dirname, "..");

await using stack = new AsyncDisposableStack();
const server = await startEmbeddedPostgres({ folder: join(root, ".puff/bench-postgres"), onLog: () => undefined });
stack.defer(() => server.stop());
const limits = { poolSize: 2, queueLimit: 10, acquireTimeout: 10_000, statementTimeout: 60_000, maxRows: 10 };
const database = await openDatabase({ url: server.url, ...limits, connectDeadline: 10_000 });
stack.defer(() => database.close());
await database.run(tables);
const { url, pid } = await startGateway();

/** How often each kind of answer came. */
const outcomes = new Map<string, number>();
const ended = new AbortController();
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const loads: { readonly [name: string]: () => Promise<void> } = {
  query: () => post("{ posts(limit: 20) { id title comments { id body } } }"),
  mutation: () => post("mutation { add { id } }"),
  python: () => post("{ computed }"),
  document: () => post(`{ a${Math.floor(Math.random() * 1e9)}: posts(limit: 1) { id } }`),
  bad: () => post("{ posts(limit: 1e999) { nothing } } fragment"),
  failing: () => post("{ fails }"),
  killed: () => post("{ backend { id } }"),
  wsgi: () => get("/page", ""),
  upload: () => get("/upload", "x".repeat(300_000)),
  leaving: () => leaveEarly(),
  slow: () => readSlowly(),
  subscription: () => subscribe(),
};
const running = Object.entries(loads).flatMap(([name, load]) =>
  Array.from({ length: 3 }, async () => {
    while (!ended.signal.aborted) {
      const outcome = await load().then(
        () => `${name}: done`,
        () => `${name}: refused or broken off`,
      );
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await sleep(20);
    }
  }),
);
let faultCount = 0;
const faults = setInterval(() => void makeFault(), 15_000);

/** All but the time and the descriptors in MB. */
interface Look {
  readonly minute: number;
  readonly rss: number;
  readonly heap: number;
  /** Buffers of JavaScript. */
  readonly external: number;
  /** Memory of interpreters. */
  readonly python: number;
  /** What malloc holds of its main heap. */
  readonly malloc: number;
  readonly descriptors: number;
}
const looks: Look[] = [];
const began = performance.now();
while (performance.now() - began < minutes * 60_000) {
  await sleep(lookEvery);
  looks.push(await look());
}
clearInterval(faults);
ended.abort();
await Promise.race([Promise.all(running), sleep(60_000)]);
agent.destroy();
// What is held for clients that have left is given back.
await sleep(10_000);
const last = await look();

const secondHalf = looks.filter(({ minute }) => minute > minutes / 2);
const trends = (["rss", "heap", "external", "python", "malloc", "descriptors"] as const).map((what) => ({
  what,
  ...trendOf(secondHalf, what),
}));
const verdicts = trends.flatMap(({ what, mean, perMinute }) => {
  const most = what === "rss" || what === "heap" || what === "descriptors" ? noise[what] * mean : null;
  return most === null ? [] : [`${what} ${perMinute > most ? "grows" : "is flat"}`];
});
const columns = ["minute", "RSS", "JavaScript heap", "external", "interpreters", "malloc", "descriptors"];
const rowOf = (one: Look) => [
  one.minute.toFixed(1),
  ...[one.rss, one.heap, one.external, one.python, one.malloc, one.descriptors].map((value) => value.toFixed(0)),
];
writeReport({
  name: "soak",
  title: `${minutes} minutes of mixed load with faults, in MB: ${verdicts.join(", ")}`,
  columns,
  rows: [
    ...looks.filter((_, index) => index % Math.ceil(looks.length / 20) === 0).map(rowOf),
    ["after the load", ...rowOf(last).slice(1)],
    ["mean of the second half", ...trends.map(({ mean }) => mean.toFixed(0))],
    ["its trend per minute", ...trends.map(({ perMinute }) => `${perMinute < 0 ? "" : "+"}${perMinute.toFixed(1)}`)],
  ],
  details: { trends, looks, outcomes: Object.fromEntries(outcomes) },
});
for (const [outcome, count] of [...outcomes].toSorted()) {
  console.log(`${count}\t${outcome}`);
}
process.exitCode = verdicts.some((text) => text.includes("grows")) ? 1 : 0;

async function look(): Promise<Look> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const megabytes = (name: string) => {
    const samples = [...metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))];
    return samples.reduce((sum, [, value]) => sum + Number(value), 0) / 1024 ** 2;
  };
  const maps = await readFile(`/proc/${pid}/smaps`, "utf8");
  return {
    minute: (performance.now() - began) / 60_000,
    rss: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    heap: megabytes("nodejs_heap_size_used_bytes"),
    external: megabytes("nodejs_external_memory_bytes"),
    python: megabytes("puff_interpreter_memory_bytes"),
    malloc: Number(/\[heap\]\n(?:.*\n)*?Rss:\s+(\d+) kB/.exec(maps)?.[1]) / 1024,
    descriptors,
  };
}

/** The mean of a figure, and what a minute adds to it by the line that fits best. */
function trendOf(points: readonly Look[], what: keyof Look): { readonly mean: number; readonly perMinute: number } {
  const meanOf = (key: keyof Look) => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  const [middle, mean] = [meanOf("minute"), meanOf(what)];
  const over = points.reduce((sum, point) => sum + (point.minute - middle) * (point[what] - mean), 0);
  const under = points.reduce((sum, point) => sum + (point.minute - middle) ** 2, 0);
  return { mean, perMinute: over / under };
}

/** Connections to Postgres end, and every minute an interpreter does. */
async function makeFault(): Promise<void> {
  faultCount++;
  if (faultCount % 4 === 0) {
    await get("/die", "").catch(() => undefined);
    return;
  }
  await database.run(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()" +
      " AND application_name LIKE 'puff-gateway%' ORDER BY random() LIMIT 3",
  );
}

async function post(query: string): Promise<void> {
  await send("/graphql", JSON.stringify({ query }), { "content-type": "application/json" });
}

async function get(path: string, body: string): Promise<void> {
  await send(path, body, {});
}

async function send(path: string, body: string, headers: { readonly [name: string]: string }): Promise<void> {
  const sent = request(`${url}${path}`, { method: body === "" ? "GET" : "POST", agent, headers });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  await once(response, "end");
}

/** Asks for something slow and is gone before it comes. */
async function leaveEarly(): Promise<void> {
  const paths = ["/graphql?query={slow{id}}", "/slow", "/graphql?query={items{id,name}}"];
  const sent = request(`${url}${paths[Math.floor(Math.random() * paths.length)]}`, { agent: false });
  sent.on("error", () => undefined).end();
  await sleep(100);
  sent.destroy();
}

/** Reads a little of a large list, then nothing for a while. */
async function readSlowly(): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  socket.write("GET /graphql?query={items{id,name}} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n");
  await once(socket, "data");
  socket.pause();
  await sleep(3_000);
  socket.destroy();
}

/** Subscribes on a WebSocket, takes some answers and leaves. */
async function subscribe(): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  socket.on("error", () => undefined);
  await once(socket, "open");
  socket.send('{"type":"connection_init"}');
  await once(socket, "message");
  const query = "subscription { added { id } }";
  socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query } }));
  await Promise.race([once(socket, "message"), sleep(5_000)]);
  socket.terminate();
}

async function startGateway(): Promise<{ readonly url: string; readonly pid: number }> {
  const folder = await mkdtemp(join(tmpdir(), "puff-soak-"));
  stack.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "schema.py"), schema);
  await writeFile(join(folder, "pages.py"), application);
  const port = await freePort();
  const flags = [
    ...["--schema", join(folder, "schema.py"), "--wsgi", `${join(folder, "pages.py")}:application`],
    ...["--database-url", server.url, "--port", String(port), "--log-level", "fatal", "--metrics"],
  ];
  const serving = new ServingProcess(process.execPath, [join(root, "bin/puff-gateway.js"), ...flags], {
    stdio: "inherit",
    cwd: folder,
    // glibc raises these by itself and then keeps what large buffers left free: what is held could not be told from it.
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" },
  });
  stack.defer(() => serving.stop("SIGTERM", 60_000));
  const served = `http://127.0.0.1:${port}`;
  await serving.until(async () => (await ask(`${served}/graphql`, "{ computed }")).includes("1"), 60_000);
  return { url: served, pid: serving.pid };
}
