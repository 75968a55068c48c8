/** Waiting code does on greenlets what it does on CPython's threads. */
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const script = join(import.meta.dirname, "../support/python/cooperative_cases.py");
const query = `
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"
    @classmethod
    async def wait(cls, ctx: Context, /, seconds: float) -> str:
        try:
            asyncio.get_running_loop()
            await asyncio.sleep(seconds)
        finally:
            ends.append("wait")
        return "waited"
    @classmethod
    def ended(cls, ctx: Context, /) -> list[str]:
        return ends
`;
const prelude = `
import asyncio, contextvars, threading
ends = []
`;
const signal = new AbortController().signal;

/** Starts Python on a module with these lines. */
async function pythonWith(module: string, deadline = 5000): Promise<TestPython> {
  const folder = schemaFolder(query, prelude + module);
  cpSync(script, join(folder, "cases.py"));
  return pythonOn(folder, { deadline });
}

/** What its function `go` returns. */
async function go(python: TestPython): Promise<unknown> {
  return (await python.callFunction("schema:go", [], { deadline: 20_000, signal })).value;
}

test("locks, queues, threads, executors and event loops do what they do on CPython", async () => {
  // While modules are imported, where the current thread is the main one.
  const python = await pythonWith("import cases\nseen = cases.outcomes()\ndef go(): return seen\n");
  expect(await go(python)).toEqual(JSON.parse(execFileSync("python3", [script], { encoding: "utf8" })));
});

test("requests have threads' names, locals and contexts of their own", async () => {
  const python = await pythonWith(`
local, variable = threading.local(), contextvars.ContextVar("variable", default=None)
variable.set("import's"); local.x = "import's"
def go():
    seen = [variable.get(), hasattr(local, "x"), threading.current_thread() is threading.main_thread()]
    variable.set("own"); local.x = "own"
    both.wait()
    seen += [variable.get(), local.x, len(threading.enumerate())]
    both.wait()
    return seen
both = threading.Barrier(2)
`);
  for (let round = 0; round < 2; round++) {
    const seen = await Promise.all([go(python), go(python)]);
    // The main thread and these two: those that have ended are forgotten.
    expect(seen).toEqual(Array(2).fill(["import's", false, false, "own", "own", 3]));
  }
});

test("a resolver that is a coroutine waits in a loop of its own, and ends there at its deadline", async () => {
  const python = await pythonWith("", 1_500);
  const both = [python.call("wait", { seconds: 0.05 }), python.call("hello")];
  expect(await Promise.all(both)).toEqual(["waited", "hello"]);
  await expect(python.call("wait", { seconds: 60 })).rejects.toMatchObject({ code: "PUFF_RESOLVER_DEADLINE" });
  expect(await python.call("ended")).toEqual(["wait", "wait"]);
});

test("a greenlet that ends while it stands in line leaves the lock to others", async () => {
  const python = await pythonWith(`
lock = threading.Lock()
def hold():
    with lock: time.sleep(0.3)
def go():
    with lock: return "got it"
`);
  const holding = python.callFunction("schema:hold", [], { deadline: null, signal });
  const gone = python.callFunction("schema:go", [], { deadline: null, signal: AbortSignal.timeout(50) });
  await expect(gone).rejects.toThrow();
  expect(await go(python)).toBe("got it");
  await holding;
});

test("ten thousand greenlets wait at once", async () => {
  const python = await pythonWith(`
from puff._runtime.greenlets import count_spawned, spawn
gate, passed = threading.Event(), []
def wait():
    gate.wait()
    passed.append(1)
def go():
    for _ in range(10_000): spawn(wait)
    while len(gate._cond._waiters) < 10_000: time.sleep(0.01)
    most = count_spawned()
    gate.set()
    while count_spawned() > 0: time.sleep(0.01)
    return [most, len(passed)]
`);
  expect(await go(python)).toEqual([10_000, 10_000]);
});

test("a thread outlives its request, and keeps the memory from being kept while it runs", async () => {
  const python = await pythonWith(`
threading.Thread(target=time.sleep, args=(60,)).start()
def begin():
    threading.Thread(target=lambda: (time.sleep(0.05), ends.append("thread"))).start()
`);
  const message = "a thread that a module started still runs";
  await expect.poll(() => python.logs.map((log) => log.message)).toContainEqual(expect.stringContaining(message));
  await python.callFunction("schema:begin", [], { deadline: 1000, signal });
  await expect.poll(() => python.call("ended")).toEqual(["thread"]);
});

test("a method caller in a cycle of garbage is collected like all else", async () => {
  const python = await pythonWith(`
import gc, operator, pickle
def go():
    call = operator.methodcaller("replace", "a", "b")
    cycle = [call]
    cycle.append(cycle)
    seen = [call("banana"), repr(call), pickle.loads(pickle.dumps(call))("a")]
    del call, cycle
    gc.collect()
    return seen
`);
  expect(await go(python)).toEqual(["bbnbnb", "operator.methodcaller('replace', 'a', 'b')", "b"]);
});
