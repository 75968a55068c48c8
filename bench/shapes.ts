/**
 * The first use of a filter: W8's connection with one shape of filter after another, each new, then each once more. It
 * measures how much more CPU time the first use costs the gateway's own process, without Postgres's planning, and counts
 * the entries into Python. `npm run bench shapes`
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startDatabase } from "./compare/database.ts";
import { startServer } from "./compare/servers.ts";
import { cpuOf } from "./compare/usage.ts";
import { searched } from "./compare/workloads.ts";
import { writeReport } from "./report.ts";

/** Any of these together, in any order of likes: 510 shapes. V8 optimizes over the first half, the second is measured. */
const lookups = ["contains", "startsWith", "endsWith", "exact", "iContains", "iStartsWith", "iEndsWith", "iExact"];
const query = `query ($body: StrFilterLookup, $ordering: [CommentOrder!]!) {
  comments(first: 50, filters: {author: {name: {startsWith: "${searched.author}"}}, body: $body}, ordering: $ordering) {
    totalCount
    edges { cursor node { id body likes } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const wanted = 2;

process.env["PUFF_METRICS"] = "true";
await using stack = new AsyncDisposableStack();
const database = await startDatabase(join(import.meta.dirname, "../.puff/bench-postgres"));
stack.defer(() => database.stop());
const server = await startServer("models", database.url);
stack.use(server.process);

await askAll("ASC");
await askAll("ASC");
const entriesBefore = await pythonEntries();
const first = await askAll("DESC");
const entries = (await pythonEntries()) - entriesBefore;
const second = await askAll("DESC");
writeReport({
  name: "shapes",
  title: "The first use of a filter's shape, milliseconds of the gateway's CPU",
  columns: ["first use", "second use", "first beyond second", "wanted", "entries into Python"],
  rows: [[first.toFixed(2), second.toFixed(2), (first - second).toFixed(2), `≤ ${wanted}`, entries]],
});

/** Asks once with each filter. Returns the mean CPU time of a request. */
async function askAll(direction: "ASC" | "DESC"): Promise<number> {
  await database.settle();
  const before = cpuOf(server.process.pid);
  const count = 2 ** lookups.length;
  for (let shape = 1; shape < count; shape++) {
    const chosen = lookups.filter((_, bit) => ((shape >> bit) & 1) === 1);
    const body = Object.fromEntries(chosen.map((lookup) => [lookup, searched.body]));
    const response = await fetch(server.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { body, ordering: [{ likes: direction }] } }),
    });
    const text = await response.text();
    assert(text.startsWith('{"data":{'), text);
  }
  return (cpuOf(server.process.pid) - before) / (count - 1);
}

async function pythonEntries(): Promise<number> {
  const figures = await (await fetch(new URL("/metrics", server.url))).text();
  const counted = [...figures.matchAll(/^puff_python_batches_total\{.*\} (\d+)$/gm)];
  assert(counted.length > 0, "the entries into Python were not counted");
  return counted.reduce((sum, [, value]) => sum + Number(value), 0);
}
