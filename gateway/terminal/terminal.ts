/** The host service `terminal`: the process's own input and output, for Python that talks to a person. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import {
  flag,
  type HostService,
  type HostSession,
  method,
  methods,
  nothing,
  number,
  text,
} from "../../python-bridge/index.ts";
import { openPrompt } from "./prompts.ts";

/** One terminal for all interpreters, since a process has one. */
export class TerminalService implements HostService {
  readonly #isShared: boolean;
  #sessions = 0;
  /** Resolves when all who have, or wait for, the turn to debug are done. */
  #turns: Promise<void> = Promise.resolve();

  /** `isShared`: whether other interpreters, or processes, have the same terminal. */
  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  /** Whether a debugger can ask a person. */
  get canPrompt(): boolean {
    return whyNoPrompt(this.#isShared) === null;
  }

  open(): HostSession {
    this.#sessions++;
    let closePrompt = (): void => {};
    let endTurn = (): void => {};
    return {
      call: methods("terminal", {
        describe: method([], () => ({
          value: {
            terminals: [process.stdin.isTTY === true, process.stdout.isTTY, process.stderr.isTTY],
            columns: process.stdout.columns ?? null,
            noPrompt: whyNoPrompt(this.#isShared),
          },
        })),
        read: method([number], async ([size], { signal }) => {
          const piece = await read(size, signal);
          return { value: null, buffers: piece.length === 0 ? [] : [piece] };
        }),
        readPassword: method([text], async ([prompt]) => ({ value: await readPassword(prompt) })),
        write: method([number], ([descriptor], { buffers }) => {
          for (const buffer of buffers) {
            streamOf(descriptor).write(buffer);
          }
          return nothing;
        }),
        /** Resolves when what was written before is on its way. */
        drain: method([number], async ([descriptor]) => {
          await new Promise<void>((resolve) => streamOf(descriptor).write("", () => resolve()));
          return nothing;
        }),
        hold: method([flag], ([holds]) => {
          closePrompt();
          closePrompt = holds ? openPrompt() : () => {};
          return nothing;
        }),
        take: method([], async (_, { signal }) => {
          endTurn = await this.#takeTurn(signal);
          return nothing;
        }),
        give: method([], () => {
          endTurn();
          return nothing;
        }),
      }),
      close: () => {
        closePrompt();
        endTurn();
        this.#sessions--;
        if (this.#sessions === 0) {
          process.stdin.pause(); // so that the process can end
        }
      },
    };
  }

  /** Waits for the turn, which ends with the greenlet at the latest, and gives what ends it. */
  async #takeTurn(greenlet: AbortSignal): Promise<() => void> {
    const before = this.#turns;
    const { promise: done, resolve: end } = Promise.withResolvers<void>();
    this.#turns = before.then(() => done);
    if (greenlet.aborted) {
      end();
    }
    greenlet.addEventListener("abort", () => end(), { once: true });
    await before;
    return end;
  }
}

function streamOf(descriptor: number): NodeJS.WriteStream {
  return descriptor === 2 ? process.stderr : process.stdout;
}

/** Why a debugger can't ask a person; null: it can. */
function whyNoPrompt(isShared: boolean): string | null {
  const { stdin, stdout } = process;
  if (stdin.isTTY !== true || !stdout.isTTY || stdin.readableEnded) {
    return "a debugger needs a terminal, but the gateway's input and output are not one";
  }
  return isShared ? "a debugger needs the terminal for itself: run the gateway with --workers 1 --processes 1" : null;
}

let rest: Buffer = Buffer.alloc(0);

/** What there is of the input, `size` bytes at most; none at its end, or for a greenlet that has ended. */
async function read(size: number, signal: AbortSignal): Promise<Buffer> {
  while (rest.length === 0 && !signal.aborted) {
    const chunk: Buffer | null = process.stdin.read();
    if (chunk !== null) {
      rest = chunk;
    } else if (process.stdin.readableEnded || process.stdin.destroyed) {
      break;
    } else {
      await changeOfInput(signal);
    }
  }
  if (signal.aborted) {
    return Buffer.alloc(0); // what there is, is for the next
  }
  const piece = Buffer.from(rest.subarray(0, size)); // it is given away
  rest = rest.subarray(size);
  return piece;
}

/** Waits for more, or the end, no longer than it takes: a password is read otherwise, and the process may want to end. */
function changeOfInput(signal: AbortSignal): Promise<void> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const done = (): void => {
      stdin.off("readable", done).off("end", done).off("close", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    stdin.on("readable", done).on("end", done).on("close", done);
    signal.addEventListener("abort", done);
  });
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
