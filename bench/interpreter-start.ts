/**
 * How long interpreters take to start: without an image of their memory, with one, after a change of the schema, and
 * after one has died; what a call costs, and the process's memory. `npm run bench interpreter-start`
 */
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Python, startPython } from "../python-bridge/index.ts";
import { writeReport } from "./report.ts";

const rounds = 5;
const concurrentCalls = 1000;
const schema = `
import os
from dataclasses import dataclass
from puff import host
from puff.graphql import Context, Plan, sql

@dataclass
class Post:
    id: int
    title: str

@dataclass
class Query:
    @classmethod
    def posts(cls, ctx: Context, /, limit: int = 20) -> Plan[list[Post]]:
        return sql("SELECT id, title FROM post ORDER BY id LIMIT $1", limit)

    @classmethod
    def wait(cls, ctx: Context, /) -> int:
        return host.call("wait")

    @classmethod
    def die(cls, ctx: Context, /) -> int:
        os.abort()

@dataclass
class Schema:
    query: Query
`;

const [, , restingIn] = process.argv;
const folder = restingIn ?? mkdtempSync(join(tmpdir(), "puff-interpreters-"));
const cacheFolder = join(folder, "images");
const schemaFile = join(folder, "schema.py");

if (restingIn === undefined) {
  try {
    writeFileSync(schemaFile, schema);
    await measure();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
} else {
  await rest();
}

async function measure(): Promise<void> {
  const cold = await timeStart();
  const images: number[] = [];
  for (let round = 0; round < rounds; round++) {
    images.push(await timeStart());
  }
  // In a process of its own, since ended interpreters leave memory behind that is used again but not given back.
  const memory = execFileSync(process.execPath, [import.meta.filename, folder], { encoding: "utf8" }).trim();

  const python = await started();
  await call(python, "posts");
  const replacement = await timed(async () => {
    // The first answer that its successor gives.
    const died = call(python, "die", false).catch(() => {});
    await Promise.all([died, call(python, "posts")]);
  }, rounds);
  const reload = await timed(async () => {
    appendFileSync(schemaFile, "\n");
    await python.reload();
    await call(python, "posts");
  }, rounds);
  const calls = await timed(() => callMany(python, "posts"), 2 * rounds);
  const waits = await timed(() => callMany(python, "wait"), 2 * rounds);
  await python.close();

  writeReport({
    name: "interpreter-start",
    title: "Interpreters: start, replacement, calls (medians)",
    columns: ["figure", "measured"],
    rows: [
      ["start without any image, and a first call", milliseconds(cold)],
      ["start from an image, and a first call", milliseconds(median(images))],
      ["an interpreter dies: until its successor's first answer", milliseconds(replacement)],
      ["the schema has changed: reload, and a first call", milliseconds(reload)],
      [`a call for a plan, ${concurrentCalls} at once`, microseconds(calls)],
      [`a call that waits for a host function, ${concurrentCalls} at once`, microseconds(waits)],
      ["RSS of a process with one interpreter, at rest", `${memory} MB`],
    ],
  });
}

/** Prints this process's memory with one interpreter that has nothing to do, in megabytes. */
async function rest(): Promise<void> {
  const python = await started();
  await call(python, "posts");
  await sleep(2000);
  console.log(residentMegabytes());
  await python.close();
}

async function started(): Promise<Python> {
  return startPython({
    engine: { kind: "pyodide" },
    wsgi: null,
    django: null,
    writable: [],
    schemas: [{ name: "default", spec: schemaFile, camelCase: false }],
    pythonPath: [folder],
    workers: 1,
    cacheFolder,
    environment: {},
    hostFunctions: new Map([["wait", () => sleep(1, 1)]]),
    services: new Map(),
    deadline: 10_000,
    queueLimit: 2 * concurrentCalls,
    retirement: 60_000,
    debugger: false,
    onLog: () => {},
  });
}

/** Milliseconds from nothing to the first answer. */
async function timeStart(): Promise<number> {
  const begin = performance.now();
  const python = await started();
  await call(python, "posts");
  const time = performance.now() - begin;
  // The next start is to find the image that this one makes.
  await sleep(1000);
  await python.close();
  return time;
}

function call(python: Python, field: string, repeatable = true): Promise<unknown> {
  const calls = [{ field: `Query.${field}`, args: {}, parents: "root" as const, selection: null }];
  const batch = { schema: "default", authToken: null, headers: null, auth: null, calls, repeatable };
  return python.resolve(batch, new AbortController().signal);
}

function callMany(python: Python, field: string): Promise<unknown> {
  return Promise.all(Array.from({ length: concurrentCalls }, () => call(python, field)));
}

/** Median of the rounds, milliseconds. */
async function timed(act: () => Promise<unknown>, times: number): Promise<number> {
  const measured: number[] = [];
  for (let round = 0; round < times; round++) {
    const begin = performance.now();
    await act();
    measured.push(performance.now() - begin);
  }
  return median(measured);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

function residentMegabytes(): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

function milliseconds(time: number): string {
  return `${Math.round(time)} ms`;
}

function microseconds(time: number): string {
  return `${Math.round((time / concurrentCalls) * 1000)} µs`;
}
