/**
 * Workloads on the gateway, on what Node could do at most, and on its peers: one database, each server a process
 * of its own with as many connections, in turns within one run. `npm run bench compare`
 *
 * @example npm run bench compare -- --rounds 1 --seconds 1 --warm-up 1 --servers limit,traced --workloads W1,W2
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ask } from "../scripts/process.ts";
import { checkAnswers } from "./compare/answers.ts";
import { chartHeading, drawChart } from "./compare/chart.ts";
import { startDatabase } from "./compare/database.ts";
import { type Server, type ServerName, serverNames, startServer } from "./compare/servers.ts";
import { checkTargets, type Figures } from "./compare/targets.ts";
import { cpuOf, residentMegabytes } from "./compare/usage.ts";
import { type Workload, workloads } from "./compare/workloads.ts";
import { generator, measure } from "./load.ts";
import { writeReport } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    // V8 goes on optimizing for some ten seconds of load, the longer the more code there is.
    "warm-up": { type: "string", default: "10" },
    servers: { type: "string", default: serverNames.join() },
    workloads: { type: "string", default: workloads.map(({ name }) => name).join() },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const warmUp = Number(options["warm-up"]);
const chosenServers = options.servers.split(",") as ServerName[]; // startServer fails for others
const chosenWorkloads = workloads.filter(({ name }) => options.workloads.split(",").includes(name));

await using stack = new AsyncDisposableStack();
const database = await startDatabase(join(import.meta.dirname, "../.puff/bench-postgres"));
stack.defer(() => database.stop());
const servers: Server[] = [];
for (const name of chosenServers) {
  console.log(`starting ${name}`);
  const server = await startServer(name, database.url);
  stack.use(server.process);
  servers.push(server);
}

const figures: Figures[] = [];
for (const workload of chosenWorkloads) {
  figures.push(...(await measureWorkload(workload)));
}
report();

async function measureWorkload(workload: Workload): Promise<Figures[]> {
  const taking = servers.filter((server) => server.queryOf(workload) !== null);
  const bytes = await checkAnswers(workload, taking, () => database.run("TRUNCATE note RESTART IDENTITY"));
  const measured = taking.map((): Round[] => []);
  for (const server of taking) {
    await measureRound(workload, server, warmUp);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, server] of taking.entries()) {
      measured[index]?.push(await measureRound(workload, server, seconds));
    }
  }
  const results: Figures[] = [];
  for (const [index, server] of taking.entries()) {
    const of = (key: keyof Round) => median((measured[index] ?? []).map((round) => round[key]));
    results.push({
      server: server.name,
      workload: workload.name,
      requestsPerSecond: of("requestsPerSecond"),
      p50: of("p50"),
      p99: of("p99"),
      serverCpu: of("serverCpu"),
      postgresCpu: of("postgresCpu"),
      rss: of("rss"),
      bytes: bytes[index] ?? 0,
      statements: await countStatements(workload, server),
    });
  }
  return results;
}

interface Round extends Pick<Figures, "requestsPerSecond" | "p50" | "p99" | "serverCpu" | "postgresCpu" | "rss"> {}

async function measureRound(workload: Workload, server: Server, duration: number): Promise<Round> {
  await database.settle();
  const before = { server: cpuOf(server.process.pid), postgres: database.cpu() };
  const { failed, requests, requestsPerSecond, p50, p99 } = await measure({
    url: server.url,
    body: bodyOf(workload, server),
    connections: workload.connections,
    seconds: duration,
  });
  assert.equal(failed, 0, `${failed} requests to ${server.name} failed: the figures mean nothing`);
  const serverCpu = (cpuOf(server.process.pid) - before.server) / requests;
  const postgresCpu = (database.cpu() - before.postgres) / requests;
  const round = { requestsPerSecond, p50, p99, serverCpu, postgresCpu, rss: residentMegabytes(server.process.pid) };
  console.log(
    `${workload.name} ${server.name.padEnd(10)} ${requestsPerSecond.toFixed(0).padStart(6)} requests/s, ` +
      `CPU ${serverCpu.toFixed(3)} + ${postgresCpu.toFixed(3)} ms`,
  );
  return round;
}

async function countStatements(workload: Workload, server: Server): Promise<number> {
  const times = 5;
  await database.settle();
  await ask(server.url, server.queryOf(workload) ?? ""); // the gateway looks at the functions' names from time to time
  const count = await database.countStatements(async () => {
    for (let time = 0; time < times; time++) {
      await ask(server.url, server.queryOf(workload) ?? "");
    }
  });
  return count / times;
}

function bodyOf(workload: Workload, server: Server): string {
  return JSON.stringify({ query: server.queryOf(workload) });
}

function report(): void {
  const titles = new Map(servers.map(({ name, title }) => [name, title]));
  const starts = servers.map(({ name, firstAnswer, restingMegabytes }) => ({ name, firstAnswer, restingMegabytes }));
  writeReport({
    name: "compare",
    title: `Workloads, medians of ${rounds} rounds of ${seconds} s (${generator}, Postgres ${database.version})`,
    columns: [
      ...["workload", "server", "requests/s", "p50 ms", "p99 ms", "CPU of the server, ms", "of Postgres, ms"],
      ...["RSS, MB", "bytes", "statements"],
    ],
    rows: figures.map((row) => [
      ...[row.workload, titles.get(row.server) ?? "", Math.round(row.requestsPerSecond)],
      ...[row.p50.toFixed(1), row.p99.toFixed(1), row.serverCpu.toFixed(3), row.postgresCpu.toFixed(3)],
      ...[row.rss, row.bytes, row.statements],
    ]),
    details: { figures },
  });
  writeReport({
    name: "compare-summary",
    title: "Requests a second; in brackets milliseconds of CPU for each, of the server and of Postgres",
    columns: ["server", ...chosenWorkloads.map(({ name }) => name)],
    rows: servers.map(({ name, title }) => [
      title,
      ...chosenWorkloads.map((workload) => {
        const row = figures.find((figure) => figure.server === name && figure.workload === workload.name);
        return row === undefined
          ? ""
          : `${Math.round(row.requestsPerSecond)} (${row.serverCpu.toFixed(2)} + ${row.postgresCpu.toFixed(2)})`;
      }),
    ]),
  });
  const panels = chosenWorkloads.map(({ name, title }) => ({
    title: `${name}: ${title}`,
    bars: figures
      .filter(({ workload }) => workload === name)
      .map(({ server, requestsPerSecond }) => ({
        label: titles.get(server) ?? "",
        value: requestsPerSecond,
        highlighted: (titles.get(server) ?? "").startsWith("puff-gateway"),
      })),
  }));
  writeFileSync(join(import.meta.dirname, "results/compare.svg"), drawChart(chartHeading, panels));
  writeReport({
    name: "compare-start",
    title: "Start",
    columns: ["server", "first answer, ms", "RSS then, MB"],
    rows: starts.map((row) => [titles.get(row.name) ?? "", Math.round(row.firstAnswer), row.restingMegabytes]),
  });
  const results = checkTargets(figures, starts);
  writeReport({
    name: "compare-targets",
    title: "Targets",
    columns: ["target", "workload", "wanted", "measured", "the same by CPU", "met"],
    rows: results.map(({ target, workload, wanted, measured, byCpu, met }) => [
      ...[target, workload, wanted, measured, byCpu, met ? "yes" : "no"],
    ]),
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}
