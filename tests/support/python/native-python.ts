/** Native Python whose `puff._runtime.services` are those of a test: the psycopg2 shim without an interpreter in between. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { HostService, HostSession } from "../../../python-bridge/index.ts";

const root = join(import.meta.dirname, "../../..");

/** A folder with Python packages, installed there at the first use. */
export function pythonPackages(name: string, ...wanted: string[]): string {
  const folder = join(root, ".puff", name);
  if (!existsSync(join(folder, ".complete"))) {
    const { status, stderr } = spawnSync(
      "python3",
      ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target", folder, ...wanted],
      { encoding: "utf8" },
    );
    if (status !== 0) {
      throw new Error(`pip failed: ${stderr}`);
    }
    writeFileSync(join(folder, ".complete"), "");
  }
  return folder;
}

/** Runs a script to its end with this `PYTHONPATH`, and returns what it printed. */
export function runPython(script: string, args: readonly string[], path: readonly string[], input = ""): string {
  const env = { ...process.env, PYTHONPATH: path.join(":") };
  const { status, stdout, stderr } = spawnSync("python3", [script, ...args], {
    env,
    input,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    throw new Error(`${script} failed: ${stderr}`);
  }
  return stdout;
}

/** Likewise, with the shim in place of psycopg2, on a service that is given. */
export async function runOnShim(
  service: HostService,
  script: string,
  args: readonly string[],
  path: readonly string[] = [],
): Promise<string> {
  const folders = [join(root, "python-bridge/python"), join(import.meta.dirname, "native"), ...path];
  const env = { ...process.env, PYTHONPATH: folders.join(":") };
  const child = spawn("python3", [script, ...args], { stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"], env });
  const session = service.open();
  const [, out, err, toPython, fromPython] = child.stdio;
  answerCalls(session, fromPython as Readable, toPython as Writable); // pipes, as asked for
  let stdout = "";
  let stderr = "";
  out?.on("data", (text: Buffer) => (stdout += text.toString()));
  err?.on("data", (text: Buffer) => (stderr += text.toString()));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.on("close", resolve);
  const status = await promise;
  session.close();
  if (status !== 0) {
    throw new Error(`${script} failed: ${stderr}`);
  }
  return stdout;
}

interface CallHead {
  readonly number: number;
  readonly method: string;
  readonly args: [];
  readonly sizes: readonly number[];
}

/** Speaks with native/sitecustomize.py: an Int32 length, a JSON head of that length, then the buffers that it names. */
function answerCalls(session: HostSession, from: Readable, to: Writable): void {
  const { signal } = new AbortController();
  let pending: Buffer = Buffer.alloc(0);
  const answer = async (head: CallHead, buffers: readonly Uint8Array[]): Promise<void> => {
    try {
      const { value, buffers: made = [] } = await session.call(head.method, head.args, buffers, signal);
      send({ number: head.number, value, sizes: made.map(({ length }) => length) }, made);
    } catch (error) {
      const { code = null, data = null, message } = error as Error & { code?: string; data?: unknown };
      send({ number: head.number, error: { code, data, message }, sizes: [] }, []);
    }
  };
  const send = (head: object, buffers: readonly Uint8Array[]): void => {
    const text = Buffer.from(JSON.stringify(head));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    to.write(Buffer.concat([length, text, ...buffers]));
  };
  to.on("error", () => undefined);
  from.on("error", () => undefined);
  from.on("data", (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (let next = take(pending); next !== null; next = take(pending)) {
      pending = next.rest;
      void answer(next.head, next.buffers);
    }
  });
}

function take(pending: Buffer): { head: CallHead; buffers: Uint8Array[]; rest: Buffer } | null {
  const headEnd = pending.length < 4 ? 0 : 4 + pending.readUInt32BE(0);
  if (headEnd === 0 || pending.length < headEnd) {
    return null;
  }
  const head: CallHead = JSON.parse(pending.toString("utf8", 4, headEnd));
  const buffers: Uint8Array[] = [];
  let at = headEnd;
  for (const size of head.sizes) {
    buffers.push(new Uint8Array(pending.subarray(at, at + size)));
    at += size;
  }
  return pending.length < at ? null : { head, buffers, rest: pending.subarray(at) };
}
