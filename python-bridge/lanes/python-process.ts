/** A child process with CPython. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { InterpreterSettings, ToMain } from "../protocol/messages.ts";
import { encodeSettings } from "./frames.ts";
import type { NativePython } from "./native-python.ts";

/** What a process is started for. */
export interface Request {
  readonly python: NativePython;
  readonly settings: InterpreterSettings;
  /** The lane's, and no other's. */
  readonly number: number;
  /** The path of the control memory. */
  readonly control: string;
  onLog(message: ToMain): void;
}

/** The process of one interpreter. */
export interface PythonProcess {
  readonly channel: Promise<Socket>;
  signal(name: NodeJS.Signals): void;
  /** Resolves to the reason. */
  readonly ended: Promise<string>;
}

/** The numbers of files in a child. */
const files = { channel: 3, zygote: 4 } as const;

/** Starts a Python of its own; `zygote` is a second channel, by which it may be asked to fork. */
export function spawnPython(
  { python, settings, number, control, onLog }: Request,
  forks = false,
): { readonly process: PythonProcess; readonly zygote: Socket } {
  const child = spawn(python.executable, [join(settings.packageFolder, "_puff_cpython")], {
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    env: {
      ...settings.environment,
      TMPDIR: settings.temporaryFolder,
      PYTHONPYCACHEPREFIX: settings.environment["PYTHONPYCACHEPREFIX"] ?? join(settings.cacheFolder, "bytecode"),
      PYTHONUTF8: settings.environment["PYTHONUTF8"] ?? "1",
      _PUFF_CHANNEL: String(files.channel),
      _PUFF_ZYGOTE: forks ? String(files.zygote) : "",
      _PUFF_LANE: String(number),
      _PUFF_CONTROL: control,
    },
  });
  // Piped, as asked for.
  const channel = child.stdio[files.channel] as Socket;
  const zygote = child.stdio[files.zygote] as Socket;
  zygote.on("error", () => {}); // the process's end tells
  logLines(child.stdout, (message) => onLog({ kind: "logs", records: [{ level: "info", logger: "stdout", message }] }));
  logLines(child.stderr, (message) =>
    onLog({ kind: "logs", records: [{ level: "warning", logger: "stderr", message }] }),
  );
  for (const piece of encodeSettings(settings, python.sitePackages)) {
    channel.write(piece);
  }
  const ended = endOf(child);
  void ended
    .then(() => pause(outputGrace))
    .then(() => {
      for (const stream of [child.stdout, child.stderr, zygote]) {
        stream?.destroy();
      }
    });
  return { process: { channel: Promise.resolve(channel), signal: (name) => void child.kill(name), ended }, zygote };
}

/** What a process that has ended may keep its output open, as by another that it started; milliseconds. */
const outputGrace = 500;

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(`Python does not start: ${error.message}`));
    child.on("exit", (code, signal) => resolve(whyEnded(code, signal)));
  });
}

/** Why a process ended by itself. */
export function whyEnded(code: number | null, signal: NodeJS.Signals | number | null): string {
  if (signal === "SIGKILL" || signal === constants.signals.SIGKILL) {
    return "its process was killed (SIGKILL), as the system does where memory runs out";
  }
  return signal === null ? `its process exited with status ${code}` : `its process crashed (${nameOf(signal)})`;
}

function nameOf(signal: NodeJS.Signals | number): string {
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? String(signal);
}

function logLines(stream: Readable | null, log: (line: string) => void): void {
  if (stream !== null) {
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", log);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}
