/** The parts of the response cache by themselves: time, room, and the order of reads and writes. */
import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type OperationResponse, relationsOf } from "../../planner/index.ts";
import type { CachePolicy } from "../../schema/index.ts";
import type { Listener } from "../pubsub/index.ts";
import { type CacheOutcome, ResponseCache } from "./response-cache.ts";
import { ANY_TABLE, TableWrites } from "./table-writes.ts";
import { readPayload, WatchedDatabase } from "./watched-database.ts";

const policy: CachePolicy = { seconds: 10, scope: "public" };
const responseOf = (text: string): OperationResponse => ({
  ...{ body: Buffer.from(text), rest: null, executed: true, status: 200, headers: {} },
});

function createCache(bytes = 1_000_000) {
  const outcomes: CacheOutcome[] = [];
  const writes = new TableWrites();
  const cache = new ResponseCache(bytes, writes, (outcome) => outcomes.push(outcome));
  const serve = (key: string, text: string, given: { tables?: string[]; keeps?: boolean; signal?: AbortSignal } = {}) =>
    cache.serve([key], policy, given.signal ?? new AbortController().signal, async () => ({
      response: responseOf(text),
      tables: given.tables ?? ["post"],
      keeps: given.keeps ?? true,
    }));
  return { cache, writes, outcomes, serve };
}

const textOf = async (response: Promise<OperationResponse>) => (await response).body.toString();

test("a response is good for its seconds and tells its age", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { serve } = createCache();
  await serve("a", "first");
  vi.advanceTimersByTime(9_999);
  const { body, kept } = await serve("a", "second");
  expect([body.toString(), kept]).toMatchObject(["first", { age: 9, seconds: 10, scope: "public" }]);
  vi.advanceTimersByTime(1);
  expect(await textOf(serve("a", "third"))).toBe("third");
});

test("the least used responses make room, and one that is too large is not kept", async () => {
  const { cache, serve } = createCache(10_000);
  for (let index = 0; index < 20; index++) {
    await serve(String(index), "x".repeat(1_000));
    await serve("0", "other"); // used all the time
  }
  expect(cache.bytes).toBeLessThanOrEqual(10_000);
  expect(await textOf(serve("0", "other"))).toBe("x".repeat(1_000));
  expect(await textOf(serve("3", "other"))).toBe("other");
  await serve("large", "x".repeat(20_000));
  expect(cache.bytes).toBeLessThanOrEqual(10_000);
  expect(await textOf(serve("large", "small"))).toBe("small");
});

test("a fetch that fails, or whose client is gone, leaves nobody waiting", async () => {
  const { cache, outcomes, serve } = createCache();
  const { signal } = new AbortController();
  const held = Promise.withResolvers<never>();
  const first = cache.serve(["a"], policy, signal, () => held.promise);
  const others = [serve("a", "second"), serve("a", "third")];
  const impatient = serve("a", "gone", { signal: AbortSignal.abort() });
  expect(await textOf(impatient)).toBe("gone");
  held.reject(new Error("no"));
  await expect(first).rejects.toThrow("no");
  expect(new Set(await Promise.all(others.map(textOf)))).toEqual(new Set(["second"]));
  expect(outcomes).toEqual(["unkept", "miss", "shared"]);
});

test("those who wait for what is not kept ask themselves", async () => {
  const { serve } = createCache();
  const texts = ["a", "b", "c", "d"].map((text) => textOf(serve("key", text, { keeps: false })));
  expect(await Promise.all(texts)).toEqual(["a", "b", "c", "d"]);
});

test("none is older than a write that ended before it was asked for, whatever happens in which order", async () => {
  // A read sees what is in the database when it begins. It may be asked for by several, and end at any time.
  const table = fc.constantFrom("post", "comment");
  const step = fc.oneof(
    fc.record({ kind: fc.constant("ask" as const), table }),
    fc.record({ kind: fc.constant("write" as const), table: fc.oneof(table, fc.constant(ANY_TABLE)) }),
    fc.record({ kind: fc.constant("end" as const), which: fc.nat(3) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { cache, writes } = createCache();
      const { signal } = new AbortController();
      const rows: { [table: string]: number } = { post: 0, comment: 0 };
      const running: (() => void)[] = [];
      const checks: Promise<void>[] = [];
      for (const each of steps) {
        if (each.kind === "write") {
          for (const name of each.table === ANY_TABLE ? ["post", "comment"] : [each.table]) {
            rows[name] = (rows[name] ?? 0) + 1;
          }
          writes.written([each.table]);
        } else if (each.kind === "ask") {
          const least = rows[each.table] ?? 0;
          const answer = cache.serve([each.table], policy, signal, async () => {
            const seen = rows[each.table] ?? 0;
            await new Promise<void>((resolve) => void running.push(resolve));
            return { response: responseOf(String(seen)), tables: [each.table], keeps: true };
          });
          checks.push(answer.then(({ body }) => expect(Number(body.toString())).toBeGreaterThanOrEqual(least)));
        } else {
          running.splice(each.which, 1).forEach((end) => void end());
        }
        await new Promise((resolve) => void setImmediate(resolve));
      }
      let ended = 0;
      for (const check of checks) {
        const count = () => {
          ended += 1;
        };
        check.then(count, count);
      }
      while (ended < checks.length) {
        running.splice(0).forEach((end) => void end());
        await new Promise((resolve) => void setImmediate(resolve));
      }
      await Promise.all(checks);
    }),
    { numRuns: 200 },
  );
});

test("writes of more tables than are told apart are still told", () => {
  const writes = new TableWrites();
  writes.written(Array.from({ length: 20_000 }, (_, index) => `t${index}`));
  const point = writes.now;
  expect(writes.since(point, ["t1", "t19999", ANY_TABLE])).toBe(false);
  writes.written(["t19999"]);
  expect(writes.since(point, ["t19999"])).toBe(true);
  expect(writes.since(point, [])).toBe(true); // it is not told apart from others
});

test("nothing can be trusted from when the connection is lost to when it is back", async () => {
  let listener: Listener | null = null;
  const told: string[] = [];
  const listen = async (_channel: string, given: Listener) => {
    listener = given;
    return () => undefined;
  };
  const watched = new WatchedDatabase({ listen }, (what) => void told.push(what));
  expect(watched.hears).toBe(false);
  await watched.start();
  const heard = listener as Listener | null;
  expect(watched.hears).toBe(true);
  heard?.lost?.();
  heard?.lost?.(); // each attempt to connect that fails
  expect(watched.hears).toBe(false);
  expect(told).toEqual([expect.stringContaining("writes can't be heard")]);
  const point = watched.writes.now;
  heard?.missed();
  expect([watched.hears, watched.writes.since(point, ["post"])]).toEqual([true, true]);
});

test("a connection that is lost before it was there is told, too", async () => {
  const watched = new WatchedDatabase({
    listen: async (_channel, given) => {
      given.lost?.();
      return () => undefined;
    },
  });
  await watched.start();
  expect(watched.hears).toBe(false);
  const refused = new WatchedDatabase({ listen: () => Promise.reject(new Error("a pooler")) });
  await expect(refused.start()).rejects.toThrow("a pooler");
  expect(refused.hears).toBe(false);
});

test.each([
  ['["post", "comment"]', null, ["post", "comment"]],
  ['{"from": "a", "tables": ["post"]}', "a", ["post"]],
  ["[]", null, []],
  ["", null, [ANY_TABLE]],
  ["post", null, [ANY_TABLE]],
  ["[1]", null, [ANY_TABLE]],
  ['{"from": 1, "tables": null}', null, [ANY_TABLE]],
])("%j on the channel means what it says, else any table", (payload, from, tables) => {
  expect(readPayload(payload)).toEqual({ from, tables });
});

describe("tables that statements name", () => {
  test.each<
    readonly [text: string, named: readonly string[], written: readonly string[], functions: readonly string[]]
  >([
    ["SELECT 1", [], [], []],
    ["SELECT a FROM s.post p JOIN comment USING (id)", ["comment", "post"], [], []],
    ["SELECT * FROM (SELECT lower(a) FROM post) q, LATERAL f(q.a)", ["post"], [], ["f", "lower"]],
    ['SELECT EXISTS (SELECT FROM "Odd Name" WHERE id = $1)', ["Odd Name"], [], []],
    ["WITH q AS (SELECT * FROM post) SELECT * FROM q UNION SELECT * FROM tag", ["post", "q", "tag"], [], []],
    ["INSERT INTO post SELECT * FROM tag ON CONFLICT DO NOTHING", ["post", "tag"], ["post"], []],
    ["UPDATE post SET a = 1 FROM tag", ["post", "tag"], ["post"], []],
    ["DELETE FROM ONLY post USING tag", ["post", "tag"], ["post"], []],
    ["TRUNCATE post, tag", ["post", "tag"], ["post", "tag"], []],
    ["MERGE INTO post USING tag ON true WHEN MATCHED THEN DELETE", ["post", "tag"], ["post"], []],
    ["WITH x AS (DELETE FROM post RETURNING 1) SELECT * FROM x", ["post", "x"], ["post"], []],
    ["SELECT '$1 FROM nothing' -- FROM nothing\n FROM post", ["post"], [], []],
    ["TABLE post", ["post"], [], []],
  ])("%s", async (text, named, written, functions) => {
    const found = await relationsOf(text);
    expect([[...found.named].sort(), [...found.written].sort(), [...found.functions].sort()]).toEqual([
      named,
      written,
      functions,
    ]);
  });

  test("what Postgres can't parse is not a statement", async () => {
    await expect(relationsOf("SELECT FROM FROM")).rejects.toThrow();
  });
});
