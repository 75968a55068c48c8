/** A real Postgres from npm, for users who have none: its data stays in a folder between runs. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Backoff, PuffError, pauseAfter } from "../../../schema/index.ts";
import { RawClient } from "../wire/raw-client.ts";
import { findBinaries } from "./binaries.ts";
import {
  createCluster,
  giveTo,
  type Postmaster,
  readLastPort,
  readPassword,
  readPostmaster,
  type SpawnedPostmaster,
  spawnPostmaster,
} from "./cluster.ts";
import { isAlive, Users } from "./folder-users.ts";
import { chooseOwner, type Owner, reachableFolder } from "./owner.ts";

export interface EmbeddedOptions {
  /** Where the data is kept. Made if it does not exist. */
  readonly folder: string;
  /** Told what happens, a line at a time. */
  onLog(message: string): void;
}

export interface EmbeddedPostgres {
  /** For the database `postgres`, with the password. */
  readonly url: string;
  /** Where the data really is: elsewhere than asked where the user that Postgres runs as could not get there. */
  readonly folder: string;
  /** Whether the data was made just now, and is empty. */
  readonly fresh: boolean;
  /** Ends Postgres, unless another process uses the same folder. */
  stop(): Promise<void>;
}

/** Milliseconds that a Postgres may take to start, recovery after a crash included, or to end. */
const startTimeout = 60_000;
const stopTimeout = 10_000;
const pollInterval = 5;
const startAttempts = 5;
const retry: Backoff = { first: 100, longest: 400 };

/**
 * Starts Postgres on a port of 127.0.0.1, the same as last time if it is free, or joins the one that runs on the folder
 * already: that of another process, or one left over from a process that was killed. The last process to stop ends it.
 *
 * As root it runs as the user `postgres`, or else `nobody`, since Postgres refuses to run as root.
 *
 * @throws PuffError `PUFF_NO_POSTGRES` if it is not installed, `PUFF_EMBEDDED_POSTGRES` where it does not start
 *
 * @example
 * const { url, stop } = await startEmbeddedPostgres({ folder: ".puff/postgres", onLog: console.log });
 */
export async function startEmbeddedPostgres({ folder: asked, onLog }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  let folder = asked;
  try {
    const owner = await chooseOwner(join(asked, "data"));
    folder = reachableFolder(asked, owner);
    if (folder !== asked) {
      onLog(`the user that Postgres runs as can't reach ${asked}; its data is in ${folder}`);
    }
    await makeFolder(folder, owner);
    return await start(folder, owner, onLog);
  } catch (error) {
    throw asStartError(error, folder);
  }
}

/** Folders that are made on the way there are open to Postgres's user, whatever the umask says. */
async function makeFolder(folder: string, owner: Owner | null): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first !== undefined && owner !== null) {
    for (let made = resolve(folder); made.length >= first.length; made = dirname(made)) {
      await chmod(made, 0o755);
    }
  }
}

async function start(folder: string, owner: Owner | null, onLog: (message: string) => void): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries(folder, owner);
  const data = join(folder, "data");
  const users = new Users(join(folder, "users"));
  // Before looking whether Postgres runs: who stops meanwhile then leaves it running.
  users.join();
  try {
    let fresh = false;
    if (!existsSync(join(data, "PG_VERSION"))) {
      onLog(`creating data of Postgres ${binaries.version} in ${folder}`);
      fresh = await createCluster(data, binaries, owner, randomBytes(18).toString("base64url"));
    }
    const version = (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
    if (version !== String(binaries.version)) {
      throw failure(
        `the data belongs to Postgres ${version}, but the gateway includes Postgres ${binaries.version}`,
        folder,
        {
          remedy: "Move it over with pg_dump and a Postgres of that version, or delete the folder to start afresh.",
        },
      );
    }
    if (owner !== null) {
      await giveTo(owner, data);
    }
    const password = await readPassword(data);
    const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    const logFile = join(folder, "postgres.log");
    const postmaster = await runPostmaster(data, logFile, urlOf, async () => {
      const port = await freePort(await readLastPort(data));
      onLog(`starting Postgres ${binaries.version} on 127.0.0.1:${port}, its data in ${folder}`);
      return spawnPostmaster(data, binaries, owner, port, logFile);
    });
    const end = () => users.leave() && signal(postmaster.pid, "SIGINT");
    process.once("exit", end);
    return {
      url: urlOf(postmaster.port),
      folder,
      fresh,
      async stop() {
        process.off("exit", end);
        if (end()) {
          await ended(postmaster.pid);
        }
      },
    };
  } catch (error) {
    users.leave();
    throw error;
  }
}

/** The Postgres that runs on the data, started if there is none, once it takes connections. */
async function runPostmaster(
  data: string,
  logFile: string,
  urlOf: (port: number) => string,
  spawn: () => Promise<SpawnedPostmaster>,
): Promise<Postmaster> {
  const deadline = Date.now() + startTimeout;
  let spawned: SpawnedPostmaster | null = null;
  for (let attempts = 0; Date.now() < deadline; await sleep(pollInterval)) {
    const found = await readPostmaster(data);
    const runs = found !== null && isAlive(found.pid);
    if (runs && found.ready && (found.pid === spawned?.pid || (await answers(urlOf(found.port))))) {
      return found;
    }
    if (runs && (await isForeign(found.pid))) {
      await rm(join(data, "postmaster.pid"), { force: true });
    } else if (spawned?.hasExited()) {
      // Another process was quicker, to start Postgres or to take the port; or it can't start.
      if (attempts === startAttempts) {
        throw failure(`Postgres does not start: ${await spawned.readReason()}`, data, {
          remedy: `${logFile} has its whole log. Without the data in this folder the gateway starts afresh.`,
        });
      }
      spawned = null;
      await sleep(pauseAfter(attempts, retry)); // what a killed Postgres has left running ends soon
    } else if (spawned === null && !runs) {
      spawned = await spawn();
      attempts++;
    }
  }
  const holder = (await readPostmaster(data))?.pid;
  if (spawned !== null) {
    signal(spawned.pid, "SIGQUIT");
  }
  throw failure(`Postgres (process ${holder}) accepts no connections after ${startTimeout / 1000} s`, data, {
    remedy: `End process ${holder} and start again; ${logFile} has the details.`,
  });
}

async function answers(url: string): Promise<boolean> {
  const client = new RawClient({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    settings: {},
    keepsStatements: true,
  });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

/** Whether the number of a Postgres that was killed has gone to another program since. */
async function isForeign(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "postgres");
  return !name.startsWith("postgres");
}

/** The wanted one where it is free. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return freePort(0);
  }
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Whether the process was there to be told. */
function signal(pid: number, name: "SIGINT" | "SIGQUIT"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Postgres ends at once when its connections are idle; if it does not, it recovers at the next start. */
async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + stopTimeout;
  while (isAlive(pid)) {
    if (Date.now() > deadline) {
      signal(pid, "SIGQUIT");
      return;
    }
    await sleep(pollInterval);
  }
}

function asStartError(error: unknown, folder: string): PuffError {
  if (error instanceof PuffError) {
    return error;
  }
  const { code, message, stderr } = error as NodeJS.ErrnoException & { readonly stderr?: string }; // initdb's
  const remedy =
    code === "EACCES" || code === "EPERM"
      ? "Run as the user who ran it before, or delete the folder, which deletes the data."
      : "Give the URL of another Postgres with --database-url or DATABASE_URL.";
  return failure(stderr?.trim() || message, folder, { remedy, cause: error });
}

function failure(message: string, place: string, details: { remedy?: string; cause?: unknown } = {}): PuffError {
  return new PuffError("PUFF_EMBEDDED_POSTGRES", message, { place, ...details });
}
