/** Numbers that a double rounds keep their digits on every road: HTTP, event streams, WebSockets, in process. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";
import { TestSocket } from "../support/servers/socket.ts";

const schema = `
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from puff import graphql
from puff.graphql import Context, Plan, Stream, global_graphql, sql

@dataclass
class Numbers:
    big: graphql.BigInt
    price: Decimal
    rest: graphql.JSON

def numbers(big, price, rest):
    return sql("SELECT $1 AS big, $2 AS price, $3 AS rest", big, price, rest)

@dataclass
class Subscription:
    @classmethod
    def plan(cls, ctx: Context, /, big: graphql.BigInt, price: Decimal, rest: graphql.JSON) -> Stream[Numbers]:
        return graphql.live(numbers(big, price, rest), on_notify="numbers")

    @classmethod
    def value(cls, ctx: Context, /, big: graphql.BigInt, price: Decimal) -> Iterator[Numbers]:
        yield Numbers(big, price, [big])

    @classmethod
    def events(cls, ctx: Context, /) -> Stream[Numbers]:
        return graphql.on_notify("numbers", numbers(ctx.event["big"], ctx.event["price"], ctx.event["rest"]))

@dataclass
class Query:
    @classmethod
    def plan(cls, ctx: Context, /, big: graphql.BigInt, price: Decimal, rest: graphql.JSON) -> Plan[Numbers]:
        return numbers(big, price, rest)

    @classmethod
    def value(cls, ctx: Context, /, big: graphql.BigInt, price: Decimal) -> Numbers:
        return Numbers(big, price, [big])

    @classmethod
    def in_process(cls, ctx: Context, /, query: str, variables: str) -> graphql.JSON:
        return global_graphql.query(query, json.loads(variables))

@dataclass
class Schema:
    query: Query
    subscription: Subscription
`;
const big = "9007199254740993";
const price = "12345678901234567890.123456789012345678900";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-numbers-")));
writeFileSync(join(folder, "schema.py"), schema);
const database = await createTestDatabase();
const server = await startServer({
  schemas: [{ spec: join(folder, "schema.py") }],
  databases: [{ name: "default", url: database.url }],
  cacheFolder: sharedCache,
  environment: {},
  port: 0,
});
afterAll(async () => {
  await server.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

const declared = { plan: "$big: BigInt!, $price: Decimal!, $rest: JSON!", value: "$big: BigInt!, $price: Decimal!" };
const operations = {
  plan: `(${declared.plan}) { plan(big: $big, price: $price, rest: $rest) { big price rest } }`,
  value: `(${declared.value}) { value(big: $big, price: $price) { big price rest } }`,
};
const answers = {
  plan: `{"plan":{"big":"${big}","price":"${price}","rest":[${big}, ${price}]}}`, // as Postgres writes jsonb
  value: `{"value":{"big":"${big}","price":"${price}","rest":[${big}]}}`,
};
/** Numbers as numbers of JSON, and as strings. */
const variables = {
  plan: [
    `{"big":${big},"price":${price},"rest":[${big},${price}]}`,
    `{"big":"${big}","price":"${price}","rest":[${big},${price}]}`,
  ],
  value: [`{"big":${big},"price":${price}}`, `{"big":"${big}","price":"${price}"}`],
};
const cases = (["plan", "value"] as const).flatMap((field) => variables[field].map((given) => [field, given] as const));

/** JSON of a request, written by hand: JSON.stringify would round. */
const request = (document: string, given: string) => `{"query":${JSON.stringify(document)},"variables":${given}}`;

async function post(document: string, given: string, accept = "application/json"): Promise<Response> {
  const headers = { accept, "content-type": "application/json" };
  return await fetch(`${server.url}/graphql`, { method: "POST", headers, body: request(document, given) });
}

/** The texts of the messages that answer an operation, as they come. */
async function open(document: string, given: string): Promise<readonly string[]> {
  const socket = await new TestSocket(`${server.url}/graphql`).connected();
  onTestFinished(() => socket.socket.terminate());
  const texts: string[] = [];
  socket.socket.on("message", (data) => texts.push(String(data)));
  socket.send(`{"id":"1","type":"subscribe","payload":${request(document, given)}}`);
  return texts;
}

test.each(cases)("of a %s over HTTP, sent as %s", async (field, given) => {
  const answer = await post(`query ${operations[field]}`, given);
  expect(await answer.text()).toBe(`{"data":${answers[field]}}`);
});

test.each(cases)("of a %s over a WebSocket, sent as %s", async (field, given) => {
  const texts = await open(`query ${operations[field]}`, given);
  await expect
    .poll(() => texts[0], { timeout: 10_000 })
    .toBe(`{"id":"1","type":"next","payload":{"data":${answers[field]}}}`);
});

test.each(cases)("of a %s that a WebSocket subscribes to, sent as %s", async (field, given) => {
  const texts = await open(`subscription ${operations[field]}`, given);
  await expect
    .poll(() => texts[0], { timeout: 10_000 })
    .toBe(`{"id":"1","type":"next","payload":{"data":${answers[field]}}}`);
});

test.each(cases)("of a %s that an event stream brings, sent as %s", async (field, given) => {
  const response = await post(`subscription ${operations[field]}`, given, "text/event-stream");
  let text = "";
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    if (text.includes("data:")) {
      break;
    }
  }
  expect(text).toContain(`data: {"data":${answers[field]}}\n`);
});

test("of an event that Postgres notifies of", async () => {
  const texts = await open("subscription { events { big price rest } }", "{}");
  const notifier = await openTestDatabase(database.url);
  onTestFinished(() => notifier.close());
  const notified = async () => {
    await notifier.run(`SELECT pg_notify('numbers', '${variables.plan[0]}')`);
    return texts[0];
  };
  const data = answers.plan.replace("plan", "events").replace(", ", ",");
  await expect.poll(notified, { timeout: 10_000 }).toBe(`{"id":"1","type":"next","payload":{"data":${data}}}`);
});

/** Fractions in JSON are Python's floats, as `json.loads` reads them. */
test.each(cases)("of a %s in process, sent as %s", async (field, given) => {
  const document = "query ($query: String!, $variables: String!) { in_process(query: $query, variables: $variables) }";
  const sent = given.replace(`"price":${price}`, `"price":"${price}"`).replace(`,${price}`, "");
  const body = { query: document, variables: { query: `query ${operations[field]}`, variables: sent } };
  const answer = await ask(server, { body });
  const data = answers[field].replace(`, ${price}`, "");
  expect(answer.body.replace(/\s/g, "")).toBe(`{"data":{"in_process":{"data":${data}}}}`);
});
