/** redis-py and what is built on it do on the gateway what they do on CPython. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { JsonValue } from "../schema/index.ts";
import { installPackages } from "./support/packages.ts";
import { freePort } from "./support/postgres-15.ts";
import { pythonOn, schemaFolder, type TestPython } from "./support/python.ts";
import { hasRedis, startRedis, type TestRedis } from "./support/redis.ts";

const script = join(import.meta.dirname, "support/redis_cases.py");
const tls = join(import.meta.dirname, "support/tls");
const query = "    @classmethod\n    def q(cls, ctx: Context, /) -> int: return 1";
const client = `
import os, redis
client = redis.BlockingConnectionPool.from_url(os.environ["REDIS"], client_name="shared", max_connections=2)
client = redis.Redis(connection_pool=client)
def wait(): return client.blpop("never")
def blocked(): return client.info("clients")["blocked_clients"]
def held(): return sum(entry["name"] == "shared" for entry in client.client_list())
`;
const packages = ["redis==8.1.0", "Django==5.2.19", "Flask==3.1.3", "Flask-Session==0.5.0", "limits==5.8.0"];

async function call(python: TestPython, target: string, args: JsonValue[] = [], limit = new AbortController().signal) {
  return (await python.callFunction(target, args, { deadline: 60_000, signal: limit })).value;
}

async function temporaryFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "puff-redis-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(...settings: string[]): Promise<TestRedis> {
  const redis = await startRedis(...settings);
  onTestFinished(() => redis.kill());
  return redis;
}

test.runIf(hasRedis)(
  "redis-py, Django's cache, Flask-Session and a rate limiter do what they do on CPython",
  async () => {
    const sitePackages = await installPackages(packages);
    const [port, folder] = [await freePort(), await temporaryFolder()];
    const [unix, certificate] = [join(folder, "redis.sock"), join(tls, "certificate.pem")];
    const { url } = await start(
      ...["--unixsocket", unix, "--tls-port", `${port}`, "--tls-auth-clients", "no"],
      ...["--tls-cert-file", certificate, "--tls-key-file", join(tls, "key.pem")],
    );
    const at = { url, unix: `unix://${unix}`, tls: `rediss://localhost:${port}`, certificate };
    const native = await promisify(execFile)(
      "python3",
      [script, JSON.stringify({ ...at, pool: "redis.BlockingConnectionPool" })],
      { env: { ...process.env, PYTHONPATH: sitePackages } },
    );
    const schema = schemaFolder(query);
    cpSync(script, join(schema, "redis_cases.py"));
    cpSync(certificate, join(schema, "certificate.pem"));
    const python = await pythonOn(schema, { pythonPath: [schema, sitePackages] });
    const here: JsonValue = {
      ...at,
      certificate: join(schema, "certificate.pem"),
      pool: "redis.BlockingConnectionPool",
    };
    const value = await call(python, "redis_cases:outcomes", [here]);
    expect(value).toEqual(JSON.parse(native.stdout));
  },
);

test.runIf(hasRedis)(
  "a call that ends while it blocks gives its connection back, others are served meanwhile",
  async () => {
    const { url } = await start();
    const folder = schemaFolder(query, client);
    const pythonPath = [folder, await installPackages(packages)];
    const python = await pythonOn(folder, { pythonPath, environment: { REDIS: url } });
    for (let round = 0; round < 3; round++) {
      const leaving = new AbortController();
      const waiting = call(python, "schema:wait", [], leaving.signal);
      await expect.poll(() => call(python, "schema:blocked")).toBe(1);
      leaving.abort();
      await expect(waiting).rejects.toThrow();
      await expect.poll(() => call(python, "schema:blocked")).toBe(0);
    }
    expect(await call(python, "schema:held")).toBeLessThanOrEqual(2);
  },
);
