/** Runs the real command `puff-gateway` on a terminal of its own, which `script` makes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { type CommandOptions, cacheFolder } from "./command.ts";

export interface Terminal {
  /** Where the command serves. */
  readonly url: string;
  /** Waits until it shows a text after what an earlier call found, and gives all that it showed since. */
  shown(text: string): Promise<string>;
  /** Types a line. */
  type(line: string): void;
  /** Types a line at a debugger's prompt, and gives what it shows until it asks again. */
  debug(line: string): Promise<string>;
  /** Types Ctrl+C, and waits until the command has ended. */
  close(): Promise<void>;
}

/** Starts a command that serves, and waits until it does. */
export async function openTerminal(args: readonly string[], { cwd, environment }: CommandOptions): Promise<Terminal> {
  const command = [process.execPath, join(import.meta.dirname, "../../../bin/puff-gateway.js"), "--port", "0", ...args];
  const running = spawn("script", ["-qefc", command.join(" "), "/dev/null"], {
    cwd,
    env: { ...process.env, PUFF_CACHE_FOLDER: cacheFolder, NO_COLOR: "1", ...environment },
  });
  const closed = once(running, "close");
  let output = "";
  let seen = 0;
  running.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  const shown = async (text: string): Promise<string> => {
    await vi.waitFor(() => expect(output.slice(seen)).toContain(text), { timeout: 100_000 });
    const found = output.slice(seen, output.indexOf(text, seen) + text.length);
    seen += found.length;
    return found;
  };
  const type = (line: string): void => void running.stdin.write(`${line}\n`);
  await shown("is ready after");
  return {
    url: /(http:\/\/127\.0\.0\.1:\d+)\/graphql/.exec(await shown("Database"))?.[1] ?? "",
    shown,
    type,
    debug: async (line) => {
      type(line);
      return await shown("(Pdb) ");
    },
    close: async () => {
      running.stdin.write("\x03");
      await closed;
    },
  };
}
