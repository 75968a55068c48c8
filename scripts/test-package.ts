/**
 * Packs the package, installs it into an empty folder as a user would, starts `npx puff-gateway --schema schema.py`
 * there on the embedded Postgres, queries it, and stops it: `npm run test:package`.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const root = join(import.meta.dirname, "..");
const startDeadline = 120_000;
const stopDeadline = 20_000;

const schema = `
from dataclasses import dataclass

from puff.graphql import Context, Plan, sql


@dataclass
class Letter:
    code: int
    text: str


@dataclass
class Query:
    @classmethod
    def letters(cls, ctx: Context, /, first: int = 3) -> Plan[list[Letter]]:
        return sql("SELECT code, chr(code) AS text FROM generate_series(97, 96 + $1) AS code", first)


@dataclass
class Schema:
    query: Query
`;

const folder = mkdtempSync(join(tmpdir(), "puff-package-"));
let gateway: ChildProcess | undefined;
try {
  await main();
  console.log("The package works in an empty folder.");
} finally {
  if (gateway?.pid !== undefined && gateway.exitCode === null && gateway.signalCode === null) {
    process.kill(-gateway.pid, "SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
}

async function main(): Promise<void> {
  // As on the user's machine: nothing of this project's node_modules on PATH, no database configured.
  const { DATABASE_URL: _, ...env } = process.env;
  const path = (env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.endsWith(join("node_modules", ".bin")));
  env["PATH"] = path.join(delimiter);
  const run = (command: string, args: string[], cwd: string): string =>
    execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

  // `npm run` put the project's Node first on PATH, which is what builds it.
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, stdio: "inherit" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  assert(tarball, "npm pack made no tarball");

  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  writeFileSync(join(folder, "schema.py"), schema);
  run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`, `node@${devDependencies.node}`], folder);

  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  gateway = spawn("npx", ["puff-gateway", "--schema", "schema.py", "--port", String(port)], {
    cwd: folder,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true, // a process group of its own, to be stopped as Ctrl-C in a terminal stops it
  });
  const ended = new Promise<number | null>((resolve) => gateway?.once("exit", resolve));

  const started = performance.now();
  await until(async () => (await fetch(`${origin}/readyz`)).ok, ended);
  console.log(`ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);

  const answer = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ letters { code text } }" }),
  });
  const letters = ["a", "b", "c"].map((text, index) => ({ code: 97 + index, text }));
  assert.deepEqual(await answer.json(), { data: { letters } });

  const page = await (await fetch(`${origin}/graphql`, { headers: { accept: "text/html" } })).text();
  const script = /<script[^>]+src="([^"]+)"/.exec(page)?.[1];
  assert(script, `no GraphiQL in ${page.slice(0, 500)}`);
  const asset = await fetch(new URL(script, `${origin}/graphql`));
  assert.equal(asset.status, 200, `${asset.url} is missing from the package`);

  process.kill(-Number(gateway.pid), "SIGINT");
  const code = await Promise.race([ended, sleep(stopDeadline, "still running" as const, { ref: false })]);
  assert.notEqual(code, "still running", "the gateway did not stop");
  await assert.rejects(fetch(`${origin}/livez`), "the port still answers");
}

/** Waits until `ready` says so; its failures count as "not yet" until the gateway ends or the time is over. */
async function until(ready: () => Promise<boolean>, ended: Promise<number | null>): Promise<void> {
  let exited = false;
  void ended.then(() => {
    exited = true;
  });
  const deadline = performance.now() + startDeadline;
  while (!(await ready().catch(() => false))) {
    assert(!exited, "puff-gateway ended before it was ready");
    assert(performance.now() < deadline, `puff-gateway was not ready after ${startDeadline / 1000} s`);
    await sleep(50);
  }
}

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  assert(address !== null && typeof address === "object");
  await new Promise((resolve) => server.close(resolve));
  return address.port;
}
