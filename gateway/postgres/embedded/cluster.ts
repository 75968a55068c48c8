/** A Postgres data folder: making it, and the process that serves it. */
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chown, lchown, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import type { Owner } from "./owner.ts";

/** The process that serves the data, as it describes itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Whether it takes connections. */
  readonly ready: boolean;
}

/** A process that was started to serve the data. */
export interface SpawnedPostmaster {
  readonly pid: number;
  hasExited(): boolean;
  /** Why it ended, in the words of its log. */
  readReason(): Promise<string>;
}

const passwordFile = "puff.password";
/** Bytes past which the last run's log is not kept. */
const logLimit = 1_000_000;
/** Programs of Postgres get no variable that could change what they do, such as PGOPTIONS. */
const environment = { PATH: process.env["PATH"], LC_ALL: "C" };

/**
 * Makes the data, which sorts text by code points and thus the same everywhere. It appears under its name only once it
 * is whole, and if another process is quicker, that one's stays.
 *
 * @returns whether it is this one's.
 */
export async function createCluster(
  data: string,
  binaries: Binaries,
  owner: Owner | null,
  password: string,
): Promise<boolean> {
  const partial = `${data}.new-${randomUUID()}`;
  const passwordForInit = `${partial}.password`;
  try {
    await mkdir(partial, { mode: 0o700 });
    await writeFile(passwordForInit, password, { mode: 0o600 });
    if (owner !== null) {
      await chown(partial, owner.uid, owner.gid);
      await chown(passwordForInit, owner.uid, owner.gid);
    }
    await promisify(execFile)(
      binaries.initdb,
      [
        `--pgdata=${partial}`,
        "--username=postgres",
        `--pwfile=${passwordForInit}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
      ],
      { ...owner, cwd: partial, env: environment },
    );
    await writeFile(join(partial, passwordFile), password, { mode: 0o600 });
    await rename(partial, data);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") {
      return false;
    }
    throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(passwordForInit, { force: true });
  }
}

/** Gives the data to the user that Postgres runs as: a copy that root made belongs to root. */
export async function giveTo(owner: Owner, data: string): Promise<void> {
  const { uid } = await stat(data);
  if (uid !== owner.uid) {
    const entries = await readdir(data, { recursive: true });
    for (const path of [data, ...entries.map((entry) => join(data, entry))]) {
      await lchown(path, owner.uid, owner.gid);
    }
  }
}

/** The password of the user `postgres`, kept with the data. */
export async function readPassword(data: string): Promise<string> {
  return readFile(join(data, passwordFile), "utf8");
}

/** What `postmaster.pid` says; null: Postgres doesn't run, or has only begun to start. */
export async function readPostmaster(data: string): Promise<Postmaster | null> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  const [pid, , , port, , , , status] = text.split("\n");
  return pid === undefined || pid === ""
    ? null
    : { pid: Number(pid), port: Number(port), ready: status?.trim() === "ready" };
}

/** The port that it was started on last; 0: never. */
export async function readLastPort(data: string): Promise<number> {
  const options = await readFile(join(data, "postmaster.opts"), "utf8").catch(() => "");
  return Number(/port=(\d+)/.exec(options)?.[1] ?? 0);
}

/** Starts Postgres in a session of its own: Ctrl-C in the terminal is for the gateway, which ends it when it is done. */
export async function spawnPostmaster(
  data: string,
  binaries: Binaries,
  owner: Owner | null,
  port: number,
  logFile: string,
): Promise<SpawnedPostmaster> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  const logStart = size < logLimit ? size : 0;
  const log = await open(logFile, logStart > 0 ? "a" : "w", 0o600);
  try {
    const settings = [
      `port=${port}`,
      "listen_addresses=127.0.0.1",
      "unix_socket_directories=",
      // Each failed statement is reported to its sender.
      "log_min_messages=log",
      "log_checkpoints=off",
    ];
    const child = spawn(binaries.postgres, ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], {
      ...owner,
      cwd: data,
      env: environment,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    child.unref();
    let exited = false;
    child.once("exit", () => {
      exited = true;
    });
    await once(child, "spawn");
    return { pid: child.pid ?? 0, hasExited: () => exited, readReason: () => readReason(logFile, logStart) };
  } finally {
    await log.close();
  }
}

/** The lines of a log, from a byte on, that say why Postgres ended: its last words, and the line before them. */
async function readReason(logFile: string, start: number): Promise<string> {
  const log = await readFile(logFile).catch(() => Buffer.alloc(0));
  const lines = log.toString("utf8", start).trimEnd().split("\n");
  const last = lines.findLastIndex((line) => /(FATAL|PANIC):/.test(line));
  return lines
    .slice(Math.max(0, last - 1))
    .map((line) => line.replace(/^[-\d]+ [:.\d]+ \w+ \[\d+\] /, ""))
    .join("; ");
}
