/** No caller can make a plan that is kept for others from a value that Python saw differently. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RunningServer, startServer } from "../../gateway/index.ts";
import { sharedCache } from "../support/python/python.ts";
import { ask } from "../support/servers/ask.ts";
import { createTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const schema = `from __future__ import annotations
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from puff import graphql
from puff.graphql import Context, Plan, sql


@dataclass
class Item:
    id: int


@dataclass
class Prices:
    above: float | None = None
    above_exactly: Decimal | None = None
    more: graphql.JSON | None = None


@dataclass
class Query:
    @classmethod
    @graphql.pure
    def by_price(cls, ctx: Context, /, above: float | None = None) -> Plan[list[Item]]:
        return sql("SELECT id FROM item WHERE $1::float8 IS NULL OR price > $1 ORDER BY id", above)

    @classmethod
    @graphql.pure
    def by_prices(cls, ctx: Context, /, prices: Prices) -> Plan[list[Item]]:
        return sql("SELECT id FROM item WHERE $1::float8 IS NULL OR price > $1 ORDER BY id", prices.above)

    @classmethod
    @graphql.pure
    def by_json(cls, ctx: Context, /, json: graphql.JSON) -> Plan[list[Item]]:
        above = json["above"]
        return sql("SELECT id FROM item WHERE $1::float8 IS NULL OR price > $1 ORDER BY id", above)

    @classmethod
    @graphql.pure
    def by_list(cls, ctx: Context, /, above: list[float]) -> Plan[list[Item]]:
        return sql("SELECT id FROM item WHERE price > ANY($1) ORDER BY id", above)


@dataclass
class Mutation:
    @classmethod
    @graphql.pure
    def pay(cls, ctx: Context, /, amount: float) -> Plan[str]:
        return sql("INSERT INTO paid VALUES ($1) RETURNING amount::text", amount)

    @classmethod
    @graphql.pure
    def pay_exactly(cls, ctx: Context, /, amount: Decimal) -> Plan[str]:
        return sql("INSERT INTO paid VALUES ($1) RETURNING amount::text", amount)


@dataclass
class Schema:
    query: Query
    mutation: Mutation
`;

let folder: string;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "puff-poisoned-")));
  writeFileSync(join(folder, "poisoned_schema.py"), schema);
  server = await startServer({
    schemas: [{ spec: join(folder, "poisoned_schema.py") }],
    databases: [{ name: "default", url: database.url }],
    cacheFolder: sharedCache,
    environment: {},
    port: 0,
  });
  await run("CREATE TABLE paid (amount numeric)");
  await run("CREATE TABLE item (id int PRIMARY KEY, price float8)");
  await run("INSERT INTO item VALUES (1, 1), (2, 100)");
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
  await database.drop();
});

beforeEach(() => run("TRUNCATE paid"));

async function run(statement: string): Promise<void> {
  await server.app.puff.databases.get("default")?.run(statement);
}

/** `variables`: JSON as a client writes it, since JSON.stringify writes no such numbers. */
async function graphql(query: string, variables = "{}"): Promise<{ data?: unknown; errors?: { message: string }[] }> {
  const body = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
  return JSON.parse((await ask(server, { body })).body);
}

const numbers = ["1e400", "-1e999", "1e309", `1${"0".repeat(400)}`];

test.each(numbers)("%s pays nothing, and later payments are right", async (number) => {
  for (const [query, variables] of [
    ["mutation ($a: Float!) { pay(amount: $a) }", `{"a":${number}}`],
    [`mutation { pay(amount: ${number}) }`, "{}"],
    [`mutation ($a: Float! = ${number}) { pay(amount: $a) }`, "{}"],
  ] as const) {
    const { data, errors } = await graphql(query, variables);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.message).toMatch(/Float cannot represent non/);
  }
  expect(await graphql("mutation { pay(amount: 9.5) }")).toEqual({ data: { pay: "9.5" } });
});

test.each(['"NaN"', '"Infinity"', '"-Infinity"'])("%s is not an amount of a Decimal", async (text) => {
  for (const [query, variables] of [
    ["mutation ($a: Decimal!) { pay_exactly(amount: $a) }", `{"a":${text}}`],
    [`mutation { pay_exactly(amount: ${text}) }`, "{}"],
  ] as const) {
    const { data, errors } = await graphql(query, variables);
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.message).toMatch(/Decimal cannot represent/);
  }
});

test.each(numbers)("%s discloses no rows, to nobody", async (number) => {
  for (const [query, variables] of [
    ["query ($a: Float) { by_price(above: $a) { id } }", `{"a":${number}}`],
    [`{ by_price(above: ${number}) { id } }`, "{}"],
    ["query ($p: Prices!) { by_prices(prices: $p) { id } }", `{"p":{"above":${number}}}`],
    ["query ($a: Float) { by_prices(prices: { above: $a }) { id } }", `{"a":${number}}`],
    [`{ by_prices(prices: { above: ${number} }) { id } }`, "{}"],
    ["query ($p: Prices!) { by_prices(prices: $p) { id } }", `{"p":{"above":50,"more":[${number}]}}`],
    ["query ($j: JSON!) { by_json(json: $j) { id } }", `{"j":{"above":${number}}}`],
    [`{ by_json(json: { above: ${number} }) { id } }`, "{}"],
    ["query ($l: [Float!]!) { by_list(above: $l) { id } }", `{"l":[${number}]}`],
    [`{ by_list(above: [${number}]) { id } }`, "{}"],
  ] as const) {
    const { data, errors } = await graphql(query, variables);
    expect(data ?? null, query).toBeNull();
    expect(errors?.[0]?.message).toMatch(/cannot represent (non|number that no double)/);
  }
  const rest = { data: { it: [{ id: 2 }] } };
  expect(await graphql("{ it: by_price(above: 50.5) { id } }")).toEqual(rest);
  expect(await graphql("{ it: by_prices(prices: { above: 50.5 }) { id } }")).toEqual(rest);
  expect(await graphql("{ it: by_json(json: { above: 50.5 }) { id } }")).toEqual(rest);
  expect(await graphql("{ it: by_list(above: [50.5]) { id } }")).toEqual(rest);
});
