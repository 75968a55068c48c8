/** What waiting costs in one interpreter: many greenlets asleep, a call of a service, a thread. `npm run bench greenlets` */
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type HostService, startPython } from "../python-bridge/index.ts";
import { writeReport } from "./report.ts";

const rounds = 5;
const module = `
import asyncio, threading, time
from dataclasses import dataclass
from puff._runtime.greenlets import spawn
from puff._runtime.services import call
from puff.graphql import Context

@dataclass
class Query:
    @classmethod
    def hello(cls, ctx: Context, /) -> str:
        return "hello"

@dataclass
class Schema:
    query: Query

async def nothing(): pass

def timed(count, work):
    begin = time.perf_counter()
    for _ in range(count): work()
    return (time.perf_counter() - begin) / count * 1e6

def asleep(count):
    left = threading.Semaphore(0)
    def sleeper():
        time.sleep(1)
        left.release()
    begin = time.perf_counter()
    for _ in range(count): spawn(sleeper)
    for _ in range(count): left.acquire()
    return (time.perf_counter() - begin) * 1e6

def figures():
    megabyte = bytes(1_000_000)
    return [
        asleep(10_000),
        timed(1000, lambda: call("echo", "echo", "text")),
        timed(100, lambda: call("echo", "echo", buffers=[megabyte])),
        timed(1000, lambda: time.sleep(0)),
        timed(500, lambda: threading.Thread(target=int).start()),
        timed(500, lambda: asyncio.run(nothing())),
    ]
`;
const titles = [
  "10,000 greenlets sleep for a second, until the last has ended",
  "a call of a service, one after another",
  "a call of a service with 1 MB there and back",
  "letting others go on, `time.sleep(0)`",
  "starting a thread",
  "`asyncio.run` of a coroutine that does nothing",
];
const echo: HostService = {
  open: () => ({ call: async (_method, args, buffers) => ({ value: args, buffers }), close: () => {} }),
};

const folder = mkdtempSync(join(tmpdir(), "puff-greenlets-"));
try {
  writeFileSync(join(folder, "schema.py"), module);
  const all = await measure();
  writeReport({
    name: "greenlets",
    title: "Greenlets: what waiting costs (medians)",
    columns: ["figure", "measured"],
    rows: titles.map((title, index) => [title, show(median(all.map((figures) => figures[index] ?? 0)))]),
  });
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<number[][]> {
  const python = await startPython({
    engine: { kind: "pyodide" },
    ...{ wsgi: null, django: null, writable: [], pythonPath: [folder], workers: 1, cacheFolder: folder },
    schemas: [{ name: "default", spec: join(folder, "schema.py"), camelCase: false }],
    ...{ environment: {}, hostFunctions: new Map(), services: new Map([["echo", echo]]) },
    ...{ deadline: 10_000, queueLimit: 100, retirement: 60_000, debugger: false, onLog: () => {} },
  });
  const all: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const { value } = await python.call("schema:figures", [], { deadline: null, signal: new AbortController().signal });
    all.push(value as number[]); // as the module above gives them
  }
  await python.close();
  return all;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function show(microseconds: number): string {
  return microseconds < 10_000 ? `${microseconds.toFixed(0)} µs` : `${(microseconds / 1e6).toFixed(2)} s`;
}
