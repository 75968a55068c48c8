/** Starts interpreters on schemas that a test writes. */
import { mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type CallAnswer,
  type CallOptions as FunctionOptions,
  type LogRecord,
  type Python,
  type PythonOptions,
  startPython,
} from "../../../python-bridge/index.ts";
import type { JsonValue, ResolveBatch, ResolveBatchResult } from "../../../schema/index.ts";
import { engineEnvironment, testEngine } from "./engine.ts";

/** Kept between runs: an interpreter starts in 3 s without an image of its memory. */
export const sharedCache = join(import.meta.dirname, "../../../.puff/test-images");

/** A folder of the test's own, with `schema.py` in it, see {@link writeSchema}. */
export function schemaFolder(query: string, module = ""): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-bridge-")));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  writeSchema(folder, query, module);
  return folder;
}

/** Writes a schema whose class Query has this body, with further lines of the module before it. */
export function writeSchema(folder: string, query: string, module = ""): void {
  writeFileSync(join(folder, "schema.py"), `${preamble}\n${module}\n\n@dataclass\nclass Query:\n${query}\n\n${ending}`);
}
const preamble = [
  "import os, random, sys, time",
  "from dataclasses import dataclass",
  "from puff import graphql, host",
  "from puff.graphql import Context",
].join("\n");
const ending = "@dataclass\nclass Schema:\n    query: Query\n";

export interface TestPython extends Omit<Python, "call"> {
  readonly logs: readonly LogRecord[];
  /** {@link Python.call}. */
  callFunction(target: string, args: readonly JsonValue[], options: FunctionOptions): Promise<CallAnswer>;
  /** The value of one resolver without parents. */
  call(field: string, args?: { readonly [name: string]: unknown }, options?: CallOptions): Promise<unknown>;
}

interface CallOptions {
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal;
}

/** Starts Python on a folder's schema; it is closed when the test has finished. */
export async function pythonOn(folder: string, options: Partial<PythonOptions> = {}): Promise<TestPython> {
  const logs: LogRecord[] = [];
  const { environment = {} } = options;
  const python = await startPython({
    engine: testEngine,
    schemas: [{ name: "default", spec: join(folder, "schema.py"), camelCase: false }],
    wsgi: null,
    django: null,
    pythonPath: [folder],
    writable: [],
    workers: 1,
    cacheFolder: sharedCache,
    hostFunctions: new Map(),
    services: new Map(),
    deadline: 5000,
    queueLimit: 10_000,
    retirement: 60_000,
    debugger: false,
    onLog: (record) => logs.push(record),
    ...options,
    environment: { ...engineEnvironment(), ...environment },
  });
  onTestFinished(() => python.close());
  const call: TestPython["call"] = async (field, args = {}, { repeatable = true, signal } = {}) => {
    const answer = await python.resolve(batchOf(field, args, repeatable), signal ?? new AbortController().signal);
    return resultOf(answer);
  };
  return {
    get schemas() {
      return python.schemas;
    },
    get sockets() {
      return python.sockets;
    },
    get files() {
      return python.files;
    },
    get usage() {
      return python.usage;
    },
    resolve: (batch, signal) => python.resolve(batch, signal),
    iterate: (batch, signal) => python.iterate(batch, signal),
    reload: () => python.reload(),
    close: () => python.close(),
    callFunction: (target, args, callOptions) => python.call(target, args, callOptions),
    logs,
    call,
  };
}

function batchOf(field: string, args: object, repeatable = true): ResolveBatch {
  return {
    schema: "default",
    authToken: null,
    headers: null,
    auth: null,
    repeatable,
    // JSON by construction of the tests.
    calls: [{ field: `Query.${field}`, args: args as { [name: string]: never }, parents: "root", selection: null }],
  };
}

function resultOf(answer: ResolveBatchResult): unknown {
  const result = answer.results[0];
  if (result?.kind === "value") {
    return result.value;
  }
  throw new Error(
    result?.kind === "failure" ? `${result.error.type}: ${result.error.message}` : JSON.stringify(answer),
  );
}
