/** redis-py and what is built on it do on the gateway what they do on CPython. */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { RedisService } from "../../gateway/redis/redis-service.ts";
import type { JsonValue } from "../../schema/index.ts";
import { installPackages } from "../support/python/packages.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";
import { freePort } from "../support/servers/postgres-15.ts";
import { hasRedis, startRedis, startRedisCluster, startSentinel, type TestRedis } from "../support/servers/redis.ts";

const script = join(import.meta.dirname, "../support/python/redis_cases.py");
const tls = join(import.meta.dirname, "../support/servers/tls");
const query = "    @classmethod\n    def q(cls, ctx: Context, /) -> int: return 1";
const client = `
import os, redis
client = redis.BlockingConnectionPool.from_url(os.environ["REDIS"], client_name="shared", max_connections=2)
client = redis.Redis(connection_pool=client)
def wait(): return client.blpop("never")
def blocked(): return client.info("clients")["blocked_clients"]
def held(): return sum(entry["name"] == "shared" for entry in client.client_list())

def asynchronous():
    import asyncio, redis.asyncio
    try: return asyncio.run(redis.asyncio.Redis.from_url(os.environ["REDIS"], retry=None).get("a"))
    except redis.ConnectionError as error: return str(error)

def too_many():
    from http.client import HTTPConnection
    held = []
    try:
        while len(held) < 2000:
            held.append(HTTPConnection(*os.environ["REDIS"].removeprefix("redis://").split(":")))
            held[-1].connect()
    except OSError as error: return str(error)
    finally:
        for connection in held: connection.close()
`;
const puff = `
from puff import spawn
from puff.redis import Pipeline, RedisError, global_redis as r, named_client

def failure(function, *args):
    try: return f"no failure: {function(*args)!r}"
    except (RedisError, TypeError) as error: return str(error)

def puffs():
    """What Puff's own tests ask for."""
    r.set("my-key", b"0")
    sums = r.incr("my-key", 1), r.incr("my-key", 3), r.get("my-key")
    r.mset({"key-1": "value-1", "key-2": "value-2"})
    lists = [r.lpop("my-list"), r.rpush("my-list", "hi"), r.lpop("my-list"), r.rpush("my-list", "hi"), r.lpop("my-list", 2)]
    r.rpush("my-list", "hi2"); r.rpush("my-list", "hi3")
    return repr([sums, r.mget(["key-1", "key-2"]), lists, r.lpop("my-list", 3), named_client("default").get("my-key")])

def commands():
    every = bytes(range(256))
    r.flushdb()
    large = r.set("big", every * 4000), r.get("big") == every * 4000
    r.set("max", 2**63 - 1)
    r.hset("h", b"\\xff", 1)
    r.sadd("s", "m")
    return repr([
        large, r.set("a", 1, nx=True, ex=50), r.set("a", 2, nx=True), r.ttl("a"), r.persist("a"), r.expire("none", 1),
        r.mset([("a", 1), ("z", 2)], nx=True), r.exists("z"), r.decr("max", 1), r.delete("max"), r.rpoplpush("none", "x"),
        r.hget("h", b"\\xff"), r.hgetall("h"), r.hexists("h", "x"), r.hdel("h", "x"), r.smembers("s"), r.sismember("s", "m"),
        r.srem("s", "x"), sorted(r.keys("*")), r.command(["EVAL", "return {1, 'x', {false}}", 0]), r.command([b"ping"]),
        r.pipeline().set("p", "x").get("p").incr("n", 2).hset("ph", "f", "v").hget("ph", "f").expire("n", 9).delete("p").execute(),
        r.pipeline().execute(),
    ])

def blocks():
    tasks = [spawn(r.blpop, f"q{n}", 0) for n in range(50)]
    for n in range(50):
        r.rpush(f"q{n}", n)
    return repr([tasks[49].join(), len([task.join() for task in tasks]), r.brpop("none", 0.01)])

def refusals():
    return [
        failure(r.incr, "h"), failure(r.pipeline().incr("n").hget("n", "x").execute), failure(r.command, ["select", 3]),
        failure(named_client, "other"), failure(r.command, []), failure(r.set, "k", None), failure(r.get, True),
    ]

def too_many():
    tasks = [spawn(r.blpop, "never", 0) for _ in range(100)]
    while count() != "100": pass
    refused = failure(r.blpop, "never", 1)
    r.command(["RPUSH", "never", *range(100)])
    return refused, len([task.join() for task in tasks]), failure(r.blpop, "never", 0.01)

def waits(): r.blpop("never", 0)
def sleeps(): return failure(r.blpop, "never", 0)
def count(): return r.command(["INFO", "clients"]).decode().split("blocked_clients:")[1].split()[0]
def get(): return failure(r.get, "a")
`;
const packages = [
  "redis==8.1.0",
  "Django==5.2.19",
  "Flask==3.1.3",
  "Flask-Session==0.5.0",
  "limits==5.8.0",
  "Flask-Limiter==3.12",
];

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

test.runIf(hasRedis)("redis-py and what is built on it do what they do on CPython", async () => {
  const sitePackages = await installPackages(packages);
  const [port, folder] = [await freePort(), await temporaryFolder()];
  const [unix, certificate] = [join(folder, "redis.sock"), join(tls, "certificate.pem")];
  const redis = await start(
    ...["--unixsocket", unix, "--tls-port", `${port}`, "--tls-auth-clients", "no"],
    ...["--tls-cert-file", certificate, "--tls-key-file", join(tls, "key.pem")],
  );
  const { url } = redis;
  const cluster = await startRedisCluster();
  onTestFinished(() => cluster.stop());
  const sentinel = await startSentinel(redis);
  onTestFinished(() => sentinel.kill());
  const others = { cluster: cluster.nodes[0].url, sentinel: sentinel.url };
  const at = { url, ...others, unix: `unix://${unix}`, tls: `rediss://localhost:${port}`, certificate };
  const djangos = { cache: "django.core.cache.backends.redis.RedisCache", location: url };
  const native = await promisify(execFile)("python3", [script, JSON.stringify({ ...at, ...djangos })], {
    env: { ...process.env, PYTHONPATH: sitePackages },
  });
  const schema = schemaFolder(query);
  cpSync(script, join(schema, "redis_cases.py"));
  cpSync(certificate, join(schema, "certificate.pem"));
  const python = await pythonOn(schema, {
    pythonPath: [schema, sitePackages],
    environment: { PUFF_REDIS_URL: url },
    deadline: 60_000, // a busy machine takes long to import all of these
  });
  const own = { cache: "puff.contrib.django.redis.PuffRedisCache", location: "" };
  const here: JsonValue = { ...at, ...own, certificate: join(schema, "certificate.pem") };
  const value = await call(python, "redis_cases:outcomes", [here]);
  expect(value).toEqual(JSON.parse(native.stdout));
});

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

test.runIf(hasRedis)("what redis-py can't have here says so", async () => {
  const { url } = await start();
  const folder = schemaFolder(query, client);
  const pythonPath = [folder, await installPackages(packages)];
  const python = await pythonOn(folder, { pythonPath, environment: { REDIS: url } });
  expect(await call(python, "schema:asynchronous")).toContain("sockets are not available in the gateway's Python");
  expect(await call(python, "schema:too_many")).toBe(
    "[Errno 33] there are 1000 connections already: an interpreter can't have more",
  );
  expect(await call(python, "schema:held")).toBe(1);
});

test.runIf(hasRedis)("puff.redis is as Puff has it, without a package", async () => {
  const redis = await start();
  const service = new RedisService(redis.url);
  onTestFinished(() => service.close());
  const python = await pythonOn(schemaFolder(query, puff), { services: new Map([["redis", service]]) });
  expect(await call(python, "schema:puffs")).toBe(
    "[(1, 4, b'4'), [b'value-1', b'value-2'], [[], 1, [b'hi'], 1, [b'hi']], [b'hi2', b'hi3'], b'4']",
  );
  expect(await call(python, "schema:commands")).toMatchInlineSnapshot(
    `"[(True, True), True, False, 50, True, False, False, False, 9223372036854775806, True, None, b'1', {b'\\xff': b'1'}, False, False, [b'm'], True, False, [b'a', b'big', b'h', b's'], [1, b'x', [None]], b'PONG', [b'OK', b'x', 2, 1, b'v', 1, 1], []]"`,
  );
  expect(await call(python, "schema:blocks")).toBe("[(b'q49', b'49'), 50, None]");
  expect(await call(python, "schema:too_many")).toEqual([
    ...["100 blocking commands are already waiting for Redis", 100, "no failure: None"],
  ]);
  expect(await call(python, "schema:refusals")).toMatchInlineSnapshot(`
    [
      "WRONGTYPE Operation against a key holding the wrong kind of value",
      "WRONGTYPE Operation against a key holding the wrong kind of value",
      "SELECT changes the shared connection to Redis: send it with redis-py",
      "the gateway has no Redis named "other": use redis-py for another",
      "ERR unknown command '', with args beginning with: ",
      "a part of a command is bytes, a str, an int or a float, not None",
      "a part of a command is bytes, a str, an int or a float, not True",
    ]
  `);
  const leaving = new AbortController();
  const waiting = call(python, "schema:waits", [], leaving.signal);
  await expect.poll(() => call(python, "schema:count")).toBe("1");
  leaving.abort();
  await expect(waiting).rejects.toThrow();
  await expect.poll(() => call(python, "schema:count")).toBe("0");
  const lost = call(python, "schema:sleeps");
  await expect.poll(() => call(python, "schema:count")).toBe("1");
  await redis.kill();
  expect(await lost).toMatch(/^Redis can't be reached: the connection was lost before it answered/);
  expect(await call(python, "schema:get")).toMatch(/^Redis can't be reached/);
  await redis.start();
  await expect.poll(() => call(python, "schema:get")).toBe("no failure: None");
});

test.runIf(hasRedis)(
  "a command of a call that ends while the connection is made is not sent, and waits for nothing",
  async () => {
    const { url } = await start();
    const service = new RedisService(url);
    onTestFinished(() => service.close());
    const session = service.open();
    const leaving = new AbortController();
    const send = (signal: AbortSignal, ...command: string[]) =>
      session.call(
        "run",
        [command.length],
        command.map((part) => Buffer.from(part)),
        signal,
      );
    const left = [send(leaving.signal, "SET", "unwanted", "1"), send(leaving.signal, "BLPOP", "never", "0")];
    leaving.abort();
    for (const { status } of await Promise.allSettled(left)) {
      expect(status).toBe("rejected");
    }
    const { value } = await send(new AbortController().signal, "EXISTS", "unwanted");
    expect(value).toEqual(["0"]);
  },
);

test.runIf(hasRedis)("a command fails where the gateway ends while its connection is made", async () => {
  const { url } = await start();
  const service = new RedisService(url);
  const waiting = service.open().call("run", [1], [Buffer.from("PING")], new AbortController().signal);
  service.close();
  await expect(waiting).rejects.toThrow("there is no connection");
});

test("puff.redis says where there is no Redis", async () => {
  const services = new Map([["redis", new RedisService(null)]]);
  const python = await pythonOn(schemaFolder(query, puff), { services });
  expect(await call(python, "schema:get")).toBe("no Redis is configured: name one with --redis-url");
});
