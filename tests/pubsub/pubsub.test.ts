/** Pub/sub keeps its promises within one process and through a Redis that comes and goes. */
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Message, openPubSub, type PubSub } from "../../gateway/pubsub/index.ts";
import { Ear } from "../support/servers/ear.ts";
import { wireTo } from "../support/servers/outage.ts";
import { freePort } from "../support/servers/postgres-15.ts";
import { askRedis, hasRedis, startRedis, type TestRedis } from "../support/servers/redis.ts";

async function open(
  redisUrl: string | null,
  { required = false, connectDeadline = 10_000 } = {},
): Promise<PubSub & { readonly logged: string[] }> {
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const pubsub = await openPubSub({ redisUrl, required, connectDeadline, log: { warn: log, info: log } });
  onTestFinished(() => pubsub.close());
  return Object.assign(pubsub, { logged });
}

async function ownRedis(): Promise<TestRedis> {
  const redis = await startRedis();
  onTestFinished(() => redis.kill());
  return redis;
}

describe.each(["one process", ...(hasRedis ? ["Redis"] : [])])("on %s", (where) => {
  async function pair(): Promise<[publisher: PubSub, subscriber: PubSub]> {
    if (where === "one process") {
      const pubsub = await open(null);
      return [pubsub, pubsub];
    }
    const { url } = await ownRedis();
    return [await open(url), await open(url)];
  }

  test("messages reach the channel's listeners and those of matching patterns, in order", async () => {
    const [publisher, subscriber] = await pair();
    const [one, other, all] = [new Ear(), new Ear(), new Ear()];
    await subscriber.subscribe("room.1", one);
    await subscriber.subscribe("room.2", other);
    await subscriber.subscribePattern("room.*", all);
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(numbers.map((number) => publisher.publish("room.1", `${number}`)));
    await publisher.publish("hall", "nobody");
    await publisher.publish("room.2", Buffer.from("last"));
    await all.until(({ heard }) => heard.length === 101);
    expect(one.heard).toEqual(numbers.map((number) => `room.1: ${number}`));
    expect(all.heard).toEqual([...one.heard, "room.2: last"]);
    expect(other.heard).toEqual(["room.2: last"]);
  });

  test("who left hears nothing more, the others of the channel do, and one may come back", async () => {
    const [publisher, subscriber] = await pair();
    const [gone, stays] = [new Ear(), new Ear()];
    const leave = await subscriber.subscribe("a", gone);
    const leaveTwice = await subscriber.subscribe("a", stays);
    leave();
    leave();
    await publisher.publish("a", "1");
    await stays.until(({ heard }) => heard.length === 1);
    expect(gone.heard).toEqual([]);
    leaveTwice();
    await subscriber.subscribe("a", gone);
    await publisher.publish("a", "2");
    await gone.until(({ heard }) => heard.length === 1);
    expect([gone.heard, stays.heard]).toEqual([["a: 2"], ["a: 1"]]);
  });

  test.each<[bytes: Buffer, sender: string | null]>([
    [Buffer.from([0, 255, 10, 128]), null],
    [Buffer.from([0, 255, 10, 128]), "ü"],
    [Buffer.from("\0puff\0\0\0\0\x01me"), null],
    [Buffer.from("\0puff\0"), null],
    [Buffer.from("\0puff\0me"), "a\0b"],
    [Buffer.alloc(0), null],
  ])("%j of %j stays what it is", async (bytes, sender) => {
    const [publisher, subscriber] = await pair();
    const received = Promise.withResolvers<Message>();
    await subscriber.subscribe("b", { message: received.resolve, missed: () => undefined });
    await publisher.publish("b", bytes, sender);
    expect(await received.promise).toEqual({ channel: "b", data: bytes, sender });
  });
});

test("a listener that publishes does not change the order that others hear", async () => {
  const pubsub = await open(null);
  const ear = new Ear();
  await pubsub.subscribe("a", {
    message: ({ data }) => void (data.toString() === "1" && pubsub.publish("a", "2")),
    missed: () => undefined,
  });
  await pubsub.subscribe("a", ear);
  await pubsub.publish("a", "1");
  expect(ear.heard).toEqual(["a: 1", "a: 2"]);
});

test("a listener that throws, which it must not, does not end what others hear", async () => {
  const pubsub = await open(null);
  const ear = new Ear();
  const leave = await pubsub.subscribe("a", {
    message: () => {
      throw new Error("no");
    },
    missed: () => undefined,
  });
  await expect(pubsub.publish("a", "1")).rejects.toThrow("no");
  leave();
  await pubsub.subscribe("a", ear);
  await pubsub.publish("a", "2");
  expect(ear.heard).toEqual(["a: 2"]);
});

describe.runIf(hasRedis)("a Redis that comes and goes", () => {
  test("killed and started again, it brings messages again, and listeners know that they may have missed some", async () => {
    const redis = await ownRedis();
    const pubsub = await open(redis.url);
    const [channel, pattern, late] = [new Ear(), new Ear(), new Ear()];
    await pubsub.subscribe("a", channel);
    await pubsub.subscribePattern("a*", pattern);
    await redis.kill();
    await expect(untilItFails(pubsub)).rejects.toMatchObject({ code: "PUFF_REDIS_UNAVAILABLE", place: redis.url });
    await pubsub.subscribe("late", late);
    await redis.start();
    await Promise.all([channel, pattern, late].map((ear) => ear.until(({ missedCount }) => missedCount === 1)));
    await untilItWorks(pubsub, "a");
    await untilItWorks(pubsub, "late");
    await Promise.all([channel, pattern, late].map((ear) => ear.until(({ heard }) => heard.length > 0)));
    expect([channel.heard[0], pattern.heard[0], late.heard[0]]).toEqual(["a: works", "a: works", "late: works"]);
    expect(pubsub.logged).toEqual([
      `the connection to Redis at ${redis.url} is lost: reconnecting`,
      `connected to Redis at ${redis.url}`,
    ]);
  });

  test("a network that is cut loses what is published meanwhile, and says so", async () => {
    const redis = await ownRedis();
    const wire = await wireTo(redis.url);
    const [near, far] = [await open(wire.url), await open(redis.url)];
    const [cutOff, connected] = [new Ear(), new Ear()];
    await near.subscribe("a", cutOff);
    await far.subscribe("a", connected);
    await wire.cut();
    await far.publish("a", "lost");
    await wire.mend();
    await cutOff.until(({ missedCount }) => missedCount === 1);
    await far.publish("a", "found");
    await cutOff.until(({ heard }) => heard.length === 1);
    await connected.until(({ heard }) => heard.length === 2);
    expect([cutOff.heard, connected.heard, connected.missedCount]).toEqual([["a: found"], ["a: lost", "a: found"], 0]);
    await near.close();
    await wire.cut();
  });

  test("a channel that Redis refuses is said, and keeps no other from being heard", async () => {
    const { url } = await ownRedis();
    await askRedis(url, "ACL", "SETUSER", "some", "on", ">secret", "+@all", "~*", "resetchannels", "&may*");
    const wire = await wireTo(url);
    const [near, far] = [await open(wire.url.replace("//", "//some:secret@")), await open(url)];
    const [one, other] = [new Ear(), new Ear()];
    await near.subscribe("may", one);
    const refusal = { code: "PUFF_REDIS_UNAVAILABLE", message: expect.stringContaining("Redis refuses: NOPERM") };
    await expect(near.subscribe("not", new Ear())).rejects.toMatchObject(refusal);
    await expect(near.publish("not", "x")).rejects.toMatchObject(refusal);
    expect(near.logged).toEqual([]);
    await wire.cut();
    await expect.poll(() => near.logged).toHaveLength(1);
    await near.subscribe("not", new Ear());
    await near.subscribe("may too", other);
    await wire.mend();
    await Promise.all([one, other].map((ear) => ear.until(({ missedCount }) => missedCount === 1)));
    await far.publish("may", "found");
    await far.publish("may too", "found");
    await Promise.all([one, other].map((ear) => ear.until(({ heard }) => heard.length === 1)));
    expect(near.logged).toHaveLength(2);
    await near.close();
    await wire.cut();
  });

  test("a network that drops everything without a word is noticed within 15 s, and messages come again", async () => {
    const redis = await ownRedis();
    const wire = await wireTo(redis.url);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const [near, far] = [await open(wire.url), await open(redis.url)];
    const ear = new Ear();
    await near.subscribe("a", ear);
    wire.freeze();
    await far.publish("a", "lost");
    expect(await secondsUntil(() => near.logged.length === 1, far)).toBeLessThanOrEqual(15);
    expect(near.logged).toEqual([`the connection to Redis at ${wire.url} is lost: reconnecting`]);
    wire.thaw();
    expect(await secondsUntil(() => ear.missedCount === 1, far)).toBeLessThanOrEqual(15);
    await far.publish("a", "found");
    await ear.until(({ heard }) => heard.length === 1);
    expect(ear.heard).toEqual(["a: found"]);
    let published = false;
    const publishes = () => {
      near.publish("b", "found").then(
        () => {
          published = true;
        },
        () => undefined,
      );
      return published;
    };
    expect(await secondsUntil(publishes, far)).toBeLessThanOrEqual(15);
    await near.close();
    await wire.cut();
  });

  test("one that does not answer at start is named, and used when it does", async () => {
    const redis = await ownRedis();
    await redis.kill();
    const pubsub = await open(redis.url, { connectDeadline: 300 });
    expect(pubsub.logged[0]).toContain(`${redis.url}: Redis can't be reached: connect ECONNREFUSED`);
    const ear = new Ear();
    await pubsub.subscribe("a", ear);
    await redis.start();
    await ear.until(({ missedCount }) => missedCount === 1);
    await untilItWorks(pubsub, "a");
    await ear.until(({ heard }) => heard.length === 1);
  });
});

test("where Redis is required, a start without it fails", async () => {
  const url = `redis://:secret@127.0.0.1:${await freePort()}`;
  const failure = open(url, { required: true, connectDeadline: 300 });
  await expect(failure).rejects.toMatchObject({ code: "PUFF_REDIS_UNAVAILABLE", place: url.replace(":secret@", "") });
});

test.each(["http://localhost", "redis://", "nonsense"])("%s is refused as Redis's URL", async (url) => {
  await expect(open(url)).rejects.toMatchObject({ code: "PUFF_CONFIG_INVALID" });
});

/** Seconds of the faked clock, which goes on after each round trip to Redis: so the network is never too slow for it. */
async function secondsUntil(done: () => boolean, connected: PubSub): Promise<number> {
  let milliseconds = 0;
  for (; !done(); milliseconds += 10) {
    vi.advanceTimersByTime(10);
    await connected.publish("nobody", "x");
  }
  return milliseconds / 1000;
}

async function untilItFails(pubsub: PubSub): Promise<never> {
  for (;;) {
    await pubsub.publish("nobody", "x");
  }
}

async function untilItWorks(pubsub: PubSub, channel: string): Promise<void> {
  for (;;) {
    try {
      return await pubsub.publish(channel, "works");
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10)); // the connection that publishes comes back on its own
    }
  }
}
