/** What the gateway is to reach, as ratios between servers of one run. */
import type { ServerName } from "./servers.ts";
import type { WorkloadName } from "./workloads.ts";

/** What one server did on one workload: the medians of its rounds. */
export interface Figures {
  readonly server: ServerName;
  readonly workload: WorkloadName;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Milliseconds of CPU for each request. */
  readonly serverCpu: number;
  readonly postgresCpu: number;
  /** Megabytes, after the workload. */
  readonly rss: number;
  /** Bytes of an answer. */
  readonly bytes: number;
  /** Statements for each operation. */
  readonly statements: number;
}

export interface Start {
  readonly name: ServerName;
  /** Megabytes, after the first answer. */
  readonly restingMegabytes: number;
}

export interface Result {
  readonly target: string;
  readonly workload: WorkloadName;
  readonly wanted: string;
  readonly measured: string;
  /** The same ratio of the CPU that server and Postgres take together, which other work on the machine hardly changes. */
  readonly byCpu: string;
  readonly met: boolean;
}

const ratios: readonly (readonly [ServerName, ServerName, { readonly [name in WorkloadName]?: number }])[] = [
  ["traced", "limit", { W1: 0.8, W2: 0.85, W3: 0.9, W6: 0.9, W7: 0.85, W8: 0.85 }],
  ["traced", "json", { W1: 1.1, W2: 1.2, W3: 2.5, W6: 1.8, W7: 1.5, W8: 1.5 }],
  ["dynamic", "limit", { W1: 0.4, W2: 0.5, W3: 0.85, W6: 0.85 }],
  ["traced", "mercurius", { W1: 2, W2: 2.5, W3: 3, W6: 3 }],
  ["traced", "postgraphile", { W1: 5, W2: 3.3, W3: 8.5, W6: 6, W7: 4, W8: 4 }],
  ["traced", "strawberry", { W1: 10, W2: 15, W3: 40, W6: 25 }],
  ["traced", "strawberryDjango", { W7: 30, W8: 30 }],
  ["models", "limit", { W7: 0.85, W8: 0.85 }],
  ["models", "json", { W7: 1.5, W8: 1.5 }],
  ["models", "postgraphile", { W7: 4, W8: 4 }],
  ["models", "strawberryDjango", { W7: 30, W8: 30 }],
];

/** Compares the figures with the targets; those of servers that were left out are left out. */
export function checkTargets(figures: readonly Figures[], starts: readonly Start[]): Result[] {
  const find = (server: ServerName, workload: WorkloadName) =>
    figures.find((figure) => figure.server === server && figure.workload === workload);
  const results: Result[] = [];
  for (const [server, other, wanted] of ratios) {
    for (const [workload, least] of Object.entries(wanted) as [WorkloadName, number][]) {
      const [one, two] = [find(server, workload), find(other, workload)];
      if (one !== undefined && two !== undefined) {
        const ratio = one.requestsPerSecond / two.requestsPerSecond;
        const byCpu = (two.serverCpu + two.postgresCpu) / (one.serverCpu + one.postgresCpu);
        results.push({
          target: `requests/s of ${server} to ${other}`,
          workload,
          wanted: `≥ ${least}`,
          measured: ratio.toFixed(2),
          byCpu: byCpu.toFixed(2),
          met: ratio >= least,
        });
      }
    }
  }
  for (const workload of ["W2", "W3", "W6"] as const) {
    const [one, two] = [find("traced", workload), find("json", workload)];
    if (one !== undefined && two !== undefined) {
      const ratio = one.postgresCpu / two.postgresCpu;
      const target = "Postgres's CPU per request, traced to json";
      results.push({ target, workload, wanted: "≤ 0.5", measured: ratio.toFixed(2), byCpu: "", met: ratio <= 0.5 });
    }
  }
  const [one, two] = [find("traced", "W3"), find("limit", "W3")];
  const resting = (name: ServerName) => starts.find((start) => start.name === name)?.restingMegabytes ?? 0;
  if (one !== undefined && two !== undefined) {
    // One interpreter is what the gateway has more at rest.
    const most = two.rss + (resting("traced") - resting("limit")) + 50;
    const target = "RSS after, MB: the limit's, one interpreter and 50";
    results.push({
      target,
      workload: "W3",
      wanted: `≤ ${most}`,
      measured: String(one.rss),
      byCpu: "",
      met: one.rss <= most,
    });
  }
  for (const { server, workload, statements } of figures) {
    if ((server === "traced" || server === "models") && workload !== "W4") {
      const target = `statements per operation, ${server}`;
      results.push({ target, workload, wanted: "1", measured: String(statements), byCpu: "", met: statements === 1 });
    }
  }
  return results;
}
