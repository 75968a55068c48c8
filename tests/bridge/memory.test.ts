/** Memory that Python took is given back: WebAssembly itself never shrinks. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { PythonOptions } from "../../python-bridge/index.ts";
import { pythonOn, schemaFolder, type TestPython } from "../support/python/python.ts";

const query = `
    @classmethod
    def take(cls, ctx: Context, /, mebibytes: int) -> int:
        taken.append(mebibytes)
        return len(bytearray(mebibytes << 20))
    @classmethod
    def grow(cls, ctx: Context, /, mebibytes: int) -> int:
        taken.append(mebibytes)
        file = os.open(__file__, os.O_RDONLY)
        try:
            return len(os.read(file, mebibytes << 20)) # has the memory, and writes to little of it
        finally:
            os.close(file)
    @classmethod
    def taken(cls, ctx: Context, /) -> int:
        return len(taken)
    @classmethod
    def wait(cls, ctx: Context, /, n: int) -> int:
        return host.call("wait", n)
`;
const megabyte = 2 ** 20;

/** With a host function that `wait` calls. */
async function start(wait: (n: number) => Promise<number>, options: Partial<PythonOptions> = {}): Promise<TestPython> {
  return await pythonOn(schemaFolder(query, "taken: list[int] = []"), {
    hostFunctions: new Map([["wait", (n) => wait(Number(n))]]),
    deadline: 60_000, // a gigabyte takes its time
    ...options,
  });
}

/** Resolves when this many interpreters have been replaced because of their memory. */
async function replacements(python: TestPython, count: number): Promise<void> {
  await expect.poll(() => python.usage.replaced.memory, { timeout: 30_000 }).toBe(count);
}

test("an interpreter past 1 GB ends its calls and is replaced, and no call is lost", async () => {
  const end = Promise.withResolvers<void>();
  const python = await start((n) => end.promise.then(() => n));
  const waiting = python.call("wait", { n: 1 }, { repeatable: false });
  await python.call("grow", { mebibytes: 300 });
  await python.call("grow", { mebibytes: 1100 });
  expect(await python.call("taken")).toBe(2);
  // Its successor serves, and it goes on.
  await expect.poll(() => python.call("taken"), { timeout: 30_000 }).toBe(0);
  expect(python.usage.memory.size).toBe(2);
  end.resolve();
  expect(await waiting).toBe(1);
  await replacements(python, 1);
  expect(python.logs.map(({ message }) => message).join()).toMatch(/its memory had grown to 1\d{3} MB/);
  expect(python.usage.memory.size).toBe(1);
});

test("its memory goes back to the system, again and again", async () => {
  const python = await start(async (n) => n);
  const before = process.memoryUsage.rss();
  for (const round of [1, 2]) {
    await python.call("take", { mebibytes: 1100 });
    expect([...python.usage.memory.values()][0]).toBeGreaterThan(1100 * megabyte);
    await replacements(python, round);
    await expect.poll(() => process.memoryUsage.rss() - before, { timeout: 10_000 }).toBeLessThan(400 * megabyte);
    expect(Math.max(...python.usage.memory.values())).toBeLessThan(300 * megabyte);
  }
  expect(python.usage.replaced).toEqual({ death: 0, memory: 2 });
});

test("the only interpreter is replaced under unbroken load, and no call fails", async () => {
  const python = await start((n) => sleep(20, n));
  const loads = new AbortController();
  let served = 0;
  // At any time two of the three wait.
  const clients = [0, 1, 2].map(async (client) => {
    for (let n = client; !loads.signal.aborted; n += 3) {
      expect(await python.call("wait", { n }, { repeatable: false })).toBe(n);
      served++;
    }
  });
  await python.call("grow", { mebibytes: 1100 });
  await replacements(python, 1);
  const servedBefore = served;
  await expect.poll(() => served, { timeout: 10_000 }).toBeGreaterThan(servedBefore + 10);
  loads.abort();
  await Promise.all(clients);
  expect(await python.call("taken")).toBe(0);
});

test("of several, one after the other is replaced", async () => {
  const python = await start((n) => sleep(20, n), { workers: 2 });
  await expect.poll(() => python.usage.memory.size, { timeout: 30_000 }).toBe(2);
  // Both have the same room, and get one each.
  await Promise.all([python.call("grow", { mebibytes: 1100 }), python.call("grow", { mebibytes: 1101 })]);
  let most = 0;
  await expect
    .poll(
      () => {
        most = Math.max(most, python.usage.memory.size);
        return python.usage.replaced.memory;
      },
      { timeout: 30_000, interval: 5 },
    )
    .toBe(2);
  expect(most).toBeLessThanOrEqual(3);
  expect(python.usage.memory.size).toBe(2);
});

test("a call that goes on for too long does not keep the memory", async () => {
  const python = await start(() => new Promise(() => {}), { retirement: 500 });
  const waiting = python.call("wait", { n: 1 }, { repeatable: false });
  const ended = expect(waiting).rejects.toMatchObject({ code: "PUFF_INTERPRETER_DIED" });
  await python.call("grow", { mebibytes: 1100 });
  await replacements(python, 1);
  await ended;
  expect(await python.call("taken")).toBe(0);
});

test.runIf(process.platform === "linux")("a call leaves no addresses taken", async () => {
  const python = await start(async (n) => n);
  const calls = 500;
  const before = addressSpace();
  for (let call = 0; call < calls; call++) {
    await python.call("taken");
  }
  expect((addressSpace() - before) / calls).toBeLessThan(megabyte);
});

/** Bytes of addresses that this process has taken, whether or not there is memory behind them. */
function addressSpace(): number {
  const [, kilobytes] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
