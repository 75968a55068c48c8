/** Child processes for scripts and benchmarks: started on a free port, waited for with a deadline, stopped for sure. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A command that serves until it is stopped. */
export class ServingProcess implements AsyncDisposable {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #hasEnded = false;

  /** The command gets a process group of its own, so that it is stopped as Ctrl-C in a terminal stops it. */
  constructor(command: string, args: readonly string[], options: SpawnOptions) {
    this.#name = [command, ...args].join(" ");
    this.#child = spawn(command, args, { ...options, detached: true });
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", () => resolve());
      this.#child.once("exit", () => resolve());
    });
    void this.#ended.then(() => {
      this.#hasEnded = true;
    });
  }

  /**
   * Waits until `ready` resolves to true; a failure of it counts as "not yet".
   *
   * @param deadline - in milliseconds
   * @returns the milliseconds waited
   * @throws Error when the process ends before, or at the deadline
   */
  async until(ready: () => Promise<boolean>, deadline: number): Promise<number> {
    const started = performance.now();
    while (!(await ready().catch(() => false))) {
      if (this.#hasEnded) {
        throw new Error(`${this.#name} ended before it was ready`);
      }
      if (performance.now() - started > deadline) {
        throw new Error(`${this.#name} was not ready after ${deadline / 1000} s`);
      }
      await sleep(10);
    }
    return performance.now() - started;
  }

  /** Sends a signal to the process group and waits for the end; kills it at the deadline, which is an error. */
  async stop(signal: NodeJS.Signals = "SIGTERM", deadline = 20_000): Promise<void> {
    if (!this.#hasEnded) {
      this.#signal(signal);
      await Promise.race([this.#ended, sleep(deadline, undefined, { ref: false })]);
    }
    if (!this.#hasEnded) {
      this.#signal("SIGKILL");
      await this.#ended;
      throw new Error(`${this.#name} did not stop within ${deadline / 1000} s after ${signal}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) {
      this.#signal("SIGKILL");
      await this.#ended;
    }
  }

  get pid(): number {
    if (this.#child.pid === undefined) {
      throw new Error(`${this.#name} did not start`);
    }
    return this.#child.pid;
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      // It ended in between.
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) {
        throw error;
      }
    }
  }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("a TCP server has no port");
  }
  return address.port;
}

/** Sends a GraphQL operation and gives the answer's text. */
export async function ask(url: string, query: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return await response.text();
}
