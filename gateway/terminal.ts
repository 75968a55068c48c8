/** The host service `terminal`: the process's own input and output, for Python that talks to a person. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { HostAnswer, HostService } from "../python-bridge/index.ts";

/** One terminal for all interpreters, since a process has one. */
export const terminal: HostService = {
  open: () => ({
    call: async (method, [argument], buffers) => await answer(method, argument, buffers),
    close: () => process.stdin.pause(),
  }),
};

const nothing: HostAnswer = { value: null };

async function answer(method: string, argument: unknown, buffers: readonly Uint8Array[]): Promise<HostAnswer> {
  switch (method) {
    case "describe":
      return {
        value: {
          terminals: [process.stdin.isTTY === true, process.stdout.isTTY, process.stderr.isTTY],
          columns: process.stdout.columns ?? null,
        },
      };
    case "read": {
      const piece = await read(Number(argument));
      return { value: null, buffers: piece.length === 0 ? [] : [piece] };
    }
    case "readPassword":
      return { value: await readPassword(String(argument)) };
    case "write":
      for (const buffer of buffers) {
        streamOf(argument).write(buffer);
      }
      return nothing;
    case "drain":
      // Resolves when what was written before is on its way.
      await new Promise<void>((resolve) => streamOf(argument).write("", () => resolve()));
      return nothing;
    default:
      throw new Error(`the service terminal has no method ${method}`);
  }
}

function streamOf(descriptor: unknown): NodeJS.WriteStream {
  return descriptor === 2 ? process.stderr : process.stdout;
}

let rest: Buffer = Buffer.alloc(0);

/** What there is of the input, `size` bytes at most; none at its end. */
async function read(size: number): Promise<Buffer> {
  if (rest.length === 0) {
    // No longer than it takes, so that a password can be read otherwise, and the process can end.
    for await (const chunk of process.stdin.iterator({ destroyOnReturn: false })) {
      rest = Buffer.from(chunk);
      break;
    }
  }
  const piece = Buffer.from(rest.subarray(0, size)); // it is given away
  rest = rest.subarray(size);
  return piece;
}

/** A line that is not shown; null: the person ended it with Ctrl+C or Ctrl+D. */
function readPassword(prompt: string): Promise<string | null> {
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 });
  return new Promise((resolve) => {
    const end = (line: string | null): void => {
      resolve(line);
      lines.close();
    };
    lines.once("line", end);
    lines.once("SIGINT", () => end(null));
    lines.once("close", () => {
      process.stderr.write("\n");
      resolve(null);
    });
  });
}
