/**
 * Time from `npm start` to the first answered query, on a machine that never started it (no database, no snapshot of
 * the interpreter) and then again; and the memory of the gateway at rest. `npm run bench start`
 */
import { execFileSync } from "node:child_process";
import { chmod, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ask, freePort, ServingProcess } from "../scripts/process.ts";
import { writeReport } from "./report.ts";

const root = join(import.meta.dirname, "..");
const query = "{ posts(limit: 1) { id comments { id } } }";
const laterStarts = 5;

const folder = await mkdtemp(join(tmpdir(), "puff-start-"));
await chmod(folder, 0o755); // run by root, Postgres has a user of its own, who has to reach its data in here
try {
  await cp(join(root, "examples/quickstart"), join(folder, "quickstart"), {
    recursive: true,
    filter: (source) => !source.includes(".puff"),
  });
  const first = await start();
  const later: Started[] = [];
  for (let round = 0; round < laterStarts; round++) {
    later.push(await start());
  }
  const times = later.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
  const memory = later.map(({ megabytes }) => megabytes).sort((one, other) => one - other);
  writeReport({
    name: "start",
    title: "From `npm start` to the first answered query, and memory at rest",
    columns: ["figure", "measured"],
    rows: [
      ["first start: database made and seeded, snapshot taken", `${(first.milliseconds / 1000).toFixed(2)} s`],
      [`later starts, median of ${laterStarts}`, `${((times[laterStarts >> 1] ?? 0) / 1000).toFixed(2)} s`],
      ["RSS at rest, one worker, without Postgres", `${memory[laterStarts >> 1]} MB`],
    ],
    details: { first, later },
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

interface Started {
  readonly milliseconds: number;
  readonly megabytes: number;
}

async function start(): Promise<Started> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/graphql`;
  const { DATABASE_URL: _, PUFF_DATABASE_URL: __, ...env } = process.env;
  await using gateway = new ServingProcess(
    "npm",
    ["start", "--silent", "--", "--config", join(folder, "quickstart/puff.toml"), "--port", String(port)],
    {
      cwd: root,
      env: { ...env, PUFF_CACHE_FOLDER: join(folder, "cache"), NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const milliseconds = await gateway.until(async () => (await ask(url, query)).includes('"comments"'), 120_000);
  await sleep(3_000); // for what it does after the start, and the garbage collector
  const megabytes = residentMegabytes(gateway.pid);
  await gateway.stop();
  return { milliseconds: Math.round(milliseconds), megabytes };
}

/** Of the gateway alone among the processes of its group: not npm, not its shell, not Postgres. */
function residentMegabytes(group: number): number {
  const lines = execFileSync("ps", ["-A", "-o", "pgid=,rss=,args="], { encoding: "utf8" }).split("\n");
  for (const line of lines) {
    const [, pgid, rss, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (Number(pgid) === group && args?.includes("puff-gateway.js") === true && !/^(sh|npm)\b/.test(args)) {
      return Math.round(Number(rss) / 1024);
    }
  }
  throw new Error("ps shows no gateway");
}
