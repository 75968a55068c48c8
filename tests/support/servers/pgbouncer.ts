/** Debian's PgBouncer in transaction mode before a Postgres. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, ids } from "./postgres-15.ts";

const program = "/usr/sbin/pgbouncer";

export const hasPgBouncer = existsSync(program);

export interface PgBouncer {
  /** The database's URL, through PgBouncer. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @param connections Its connections to Postgres. */
export async function startPgBouncer(databaseUrl: string, connections: number): Promise<PgBouncer> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl);
  const folder = mkdtempSync(join(tmpdir(), "puff-pgbouncer-"));
  const listenPort = await freePort();
  const file = join(folder, "pgbouncer.ini");
  const target = `host=${hostname} port=${port} user=${username}${password === "" ? "" : ` password=${password}`}`;
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: listenPort,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: "transaction",
    default_pool_size: connections,
    max_client_conn: 100,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(file, ["[databases]", `* = ${target}`, "[pgbouncer]", ...lines, ""].join("\n"));
  // It refuses to run as root.
  const owner = process.getuid?.() === 0 ? ids("postgres") : null;
  if (owner !== null) {
    chownSync(folder, owner.uid, owner.gid);
    chownSync(file, owner.uid, owner.gid);
  }
  const server = spawn(program, [file], { ...owner, cwd: folder, stdio: "ignore" });
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}${pathname}`,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill("SIGKILL"); // at once: what it has left to do is of no interest
        await once(server, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
