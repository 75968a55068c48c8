/** A process that has imported the application once; interpreters are forked from it. `_puff_cpython/zygote.py` is its inside. */
import { createServer, type Server, type Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { type Frame, FrameReader, frame } from "./frames.ts";
import { type PythonProcess, pause, type Request, spawnPython, whyEnded } from "./python-process.ts";

/** What is sent to it, and what comes. */
const To = { fork: 6, signal: 7 } as const;
const From = { forks: 8, end: 9 } as const;
/** A Unix socket's path may have some more bytes on all systems. */
const longestPath = 100;
/** Milliseconds until what was killed has ended. */
const killGrace = 5_000;

interface Fork {
  readonly channel: PromiseWithResolvers<Socket>;
  readonly ended: PromiseWithResolvers<string>;
}

export class Zygote {
  /** The process of the first lane: this one itself until it forks, and then its first fork. */
  readonly first: PythonProcess;
  readonly #socketPath: string;
  readonly #process: PythonProcess;
  readonly #requests: Socket;
  readonly #forks = new Map<number, Fork>();
  #server: Server | null = null;
  #state: "loads" | "forks" | "serves" | "ended" = "loads";

  constructor(request: Request) {
    this.#socketPath = join(request.settings.temporaryFolder, "zygote.sock");
    const canFork = process.platform === "linux" && Buffer.byteLength(this.#socketPath) < longestPath;
    const { process: own, zygote } = spawnPython(request, canFork);
    this.#process = own;
    this.#requests = zygote;
    const reader = new FrameReader();
    zygote.on("data", (chunk: Buffer) => {
      for (const each of reader.take(chunk)) {
        this.#receive(each);
      }
    });
    void own.ended.then((reason) => this.#die(reason));
    const ended = Promise.withResolvers<string>();
    this.#forks.set(request.number, { channel: Promise.withResolvers(), ended });
    this.first = {
      channel: own.channel,
      signal: (name) => (this.#state === "forks" ? this.#signal(request.number, name) : own.signal(name)),
      ended: ended.promise,
    };
  }

  /** `serves`: it can't be forked, and is the first lane's own. */
  get state(): "loads" | "forks" | "serves" | "ended" {
    return this.#state;
  }

  fork({ number, control }: Request): PythonProcess {
    const fork: Fork = { channel: Promise.withResolvers(), ended: Promise.withResolvers() };
    this.#forks.set(number, fork);
    this.#send(To.fork, number, 0, [Buffer.from(this.#socketPath), Buffer.from(control)]);
    return {
      channel: fork.channel.promise,
      signal: (name) => this.#signal(number, name),
      ended: fork.ended.promise,
    };
  }

  async end(): Promise<void> {
    this.#process.signal("SIGKILL");
    await Promise.race([this.#process.ended, pause(killGrace)]);
    this.#server?.close();
  }

  #receive({ kind, a, b, number, parts }: Frame): void {
    if (kind === From.forks) {
      this.#state = parts.length === 0 ? "forks" : "serves";
      if (this.#state === "forks") {
        this.#listen();
      }
    } else if (kind === From.end) {
      const reason = parts[0]?.toString() ?? whyEnded(number, b === 0 ? null : b);
      this.#forks.get(a)?.ended.resolve(reason);
      this.#forks.delete(a);
    }
  }

  #signal(number: number, name: NodeJS.Signals): void {
    this.#send(To.signal, number, constants.signals[name], []);
  }

  #send(kind: number, a: number, b: number, parts: readonly Uint8Array[]): void {
    for (const piece of frame(kind, a, b, 0, parts)) {
      this.#requests.write(piece);
    }
  }

  /** Where forks come for their channels, each with the number of its lane. */
  #listen(): void {
    this.#server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("readable", () => {
        const head: Buffer | null = socket.read(4);
        const fork = head === null ? undefined : this.#forks.get(head.readUInt32LE(0));
        fork === undefined ? socket.destroy() : fork.channel.resolve(socket);
      });
    });
    this.#server.on("error", () => this.#process.signal("SIGKILL"));
    // Of this process alone, also where the command runs several.
    this.#server.listen({ path: this.#socketPath, exclusive: true }).unref();
  }

  #die(reason: string): void {
    this.#state = "ended";
    this.#server?.close();
    // The system ends its forks with it.
    for (const { ended } of this.#forks.values()) {
      ended.resolve(reason);
    }
    this.#forks.clear();
  }
}
