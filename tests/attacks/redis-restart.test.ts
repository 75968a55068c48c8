/** Redis ends and comes back under two gateways that share it: subscribers of both stay, and hear of what comes after. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";
import { hasRedis, startRedis, type TestRedis } from "../support/servers/redis.ts";
import { TestSocket } from "../support/servers/socket.ts";

const schema = `
from dataclasses import dataclass
from puff import graphql, pubsub
from puff.graphql import Context, Plan, Stream, sql

@dataclass
class Query:
    @classmethod
    def counted(cls, ctx: Context, /) -> Plan[int]: return sql("SELECT count(*)::int FROM told")

@dataclass
class Mutation:
    @classmethod
    def add(cls, ctx: Context, /, text: str) -> Plan[str]:
        return sql("INSERT INTO told VALUES ($1) RETURNING text", text)
    @classmethod
    def publish(cls, ctx: Context, /, text: str) -> bool: return pubsub.publish_json("told", {"text": text})

@dataclass
class Subscription:
    @classmethod
    def texts(cls, ctx: Context, /) -> Stream[str]: return graphql.on("told", sql("SELECT $1::text", ctx.event["text"]))
    @classmethod
    def counted(cls, ctx: Context, /) -> Stream[int]:
        return graphql.live(sql("SELECT count(*)::int FROM told"), on="told")

@dataclass
class Schema:
    query: Query
    mutation: Mutation
    subscription: Subscription
`;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-redis-restart-")));
const logs: { readonly msg: string; readonly level: number }[] = [];
let database: TestDatabase | undefined;
let redis: TestRedis | undefined;
let servers: readonly RunningServer[] = [];

beforeAll(async () => {
  if (!hasRedis) {
    return;
  }
  writeFileSync(join(folder, "schema.py"), schema);
  database = await createTestDatabase();
  redis = await startRedis();
  const { url } = database;
  const { url: redisUrl } = redis;
  const start = () =>
    startServer({
      schemas: [{ spec: join(folder, "schema.py") }],
      databases: [{ name: "default", url }],
      redisUrl,
      cacheFolder: sharedCache,
      environment: {},
      port: 0,
      signals: false,
      logger: pino({ level: "warn" }, { write: (line: string) => void logs.push(JSON.parse(line)) }),
    });
  servers = [await start(), await start()];
  await servers[0]?.app.puff.databases.get("default")?.run("CREATE TABLE told (text text)");
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await redis?.kill();
  await database?.drop();
  rmSync(folder, { recursive: true });
});

async function mutate(
  at: number,
  field: string,
  text: string,
): Promise<{ errors?: { extensions: { code: string } }[] }> {
  const server = servers[at] ?? expect.unreachable();
  const body = { query: `mutation ($text: String!) { ${field}(text: $text) }`, variables: { text } };
  return JSON.parse((await ask(server, { body })).body);
}

/** What a subscriber at one of the gateways has been sent: values, and messages of other types. */
async function subscribed(at: number, field: string): Promise<readonly unknown[]> {
  const socket = await new TestSocket(`${servers[at]?.url}/graphql`).connected();
  onTestFinished(() => socket.socket.terminate());
  socket.subscribe("1", `subscription { ${field} }`);
  const sent: unknown[] = [];
  socket.on("changed", () => {
    const { type, payload } = socket.messages.at(-1) ?? {};
    const { data } = (payload ?? {}) as { readonly data?: { readonly [name: string]: unknown } };
    sent.push(type === "next" ? data?.[field] : type);
  });
  return sent;
}

const patient = { timeout: 30_000, interval: 100 };

test.runIf(hasRedis)(
  "what changed while it was away is told once it is back, and messages come from both again",
  async () => {
    const texts = [await subscribed(0, "texts"), await subscribed(1, "texts")];
    const counts = [await subscribed(0, "counted"), await subscribed(1, "counted")];
    await expect.poll(() => counts, patient).toEqual([[0], [0]]);
    for (const at of [0, 1]) {
      const until = async (): Promise<unknown> => {
        await mutate(at, "publish", `from ${at}`);
        return texts.map((heard) => heard.includes(`from ${at}`));
      };
      await expect.poll(until, patient).toEqual([true, true]);
    }

    await redis?.kill();
    await expect
      .poll(async () => (await mutate(0, "publish", "lost")).errors?.[0]?.extensions.code, patient)
      .toMatch(/PUFF_/);
    expect(await mutate(1, "add", "while it was away")).toEqual({ data: { add: "while it was away" } });
    const heard = texts.map(({ length }) => length);

    await redis?.start();
    // Nobody publishes: what may have changed meanwhile is asked for again.
    await expect
      .poll(() => counts, patient)
      .toEqual([
        [0, 1],
        [0, 1],
      ]);
    for (const at of [0, 1]) {
      const until = async (): Promise<unknown> => {
        await mutate(at, "publish", `again from ${at}`);
        return texts.map((list) => list.includes(`again from ${at}`));
      };
      await expect.poll(until, patient).toEqual([true, true]);
    }
    for (const [index, list] of texts.entries()) {
      expect(new Set(list.slice(heard[index]))).toEqual(new Set(["again from 0", "again from 1"]));
    }
    const warnings = logs.filter(({ msg }) => /is lost: reconnecting/.test(msg));
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(warnings.length).toBeLessThanOrEqual(4); // one for each of a gateway's two connections
  },
);
