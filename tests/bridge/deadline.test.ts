/** A resolver that takes too long fails alone. */
import { expect, test } from "vitest";
import { pythonOn, schemaFolder } from "../support/python/python.ts";

const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
    @classmethod
    def loop(cls, ctx: Context, /) -> str:
        while True: pass
    @classmethod
    def loop_in_c(cls, ctx: Context, /) -> str:
        return str(sum(range(10**11)))
    @classmethod
    def swallow(cls, ctx: Context, /) -> str:
        while True:
            try:
                while True: pass
            except BaseException: pass
    @classmethod
    def wait(cls, ctx: Context, /, ms: int) -> str:
        host.call("wait", ms)
        return "waited"
    @classmethod
    def wait_then_loop(cls, ctx: Context, /) -> str:
        host.call("wait", 10)
        while True: pass
    @classmethod
    def busy(cls, ctx: Context, /, ms: int) -> str:
        end = time.perf_counter() + ms / 1000
        while time.perf_counter() < end: pass
        return "done"
`;
const wait = (ms: unknown): Promise<null> => new Promise((resolve) => setTimeout(() => resolve(null), Number(ms)));
const options = { deadline: 1_000, hostFunctions: new Map([["wait", wait]]) };

test.each(["loop", "loop_in_c", "swallow", "wait_then_loop"])(
  "%s fails at its deadline, and no other",
  async (field) => {
    const python = await pythonOn(schemaFolder(query), options);
    // The one that waits is begun when the loop takes the thread.
    const waiting = python.call("wait", { ms: 100 });
    const endless = python.call(field);
    const others = Promise.all(Array.from({ length: 20 }, () => python.call("hello")));
    await expect(endless).rejects.toMatchObject({
      code: "PUFF_RESOLVER_DEADLINE",
      message: `resolver Query.${field} did not answer within 1000 ms`,
    });
    expect(await waiting).toBe("waited");
    expect(new Set(await others)).toEqual(new Set(["hello"]));
  },
);

test("a resolver that waits for too long fails", async () => {
  const python = await pythonOn(schemaFolder(query), options);
  await expect(python.call("wait", { ms: 5000 })).rejects.toMatchObject({ code: "PUFF_RESOLVER_DEADLINE" });
  expect(await python.call("hello")).toBe("hello");
});

test("a call without a deadline waits for as long as it takes", async () => {
  const python = await pythonOn(schemaFolder(query), { deadline: 200 });
  const { signal } = new AbortController();
  // Longer than Python may compute, and than an interpreter may take to heed an interrupt.
  await python.callFunction("time:sleep", [1.5], { deadline: null, signal });
  expect(python.logs).toEqual([]);
});

test("waiting behind busy resolvers is not held against a resolver", async () => {
  const python = await pythonOn(schemaFolder(query), options);
  const all = await Promise.all([
    python.call("wait", { ms: 10 }),
    python.call("busy", { ms: 400 }),
    python.call("busy", { ms: 400 }),
    python.call("busy", { ms: 400 }),
    python.call("hello"),
  ]);
  expect(all).toEqual(["waited", "done", "done", "done", "hello"]);
});

test("a request that ends takes its call along", async () => {
  const python = await pythonOn(schemaFolder(query), options);
  const request = new AbortController();
  const waiting = python.call("wait", { ms: 300 }, { signal: request.signal });
  const reason = new Error("the client has gone");
  setTimeout(() => request.abort(reason), 20);
  await expect(waiting).rejects.toBe(reason);
  expect(await python.call("hello")).toBe("hello");
});

test("past the limit of the queue calls are refused at once", async () => {
  const python = await pythonOn(schemaFolder(query), { ...options, queueLimit: 10 });
  const calls = await Promise.allSettled(Array.from({ length: 30 }, () => python.call("hello")));
  expect(calls.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  expect(calls.at(-1)).toMatchObject({ reason: { code: "PUFF_PYTHON_BUSY", status: 503 } });
});
