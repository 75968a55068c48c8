/** A Redis of a test's own, which can be stopped and started again where it was. */
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./postgres-15.ts";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export interface TestRedis {
  readonly url: string;
  /** Starts it, again where it was stopped. */
  start(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
}

/**
 * Starts one without data, with further settings of the command's.
 *
 * @example const redis = await startRedis(); afterAll(() => redis.kill());
 */
export async function startRedis(...further: string[]): Promise<TestRedis> {
  const port = await freePort();
  let server: ChildProcess | null = null;
  const redis: TestRedis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "-::1", "--save", "", "--appendonly", "no"];
      server = spawn("redis-server", [...further, ...settings], { stdio: "ignore" });
      while (!(await answers(port))) {
        await sleep(20);
      }
    },
    async kill() {
      if (server?.exitCode === null && server.signalCode === null) {
        server.kill("SIGKILL");
        await once(server, "exit");
      }
    },
  };
  await redis.start();
  return redis;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", () => settle(true));
    socket.once("error", () => settle(false));
    function settle(answer: boolean): void {
      socket.destroy();
      resolve(answer);
    }
  });
}

/** What one node of a cluster, or any Redis, answers to a command. */
export async function askRedis(url: string, ...command: string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const { stdout } = await promisify(execFile)("redis-cli", ["-h", hostname, "-p", port, ...command]);
  return stdout.trim();
}

/** Watches a Redis, and tells as "watched" where it is. */
export async function startSentinel({ url }: TestRedis): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), "puff-sentinel-"));
  const file = join(folder, "sentinel.conf");
  const { hostname, port } = new URL(url);
  await writeFile(file, `sentinel monitor watched ${hostname} ${port} 1\n`);
  const sentinel = await startRedis(file, "--sentinel");
  return {
    ...sentinel,
    async kill() {
      await sentinel.kill();
      await rm(folder, { recursive: true });
    },
  };
}

export interface TestCluster {
  /** Each has half of the slots. */
  readonly nodes: readonly [TestRedis, TestRedis];
  /** A copy of the second. */
  addReplica(): Promise<TestRedis>;
  stop(): Promise<void>;
}

export async function startRedisCluster(): Promise<TestCluster> {
  const folder = await mkdtemp(join(tmpdir(), "puff-cluster-"));
  const settings = [
    "--cluster-enabled",
    "yes",
    "--repl-diskless-sync-delay",
    "0",
    "--dir",
    folder,
    "--cluster-config-file",
  ];
  const started: TestRedis[] = [];
  const start = async (name: string) => {
    const busPort = await freePort();
    const node = await startRedis(...settings, name, "--cluster-port", `${busPort}`);
    started.push(node);
    return { ...node, busPort };
  };
  const [first, second] = [await start("first.conf"), await start("second.conf")];
  const meet = ({ url, busPort }: typeof second) =>
    askRedis(first.url, "CLUSTER", "MEET", "127.0.0.1", new URL(url).port, `${busPort}`);
  await askRedis(first.url, "CLUSTER", "ADDSLOTSRANGE", "0", "8191");
  await askRedis(second.url, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383");
  await meet(second);
  for (const { url } of [first, second]) {
    await untilItSays(url, ["CLUSTER", "INFO"], "cluster_state:ok");
  }
  return {
    nodes: [first, second],
    async addReplica() {
      const [replica, id] = [await start("replica.conf"), await askRedis(second.url, "CLUSTER", "MYID")];
      await meet(replica);
      // It must know which slots it is to have before it can take them over.
      await untilItSays(replica.url, ["CLUSTER", "INFO"], "cluster_slots_assigned:16384");
      await askRedis(replica.url, "CLUSTER", "REPLICATE", id);
      await untilItSays(replica.url, ["INFO", "replication"], "master_link_status:up");
      return replica;
    },
    async stop() {
      await Promise.all(started.map((node) => node.kill()));
      await rm(folder, { recursive: true });
    },
  };
}

async function untilItSays(url: string, command: readonly string[], text: string): Promise<void> {
  while (!(await askRedis(url, ...command)).includes(text)) {
    await sleep(20);
  }
}
