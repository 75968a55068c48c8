/** Vitest's global setup: says loudly which tests this machine cannot run; in CI nothing may be left out. */
import { chromium } from "./servers/chromium.ts";
import { hasPgBouncer } from "./servers/pgbouncer.ts";
import { hasPostgres15 } from "./servers/postgres-15.ts";
import { hasRedis } from "./servers/redis.ts";

const missing = [
  ...(chromium === null
    ? ["the browser tests (GraphiQL), for want of Chromium: apt-get install chromium, or set PUFF_CHROMIUM to its path"]
    : []),
  ...(hasPostgres15 ? [] : ["the row tests on an older Postgres: apt-get install postgresql-15"]),
  ...(hasPgBouncer ? [] : ["the tests through a pooler: apt-get install pgbouncer"]),
  ...(hasRedis ? [] : ["the tests on Redis: apt-get install redis-server"]),
];

export function setup(): void {
  if (missing.length > 0 && process.env["CI"] === "true") {
    throw new Error(`CI runs every test, but would leave out ${missing.join("; and ")}`);
  }
}

export function teardown(): void {
  if (missing.length > 0) {
    const line = "═".repeat(100);
    process.stderr.write(`\n${line}\n${missing.map((text) => `LEFT OUT ${text}\n`).join("")}${line}\n`);
  }
}
