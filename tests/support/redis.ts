/** A Redis of a test's own, which can be stopped and started again where it was. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
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
      const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...further];
      server = spawn("redis-server", settings, { stdio: "ignore" });
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
