import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import type { OperationResponse, Planner } from "../../../planner/index.ts";
import { RequestDocuments } from "../documents/request-documents.ts";
import { Origins } from "../guard/origins.ts";
import { Subscribers } from "../sockets/subscribers.ts";
import { handleRequest } from "./handler.ts";

const request = { method: "GET", search: "query={items}", headers: {}, body: null };

/** Answers with these parts. */
function plannerOf(parts: (signal: AbortSignal) => AsyncIterable<Buffer>): Planner {
  return {
    schema: undefined as never, // not asked for here
    prepare: () => ({ kind: "operation", operation: { type: "query", name: null } }),
    execute: async (_operation, _variables, _caller, { signal }): Promise<OperationResponse> => ({
      body: Buffer.from('{"data":{"items":['),
      rest: parts(signal),
      executed: true,
      status: 200,
      headers: {},
    }),
    authenticate: async (caller) => ({ kind: "caller", caller, expires: null }),
    subscribe: () => Promise.reject(new Error("not asked for here")),
  };
}

const subscribers = new Subscribers(1, 25);
const documents = new RequestDocuments({ persistedBytes: null });
const limits = { documents, subscribers, queueLimit: 1000, origins: new Origins([]), report: () => undefined };

test("an answer whose rest takes too long breaks off at the deadline", async () => {
  const abort = new AbortController();
  const planner = plannerOf(async function* (signal) {
    yield Buffer.from("1");
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  });
  const { status, rest } = await handleRequest(request, { planner, page: null, deadline: 20, ...limits }, abort);
  expect(status).toBe(200);
  await expect(text(rest ?? Readable.from([]))).rejects.toThrow("the request took longer than 0.02 s");
});

test("a rest that came to its end leaves no deadline behind", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const planner = plannerOf(async function* () {
    yield Buffer.from("1]}}");
  });
  const { rest } = await handleRequest(
    request,
    { planner, page: null, deadline: 20, ...limits },
    new AbortController(),
  );
  expect(vi.getTimerCount()).toBe(1);
  expect(await text(rest ?? Readable.from([]))).toEqual("1]}}");
  expect(vi.getTimerCount()).toBe(0);
});
