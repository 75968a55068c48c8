/**
 * A quick statement from many askers on ten connections: alone, and where one statement in twenty sleeps for 200 ms. The
 * gateway's pool against pg's, which has one statement at a time on a connection, and against pg's pipelining with the
 * least loaded connection first.
 * `npm run bench pool`
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openDatabase, startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { writeReport } from "./report.ts";

const rounds = 3;
const seconds = 3;
const size = 10;
const askers = 32;
/** Milliseconds that an asker pauses on average where some statements are slow, so that connections suffice. */
const pause = 30;
const slowShare = 0.05;

interface Way {
  readonly name: string;
  quick(): Promise<unknown>;
  slow(): Promise<unknown>;
  close(): Promise<unknown>;
}

const text = "SELECT id, title FROM pool_bench WHERE id <= $1 ORDER BY id";
const slowText = "SELECT pg_sleep(0.2)";
const folder = join(import.meta.dirname, "../.puff/bench-postgres");
const { url, stop } = await startEmbeddedPostgres({ folder, onLog: () => undefined });
const database = await openDatabase({
  url,
  poolSize: size,
  queueLimit: 1_000,
  acquireTimeout: 10_000,
  statementTimeout: 10_000,
  maxRows: 1_000_000,
  connectDeadline: 10_000,
});
await database.run(`
  DROP TABLE IF EXISTS pool_bench;
  CREATE TABLE pool_bench AS SELECT g AS id, 'title ' || g AS title FROM generate_series(1, 1000) g;
  ALTER TABLE pool_bench ADD PRIMARY KEY (id);
  ANALYZE pool_bench;
`);
const ways = [gatewayPool(), plainPool(), await pipelined()];

const table: (string | number)[][] = [];
const all = ways.map((): Measured[] => []);
for (let round = 0; round < rounds; round++) {
  for (const [index, way] of ways.entries()) {
    await measure(way, 0, 0); // to warm up
    const alone = await measure(way, 0, 0);
    const mixed = await measure(way, slowShare, pause);
    all[index]?.push({ ...alone, mixedP50: mixed.p50, mixedP99: mixed.p99 });
  }
}
for (const [index, { name }] of ways.entries()) {
  const runs = all[index] ?? [];
  table.push([
    name,
    Math.round(median(runs.map(({ rate }) => rate))),
    Math.round(median(runs.map(({ cpu }) => cpu))),
    median(runs.map(({ p99 }) => p99)).toFixed(1),
    median(runs.map(({ mixedP50 }) => mixedP50)).toFixed(1),
    median(runs.map(({ mixedP99 }) => mixedP99)).toFixed(1),
  ]);
}
writeReport({
  name: "pool",
  title: `A quick statement (64 rows), ${askers} askers, ${size} connections: median of ${rounds} rounds; last two columns with ${slowShare * 100} % pg_sleep(0.2)`,
  columns: ["pool", "statements/s", "µs of CPU each", "p99 ms", "with slow ones: p50 ms", "p99 ms"],
  rows: table,
  details: { text, slowText, pause },
});
await Promise.all(ways.map((way) => way.close()));
await stop();

interface Run {
  readonly rate: number;
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

interface Measured extends Run {
  readonly mixedP50: number;
  readonly mixedP99: number;
}

/** Quick statements alone are counted. */
async function measure(way: Way, share: number, pauseOnAverage: number): Promise<Run> {
  const times: number[] = [];
  const begin = performance.now();
  const cpuBefore = process.cpuUsage();
  let asked = 0;
  await Promise.all(
    Array.from({ length: askers }, async () => {
      while (performance.now() - begin < seconds * 1_000) {
        asked++;
        if (share > 0 && asked % Math.round(1 / share) === 0) {
          await way.slow();
        } else {
          const start = performance.now();
          await way.quick();
          times.push(performance.now() - start);
        }
        if (pauseOnAverage > 0) {
          await sleep(Math.random() * 2 * pauseOnAverage);
        }
      }
    }),
  );
  const { user, system } = process.cpuUsage(cpuBefore);
  times.sort((one, other) => one - other);
  return {
    rate: (times.length * 1_000) / (performance.now() - begin),
    cpu: (user + system) / times.length,
    p50: times[times.length >> 1] ?? 0,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

function gatewayPool(): Way {
  return {
    name: "puff-gateway",
    quick: () => database.query({ text, params: [[23, "64"]] }),
    slow: () => database.query({ text: slowText, params: [] }),
    close: () => database.close(),
  };
}

function plainPool(): Way {
  const pool = new pg.Pool({ connectionString: url, max: size });
  return {
    name: "pg.Pool",
    quick: () => pool.query({ name: "bench", text, values: [64], rowMode: "array" }),
    slow: () => pool.query(slowText),
    close: () => pool.end(),
  };
}

async function pipelined(): Promise<Way> {
  const clients = Array.from({ length: size }, () => ({
    client: new pg.Client({ connectionString: url, pipeline: true }),
    load: 0,
  }));
  await Promise.all(clients.map(({ client }) => client.connect()));
  const run = async (config: pg.QueryConfig): Promise<void> => {
    const least = clients.reduce((one, other) => (other.load < one.load ? other : one));
    least.load++;
    await least.client.query(config);
    least.load--;
  };
  return {
    name: "pg, pipelined, least loaded first",
    quick: () => run({ name: "bench", text, values: [64] }),
    slow: () => run({ text: slowText }),
    close: () => Promise.all(clients.map(({ client }) => client.end())),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
}
