/** Python publishes and receives, as Puff has it. */
import { describe, expect, test } from "vitest";
import { openPubSub, type PubSub, PubSubService } from "../../gateway/pubsub/index.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";
import { Ear } from "../support/servers/ear.ts";
import { hasRedis, startRedis } from "../support/servers/redis.ts";

const module = `
from puff import pubsub, spawn
from puff._runtime.greenlets import GreenletExit
from puff.pubsub import global_pubsub

def receive(count, *channels):
    conn = global_pubsub.connection()
    for channel in channels:
        conn.subscribe(channel)
    return [conn.receive() for _ in range(count)]

def round_trip():
    me, other = pubsub.connection(), pubsub.connection_with_id("other")
    assert me.subscribe("a") and not me.subscribe("a") and me.subscribe_pattern("b.*")
    other.publish("a", "text")
    other.publish_bytes("a", bytes([0, 255]))
    other.publish_json("b.1", {"n": 1})
    pubsub.publish_as("third", "a", "as")
    pubsub.publish("a", "nobody")
    messages = [me.receive() for _ in range(5)]
    assert messages[2].json() == {"n": 1}
    return [[m.channel, m.from_connection_id, m.text, list(m.body)[:2]] for m in messages]

kept, told = pubsub.connection(), []
def receives(): return bool(told)
def receive_kept():
    return kept.receive().text
def leave_while_receiving():
    kept.subscribe("kept")
    told.append("receives")
    try:
        kept.receive()
    except GreenletExit:
        pubsub.publish("kept", "for the next")
        raise

def waiting():
    conn = pubsub.connection()
    conn.subscribe("w")
    task = spawn(conn.receive)
    pubsub.publish("w", "woken")
    return task.join().text

def leaving():
    conn = pubsub.connection()
    nothing = conn.receive()
    conn.subscribe("l")
    task = spawn(conn.receive)
    left = conn.unsubscribe("l"), conn.unsubscribe("l")
    return [nothing, left, task.join()]

def at_once():
    conn = pubsub.connection()
    first = spawn(conn.subscribe, "o*")
    second = spawn(conn.subscribe, "o*")
    subscribed = second.join()
    pubsub.publish("o*", "soon")
    assert [subscribed, first.join(), conn.subscribe_pattern("o*")] == [False, True, True]
    pubsub.publish("other", "matches")
    return [conn.receive().text, conn.receive().text, conn.unsubscribe("o*"), conn.receive()]

def too_many(count, size):
    conn = pubsub.connection()
    conn.subscribe("m")
    for _ in range(count):
        pubsub.publish("m", "x" * size)
    received = 0
    try:
        while True:
            conn.receive()
            received += 1
    except pubsub.PubSubError as error:
        pubsub.publish("m", "on")
        return [received, str(error), conn.receive().text]

def forgotten():
    conn = pubsub.connection()
    conn.subscribe("f")
    del conn
    return True

def refused():
    try:
        pubsub.publish("r", "x")
    except pubsub.PubSubError as error:
        return str(error)
`;

async function start(pubsub: PubSub): Promise<TestPython> {
  const folder = schemaFolder("    @classmethod\n    def q(cls, ctx: Context, /) -> int: return 1", module);
  return await pythonOn(folder, { services: new Map([["pubsub", new PubSubService(() => pubsub)]]) });
}

const quiet = { warn: () => undefined, info: () => undefined };

async function call(python: TestPython, name: string, ...args: number[]): Promise<unknown> {
  const { value } = await python.callFunction(`schema:${name}`, args, {
    deadline: 20_000,
    signal: AbortSignal.timeout(30_000),
  });
  return value;
}

describe.each(["one process", ...(hasRedis ? ["Redis"] : [])])("on %s", (where) => {
  test("messages come with their sender, channel and bytes; connections wait, leave and are bounded", async () => {
    const redis = where === "Redis" ? await startRedis() : null;
    const pubsub = await openPubSub({ redisUrl: redis?.url ?? null, required: false, connectDeadline: 0, log: quiet });
    const python = await start(pubsub);
    try {
      expect(await call(python, "round_trip")).toEqual([
        ["a", "other", "text", [116, 101]],
        ["a", "other", null, [0, 255]],
        ["b.1", "other", '{"n": 1}', [123, 34]],
        ["a", "third", "as", [97, 115]],
        ["a", null, "nobody", [110, 111]],
      ]);
      expect(await call(python, "waiting")).toBe("woken");
      expect(await call(python, "leaving")).toEqual([null, [true, false], null]);
      expect(await call(python, "at_once")).toEqual(["soon", "matches", true, null]);
      const lost = "more than 1000 messages or 16 MB of them were waiting to be received: the others are lost";
      expect(await call(python, "too_many", 1001, 1)).toEqual([1000, lost, "on"]);
      expect(await call(python, "too_many", 18, 1_000_000)).toEqual([16, lost, "on"]);
      expect(await call(python, "forgotten")).toBe(true);
      const leaving = new AbortController();
      const options = { deadline: 20_000, signal: leaving.signal };
      const left = python.callFunction("schema:leave_while_receiving", [], options);
      await expect.poll(() => call(python, "receives")).toBe(true);
      leaving.abort();
      await expect(left).rejects.toThrow();
      expect(await call(python, "receive_kept")).toBe("for the next");
      const ear = new Ear();
      await pubsub.subscribe("a", ear);
      expect(await call(python, "round_trip")).toHaveLength(5);
      await ear.until(({ heard }) => heard.length === 4);
      expect(ear.heard.at(0)).toBe("a: text"); // the sender is not part of it
      await redis?.kill();
      if (redis !== null) {
        expect(await call(python, "refused")).toMatch(/^Redis can't be reached/);
      }
    } finally {
      await pubsub.close();
      await redis?.kill();
    }
  });
});
