/** An older Postgres for a test run, where the machine has one installed. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Debian's folder of its programs. */
const programs = "/usr/lib/postgresql/15/bin";

export const hasPostgres15 = existsSync(programs);

export interface OldPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

export async function startPostgres15(): Promise<OldPostgres> {
  const owner = process.getuid?.() === 0 ? ids("postgres") : null;
  const data = mkdtempSync(join(tmpdir(), "puff-postgres-15-"));
  if (owner !== null) {
    chownSync(data, owner.uid, owner.gid);
  }
  const env = { PATH: process.env["PATH"], LC_ALL: "C" };
  const initdb = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"];
  execFileSync(join(programs, "initdb"), initdb, { ...owner, env, cwd: data });
  const port = await freePort();
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
  const server = spawn(join(programs, "postgres"), ["-D", data, ...settings.flatMap((one) => ["-c", one])], {
    ...owner,
    env,
    cwd: data,
    stdio: "ignore",
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill("SIGINT");
      await once(server, "exit");
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** Of a user of this machine. */
export function ids(name: string): { uid: number; gid: number } {
  const line =
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((one) => one.startsWith(`${name}:`)) ?? "";
  const [, , uid, gid] = line.split(":");
  return { uid: Number(uid), gid: Number(gid) };
}

/** A port that nothing listens on, and that the system gives to nobody who asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000); // Linux gives those from 32768
    const server = createServer();
    const listening = once(server, "listening").then(
      () => true,
      () => false, // another has it
    );
    server.listen(port, "127.0.0.1");
    if (await listening) {
      server.close();
      await once(server, "close");
      return port;
    }
  }
}
