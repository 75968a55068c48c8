/** Load on one URL: by wrk where it is on PATH, since it takes the least from those it measures; else by autocannon. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import autocannon from "autocannon";

export interface Load {
  readonly url: string;
  /** Body of each POST, as application/json; null: each is a GET. */
  readonly body: string | null;
  /** By lower-case name. */
  readonly headers?: { readonly [name: string]: string };
  readonly connections: number;
  readonly seconds: number;
}

export interface Measured {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Requests without an answer, or with a status other than 2xx. */
  readonly failed: number;
}

/** Seconds until an answer counts as a failure: the slowest server needs several for 1,000 posts with their comments. */
const patience = 30;

export const generator: "wrk" | "autocannon" = hasWrk() ? "wrk" : "autocannon";

/** Loads a URL for the given time. */
export function measure(load: Load): Promise<Measured> {
  return generator === "wrk" ? measureWithWrk(load) : measureWithAutocannon(load);
}

function hasWrk(): boolean {
  try {
    execFileSync("sh", ["-c", "command -v wrk"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

async function measureWithWrk({ url, body, headers = {}, connections, seconds }: Load): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "puff-bench-"));
  try {
    const script = join(folder, "post.lua");
    // A Lua string in double quotes is written as JSON writes it, but for \\u escapes, which no body here has.
    const fields = Object.entries(body === null ? headers : { "content-type": "application/json", ...headers });
    const lines = [
      ...(body === null ? [] : ['wrk.method = "POST"', `wrk.body = ${JSON.stringify(body)}`]),
      ...fields.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`),
    ];
    await writeFile(script, `${lines.join("\n")}\n`);
    const args = [
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--timeout",
      `${patience}s`,
      "--latency",
      "-s",
      script,
      url,
    ];
    const { stdout } = await promisify(execFile)("wrk", args, { timeout: (seconds + patience) * 1000 });
    const socketErrors = [...(/Socket errors: (.*)/.exec(stdout)?.[1]?.matchAll(/\d+/g) ?? [])];
    return {
      requests: Number(find(stdout, /(\d+) requests in/)),
      requestsPerSecond: Number(find(stdout, /Requests\/sec:\s+([\d.]+)/)),
      p50: milliseconds(find(stdout, /\n +50%\s+(\S+)/)),
      p99: milliseconds(find(stdout, /\n +99%\s+(\S+)/)),
      failed:
        Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0) +
        socketErrors.reduce((sum, [count]) => sum + Number(count), 0),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureWithAutocannon({ url, body, headers = {}, connections, seconds }: Load): Promise<Measured> {
  const request =
    body === null
      ? { method: "GET" as const, headers: { ...headers } }
      : { method: "POST" as const, headers: { "content-type": "application/json", ...headers }, body };
  const result = await autocannon({ url, ...request, connections, duration: seconds, timeout: patience });
  return {
    requests: result.requests.total,
    requestsPerSecond: result.requests.average,
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.errors + result.timeouts + result.non2xx,
  };
}

function find(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) {
    throw new Error(`wrk printed no ${pattern}:\n${text}`);
  }
  return found;
}

/** `1.23ms`, `450.00us` and `1.02s`, as wrk prints times. */
function milliseconds(text: string): number {
  const value = Number.parseFloat(text);
  return text.endsWith("us") ? value / 1000 : text.endsWith("ms") ? value : value * 1000;
}
