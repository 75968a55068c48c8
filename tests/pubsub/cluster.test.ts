/** Sharded pub/sub on a real Redis Cluster, whose slots move and whose nodes go away. */
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { openPubSub, type PubSub, PubSubService } from "../../gateway/pubsub/index.ts";
import { Ear } from "../support/servers/ear.ts";
import { askRedis, hasRedis, startRedisCluster, type TestCluster, type TestRedis } from "../support/servers/redis.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
);

describe.runIf(hasRedis)("on a Redis Cluster", () => {
  let cluster: TestCluster;
  let nodes: readonly [TestRedis, TestRedis];
  beforeAll(async () => {
    cluster = await startRedisCluster();
    nodes = cluster.nodes;
  });
  afterAll(() => cluster?.stop());

  async function open(node = nodes[0]): Promise<PubSub> {
    const log = { warn: () => undefined, info: () => undefined };
    const redisUrl = node.url.replace("redis:", "redis+cluster:");
    const pubsub = await openPubSub({ redisUrl, required: true, connectDeadline: 10_000, log });
    onTestFinished(() => pubsub.close());
    return pubsub;
  }

  test("channels are on the nodes that have their slots, and each keeps its order", async () => {
    const [publisher, subscriber] = [await open(nodes[0]), await open(nodes[1])];
    const homes = { b: nodes[0], c: nodes[0], a: nodes[1], d: nodes[1] };
    const ears = new Map<string, Ear>();
    for (const [channel, home] of Object.entries(homes)) {
      const ear = new Ear();
      ears.set(channel, ear);
      await subscriber.subscribe(channel, ear);
      expect(await askRedis(home.url, "PUBSUB", "SHARDCHANNELS", channel)).toBe(channel);
    }
    const numbers = Array.from({ length: 100 }, (_, index) => `${index}`);
    await Promise.all(numbers.flatMap((number) => [...ears.keys()].map((name) => publisher.publish(name, number))));
    for (const [channel, ear] of ears) {
      await ear.until(({ heard }) => heard.length === numbers.length);
      expect(ear.heard).toEqual(numbers.map((number) => `${channel}: ${number}`));
    }
  });

  test("who left is heard by no node", async () => {
    const pubsub = await open();
    const leave = await pubsub.subscribe("left", new Ear());
    leave();
    await expect
      .poll(() => Promise.all(nodes.map(({ url }) => askRedis(url, "PUBSUB", "SHARDCHANNELS", "left"))))
      .toEqual(["", ""]);
  });

  test.runIf(hasIpv6)("nodes are found by addresses of IPv6, too", async () => {
    const announce = (address: string) =>
      Promise.all(nodes.map(({ url }) => askRedis(url, "CONFIG", "SET", "cluster-announce-ip", address)));
    const slots = async () => (await Promise.all(nodes.map(({ url }) => askRedis(url, "CLUSTER", "SLOTS")))).join();
    await announce("::1");
    onTestFinished(async () => {
      await announce("127.0.0.1");
      await expect.poll(slots, { timeout: 30_000 }).not.toContain("::1"); // nodes tell each other in time
    });
    await expect.poll(slots, { timeout: 30_000 }).not.toContain("127.0.0.1");
    const [pubsub, ear] = [await open(), new Ear()];
    for (const channel of ["a", "b"]) {
      await pubsub.subscribe(channel, ear);
      await pubsub.publish(channel, "heard");
    }
    await ear.until(({ heard }) => heard.length === 2);
  });

  test("a pattern, which it has none of, is refused, and nobody waits for it", async () => {
    const pubsub = await open();
    const session = new PubSubService(() => pubsub).open();
    const call = (method: string, ...args: string[]) =>
      session.call(method, ["key", ...args], [], AbortSignal.timeout(10_000));
    for (const _ of [1, 2]) {
      await expect(call("subscribe", "a*", "pattern")).rejects.toMatchObject({ code: "PUFF_REDIS_COMMAND" });
    }
    expect(await call("receive")).toEqual({ value: null });
  });

  test("a slot that moves to another node takes its channels along, and listeners know", async () => {
    const [publisher, subscriber] = [await open(nodes[0]), await open(nodes[1])];
    const [moving, staying] = [new Ear(), new Ear()];
    await subscriber.subscribe("moving", moving);
    await subscriber.subscribe("b", staying);
    const slot = await askRedis(nodes[0].url, "CLUSTER", "KEYSLOT", "moving");
    const ids = await Promise.all(nodes.map(({ url }) => askRedis(url, "CLUSTER", "MYID")));
    const target = (await askRedis(nodes[0].url, "PUBSUB", "SHARDCHANNELS", "moving")) === "" ? 0 : 1;
    for (const { url } of nodes) {
      await askRedis(url, "CLUSTER", "SETSLOT", slot, "NODE", ids[target] ?? "");
    }
    const numbers = Array.from({ length: 50 }, (_, index) => `${index}`);
    await moving.until(({ missedCount }) => missedCount > 0);
    await Promise.all(numbers.map((number) => publisher.publish("moving", number)));
    await moving.until(({ heard }) => heard.length === numbers.length);
    expect(moving.heard).toEqual(numbers.map((number) => `moving: ${number}`));
    expect(await askRedis(nodes[target].url, "PUBSUB", "SHARDCHANNELS", "moving")).toBe("moving");
    expect(staying.missedCount).toBe(0);
  });

  test("a node that is killed takes its own channels with it until it is back", async () => {
    const [publisher, subscriber] = [await open(nodes[0]), await open(nodes[0])];
    const [here, there] = [new Ear(), new Ear()];
    await subscriber.subscribe("b", here);
    await subscriber.subscribe("a", there);
    await nodes[1].kill();
    await publisher.publish("b", "on");
    await here.until(({ heard }) => heard.length === 1);
    await expect.poll(() => publisher.publish("a", "lost").catch(({ code }) => code)).toBe("PUFF_REDIS_UNAVAILABLE");
    await nodes[1].start();
    await there.until(({ missedCount }) => missedCount === 1);
    await expect.poll(() => publisher.publish("a", "back").then(() => there.heard.length)).toBeGreaterThan(0);
    expect(here.missedCount).toBe(0);
  });

  test("patterns are refused, since Redis has none for it", async () => {
    const pubsub = await open();
    await expect(pubsub.subscribePattern("a*", new Ear())).rejects.toMatchObject({ code: "PUFF_REDIS_COMMAND" });
  });

  test("by redis:// one of its nodes brings messages of all of them, patterns too", async () => {
    const log = { warn: () => undefined, info: () => undefined };
    const [one, other] = await Promise.all(
      nodes.map(({ url }) => openPubSub({ redisUrl: url, required: true, connectDeadline: 10_000, log })),
    );
    onTestFinished(async () => void (await Promise.all([one?.close(), other?.close()])));
    const ear = new Ear();
    await one?.subscribePattern("room.*", ear);
    await other?.publish("room.1", "x");
    await ear.until(({ heard }) => heard.length === 1);
    expect(ear.heard).toEqual(["room.1: x"]);
  });

  test("a replica that takes over is found, and listened to", async () => {
    const replica = await cluster.addReplica();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const pubsub = await open();
    const ear = new Ear();
    await pubsub.subscribe("a", ear);
    await nodes[1].kill();
    await askRedis(replica.url, "CLUSTER", "FAILOVER", "TAKEOVER");
    while (ear.missedCount === 0) {
      vi.advanceTimersByTime(5_000); // to the next look
      await askRedis(nodes[0].url, "PING");
    }
    await pubsub.publish("a", "x");
    await ear.until(({ heard }) => heard.length === 1);
    expect(await askRedis(replica.url, "PUBSUB", "SHARDCHANNELS")).toBe("a");
  });
});
