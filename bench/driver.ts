/**
 * Queries a second on one connection: rows kept as bytes against pg's own client, which makes an object of each row, the
 * same prepared statement in turns within one run. Then, since rows end as text, the same with every byte copied out.
 * `npm run bench driver`
 */
import { join } from "node:path";
import pg from "pg";
import { openDatabase, startEmbeddedPostgres } from "../gateway/postgres/index.ts";
import { writeReport } from "./report.ts";

const rounds = 7;
const milliseconds = 1_000;
const sizes = [1, 64, 10_000];

const folder = join(import.meta.dirname, "../.puff/bench-postgres");
const { url, stop } = await startEmbeddedPostgres({ folder, onLog: () => undefined });
const database = await openDatabase({
  url,
  poolSize: 1,
  queueLimit: 10,
  acquireTimeout: 10_000,
  statementTimeout: 10_000,
  maxRows: 1_000_000,
  connectDeadline: 10_000,
});
const pool = new pg.Pool({ connectionString: url, max: 1 });
await database.run(`
  DROP TABLE IF EXISTS driver_bench;
  CREATE TABLE driver_bench AS SELECT g AS id, 'title ' || g AS title, g % 100 AS author_id FROM generate_series(1, 10000) g;
  ALTER TABLE driver_bench ADD PRIMARY KEY (id);
  ANALYZE driver_bench;
`);
const text = "SELECT id, title, author_id FROM driver_bench WHERE id <= $1 ORDER BY id";
const target = Buffer.alloc(1_000_000);

const ways: readonly { readonly name: string; run(size: number): Promise<number> }[] = [
  { name: "pg", run: async (size) => (await pool.query({ name: "bench", text, values: [size] })).rows.length },
  { name: "RowSet", run: async (size) => (await database.query({ text, params: [[23, String(size)]] })).count },
  {
    name: "RowSet, fields copied",
    run: async (size) => {
      const rows = await database.query({ text, params: [[23, String(size)]] });
      let end = 0;
      for (let row = 0; row < rows.count; row++) {
        rows.seek(row);
        for (let column = 0; column < 3; column++) {
          end += rows.chunk.bytes.copy(target, end, rows.starts[column], rows.ends[column]);
        }
      }
      return rows.count;
    },
  },
];

const table: (string | number)[][] = [];
for (const size of sizes) {
  const rates = ways.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, way] of ways.entries()) {
      const rate = await measure(way.run, size);
      if (round >= 0) {
        rates[index]?.push(rate); // the first is to warm up
      }
    }
  }
  const base = median(rates[0] ?? []);
  for (const [index, { name }] of ways.entries()) {
    const rate = median(rates[index] ?? []);
    table.push([size, name, Math.round(rate), (rate / base).toFixed(2)]);
  }
}
writeReport({
  name: "driver",
  title: `Queries a second on one connection, one after the other, median of ${rounds} rounds`,
  columns: ["rows", "client", "queries/s", "against pg"],
  rows: table,
  details: { text },
});
await pool.end();
await database.close();
await stop();

async function measure(run: (size: number) => Promise<number>, size: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < milliseconds) {
    if ((await run(size)) !== size) {
      throw new Error("rows are missing");
    }
    count++;
  }
  return (count * 1_000) / (performance.now() - start);
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
}
