/**
 * Requests a second of the quickstart's nested query: the gateway against hand-written Fastify and pg with the same
 * SQL, in turns within one run, each a process of its own. `npm run bench http`
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase, startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { ask, freePort, ServingProcess } from "../scripts/process.ts";
import { generator, type Measured, measure } from "./load.ts";
import { writeReport } from "./report.ts";

const root = join(import.meta.dirname, "..");
const quickstart = join(root, "examples/quickstart");
const query = "{ posts { id title author { name } comments { id body } } }";
const rounds = 5;
const seconds = 5;
const warmUpSeconds = 3;
const connections = 32;

await using stack = new AsyncDisposableStack();
const dynamicSchema = await writeDynamicSchema();
const database = await startDatabase();
const peers = [
  await startPeer("puff-gateway, cached plans", (port) => gateway(join(quickstart, "schema.py"), port)),
  await startPeer("puff-gateway, Python per request", (port) => gateway(dynamicSchema, port)),
  await startPeer("Fastify + pg by hand", (port) => ["bench/bare.ts", database, String(port)]),
];
await checkAnswers();
for (const peer of peers) {
  await load(peer.url, warmUpSeconds);
}
for (let round = 0; round < rounds; round++) {
  for (const peer of peers) {
    peer.measured.push(await load(peer.url, seconds));
  }
}
const failed = peers.flatMap((peer) => peer.measured).reduce((sum, measured) => sum + measured.failed, 0);
writeReport({
  name: "http",
  title: `The quickstart's nested query, ${connections} connections, median of ${rounds} rounds of ${seconds} s (${generator})`,
  columns: ["server", "requests/s", "lowest", "highest", "p50 ms", "p99 ms"],
  rows: peers.map(({ name, measured }) => {
    const rates = measured.map((round) => round.requestsPerSecond).sort((one, other) => one - other);
    return [
      name,
      Math.round(median(rates)),
      Math.round(rates[0] ?? 0),
      Math.round(rates.at(-1) ?? 0),
      median(measured.map((round) => round.p50)).toFixed(1),
      median(measured.map((round) => round.p99)).toFixed(1),
    ];
  }),
  details: { query, failed, rounds: peers.map(({ name, measured }) => ({ name, measured })) },
});
assert.equal(failed, 0, `${failed} requests failed: the figures mean nothing`);

function gateway(schema: string, port: number): string[] {
  return [
    ...["bin/puff-gateway.js", "--schema", schema, "--database-url", database],
    ...["--port", String(port), "--log-level", "warn"],
  ];
}

/** The quickstart's schema with no resolver marked as pure. */
async function writeDynamicSchema(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "puff-bench-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const text = await readFile(join(quickstart, "schema.py"), "utf8");
  const file = join(folder, "schema.py");
  await writeFile(file, text.replaceAll(/^ *@graphql\.pure\n/gm, "").replace("from puff import graphql\n", ""));
  return file;
}

interface Peer {
  readonly name: string;
  readonly url: string;
  readonly measured: Measured[];
}

/** An embedded Postgres of the benchmarks' own, with the quickstart's tables made anew. */
async function startDatabase(): Promise<string> {
  const { url, stop } = await startEmbeddedPostgres({ folder: join(root, ".puff/bench-postgres"), onLog: () => {} });
  stack.defer(stop);
  const limits = { poolSize: 1, queueLimit: 10, acquireTimeout: 10_000, statementTimeout: 60_000, maxRows: 10 };
  const connected = await openDatabase({ url, ...limits, connectDeadline: 10_000 });
  await connected.run("DROP TABLE IF EXISTS comment, post, author");
  await connected.run(await readFile(join(quickstart, "schema.sql"), "utf8"));
  await connected.run("ANALYZE");
  await connected.close();
  return url;
}

async function startPeer(name: string, args: (port: number) => string[]): Promise<Peer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const serving = stack.use(
    new ServingProcess("node", args(port), {
      cwd: root,
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
  await serving.until(async () => (await ask(url, query)).includes('"data"'), 60_000);
  return { name, url, measured: [] };
}

/** A comparison of servers that answer differently would be worthless. */
async function checkAnswers(): Promise<void> {
  const [first, ...others] = await Promise.all(peers.map(async ({ url }) => JSON.parse(await ask(url, query))));
  assert(first.data.posts.length === 20, "the query's answer has no posts");
  for (const other of others) {
    assert.deepEqual(other, first);
  }
}

function load(url: string, duration: number): Promise<Measured> {
  return measure({ url, body: JSON.stringify({ query }), connections, seconds: duration });
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}
