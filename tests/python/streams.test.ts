/** What Python's streams become on their way to the gateway. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ResolveResult } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

test.each<[returned: string, stream: object]>([
  ["graphql.on('c')", { source: "channel", channel: "c", plan: null, live: false, latest: false }],
  [
    "graphql.on('c', graphql.sql('SELECT $1, $2, $3', 5, ctx.event['a'][0], ctx.event), latest=True)",
    { plan: { kind: "sql", params: [[23, "5"], { event: ["a", 0] }, { event: [] }] }, live: false, latest: true },
  ],
  ["graphql.on_notify('n', (..., 'SELECT 1', []))", { source: "notify", channel: "n", plan: { text: "SELECT 1" } }],
  ["graphql.live(graphql.sql('SELECT 1'), on='c')", { source: "channel", channel: "c", live: true, latest: true }],
  ["graphql.live(graphql.sql('SELECT 1'), on_notify='n')", { source: "notify", channel: "n", live: true }],
])("%s", async (returned, stream) => {
  expect(await resultOf(returned)).toMatchObject({ kind: "stream", ...stream });
});

test.each([
  ["graphql.on('')", "the name of a channel is a str, not ''"],
  ["graphql.on(5)", "the name of a channel is a str, not 5"],
  ["graphql.on('c', 5)", "a stream answers with a plan, such as sql(…), not with a int"],
  ["graphql.on('c', graphql.sql('SELECT 1').on(id='id'))", "the plan of a stream has no parents, so it has no .on(…)"],
  ["graphql.live(None, on='c')", "live() needs a query, such as sql(…)"],
  ["graphql.live(graphql.sql('SELECT 1'))", 'live() needs one channel: on="…" or on_notify="…"'],
  ["graphql.live(graphql.sql('SELECT 1'), on='a', on_notify='b')", 'live() needs one channel: on="…" or on_notify="…"'],
  [
    "graphql.live(graphql.sql('SELECT $1', ctx.event['id']), on='c')",
    "ctx.event is for the plan that graphql.on(…) or graphql.on_notify(…) is given, and no other",
  ],
  [
    "1 if ctx.event['id'] else 2",
    "ctx.event['id'] has no value while the resolver runs, once for all events: it can only be a parameter of a plan",
  ],
  [
    "list(ctx.event)",
    "ctx.event has no value while the resolver runs, once for all events: it can only be a parameter of a plan",
  ],
  [
    "graphql.on('c', graphql.sql('SELECT $1', ctx.event[None]))",
    "a part of an event is named by a key or an index, not by None",
  ],
])("%s fails", async (returned, message) => {
  expect(await resultOf(returned)).toMatchObject({ kind: "failure", error: { code: "PUFF_PLAN_INVALID", message } });
});

test.each([
  ["graphql.on('c')", "Query.it returned a stream, which only a field of the subscription can"],
  [
    "sql('SELECT $1', ctx.event)",
    "ctx.event is for the plan that graphql.on(…) or graphql.on_notify(…) is given, and no other",
  ],
])("a query that returns %s fails", async (returned, message) => {
  await python.loadIt(`return ${returned}`);
  expect(await python.resolve("Query.it")).toMatchObject({ kind: "failure", error: { message } });
});

async function resultOf(returned: string): Promise<ResolveResult> {
  await python.description(`${prelude}
@dataclass
class Query:
    @classmethod
    def q(cls, ctx: Context, /) -> int: ...
@dataclass
class Subscription:
    @classmethod
    def s(cls, ctx: Context, /) -> graphql.Stream[int]: return ${returned}
@dataclass
class Schema:
    query: Query
    subscription: Subscription
`);
  return python.resolve("Subscription.s");
}
