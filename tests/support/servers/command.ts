/** Runs the real command `puff-gateway` in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { engineEnvironment, onCPython } from "../python/engine.ts";

const root = join(import.meta.dirname, "../../..");
const command = join(root, "bin/puff-gateway.js");
/** Kept between runs: what a start leaves there is found by what went into it. */
export const cacheFolder = join(root, ".puff/test-cache");

export interface CommandOptions {
  /** Working folder. */
  readonly cwd: string;
  readonly environment?: { readonly [name: string]: string };
  /** What the command reads from stdin; nothing by default. */
  readonly input?: string;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions): Promise<Outcome> {
  const running = startCommand(args, options);
  const code = await running.exit;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

export interface ServingCommand {
  readonly url: string;
  readonly pid: number;
  /** Everything printed until now. */
  output(): string;
  /** Waits until it has printed a text after what an earlier call found, and gives all that it printed since. */
  printed(text: string): Promise<string>;
  /** Asks it to stop. */
  stop(): Promise<Outcome>;
  /** Kills it, where it is not dead yet. */
  kill(): void;
}

/** Starts a command that serves, and waits until it does. */
export async function serveCommand(args: readonly string[], options: CommandOptions): Promise<ServingCommand> {
  const running = startCommand([...args, "--port", "0"], options);
  const output = () => running.stdout() + running.stderr();
  let seen = 0;
  const printed = async (text: string) => {
    const deadline = performance.now() + 100_000;
    while (!running.stdout().includes(text, seen)) {
      if (performance.now() > deadline || running.process.exitCode !== null) {
        running.process.kill("SIGKILL");
        throw new Error(`${JSON.stringify(text)} was not printed:\n${output()}`);
      }
      await sleep(10);
    }
    const found = running.stdout().slice(seen);
    seen += found.indexOf(text) + text.length;
    return found;
  };
  const [, url = ""] = /"msg":"\D+ is served at (http:\/\/[^/]+)/.exec(await printed("is served at")) ?? [];
  return {
    url,
    pid: running.process.pid ?? 0,
    output,
    printed,
    async stop() {
      running.process.kill("SIGTERM");
      return { code: await running.exit, stdout: running.stdout(), stderr: running.stderr() };
    },
    kill: () => void running.process.kill("SIGKILL"),
  };
}

export interface RunningCommand {
  readonly process: ChildProcess;
  readonly exit: Promise<number | null>;
  stdout(): string;
  stderr(): string;
}

/** Starts a command. */
export function startCommand(
  args: readonly string[],
  { cwd, environment, input, node = [] }: CommandOptions,
): RunningCommand {
  const child = spawn(process.execPath, [...node, command, ...args], {
    cwd,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      PUFF_CACHE_FOLDER: cacheFolder,
      ...(onCPython ? { PUFF_ENGINE: "cpython", PUFF_PYTHON: "python3", ...engineEnvironment() } : {}),
      ...environment,
    },
    stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(input);
  const collect = (stream: NodeJS.ReadableStream | null) => {
    const chunks: Buffer[] = [];
    stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString("utf8");
  };
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  // "close" comes when all output has been read, unlike "exit".
  const exit = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return { process: child, exit, stdout, stderr };
}

/** Waits until a command has printed a text, and sends it a signal. */
export async function interrupt(running: RunningCommand, text: string, signal: NodeJS.Signals): Promise<Outcome> {
  const ended = running.exit.then(() => true);
  while (!running.stdout().includes(text) && !(await Promise.race([ended, sleep(10, false)]))) {
    // Not yet.
  }
  running.process.kill(signal);
  const code = await running.exit;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}
