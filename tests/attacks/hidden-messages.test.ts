/** In production no road shows a client the message of an error that is not safe: over HTTP, event streams, WebSockets. */
import { pino } from "pino";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Planner } from "../../planner/index.ts";
import { PuffError } from "../../schema/index.ts";
import { ask } from "../support/servers/ask.ts";
import { planner, startReferenceServer } from "../support/servers/http.ts";
import { TestSocket } from "../support/servers/socket.ts";

const unsafe = () => new PuffError("PUFF_DATABASE_UNAVAILABLE", "secret", { place: "postgres://secret@host" });
const stranger = () => new Error("secret");
const safe = () => new PuffError("PUFF_EVENTS_LOST", "events were lost");

/** What the next operation fails with, and whether once it is open. */
let failing: { readonly error: () => Error; readonly open: boolean } = { error: safe, open: false };

const failingPlanner: Planner = {
  ...planner,
  execute: () => Promise.reject(failing.error()),
  async subscribe() {
    if (!failing.open) {
      throw failing.error();
    }
    const answers: AsyncIterableIterator<never> = {
      next: () => Promise.reject(failing.error()),
      return: async () => ({ done: true, value: undefined }),
      [Symbol.asyncIterator]: () => answers,
    };
    return { kind: "stream", answers };
  },
};

const logged: string[] = [];
const server = await startReferenceServer(
  {
    apis: [
      { url: "/graphql", playgroundUrl: null, subscriptionsUrl: null, planner: () => failingPlanner, explain: null },
    ],
  },
  { signals: false, logger: pino({ level: "error" }, { write: (line: string) => void logged.push(line) }) },
);
afterAll(() => server.close());
beforeEach(() => {
  logged.length = 0;
});

const roads: { readonly [road: string]: (query: string) => Promise<string> } = {
  http: async (query) => (await ask(server, { body: { query } })).body,
  "event stream": async (query) => {
    const headers = { accept: "text/event-stream", "content-type": "application/json" };
    const response = await fetch(`${server.url}/graphql`, { method: "POST", headers, body: JSON.stringify({ query }) });
    return await response.text();
  },
  websocket: async (query) => {
    const socket = new TestSocket(`${server.url}/graphql`);
    await socket.connected();
    socket.subscribe("1", query);
    await socket.until(({ messages }) => messages.length > 1);
    socket.socket.close();
    return JSON.stringify(socket.messages[1]);
  },
};

const operations = [
  ["http", "{ hello }", false],
  ["event stream", "{ hello }", false],
  ["event stream", "subscription { silence }", false],
  ["event stream", "subscription { silence }", true],
  ["websocket", "{ hello }", false],
  ["websocket", "subscription { silence }", false],
  ["websocket", "subscription { silence }", true],
] as const;

test.each(operations)("by %s, %s, open: %s", async (road, query, open) => {
  for (const error of [unsafe, stranger]) {
    failing = { error, open };
    const answer = await roads[road]?.(query);
    expect(answer).toMatch(/PUFF_[A-Z]+/);
    expect(answer).not.toContain("secret");
    expect(logged.join()).toContain("secret"); // for the operator
    logged.length = 0;
  }
  failing = { error: safe, open };
  expect(await roads[road]?.(query)).toContain("events were lost");
});
