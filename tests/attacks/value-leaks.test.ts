/** In production a client learns nothing of a row's value that does not fit its field. */
import { expect, test } from "vitest";
import type { JsonValue, ResolveResult } from "../../schema/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase();

const masked = { message: "The value does not fit the field's type", extensions: { code: "PUFF_VALUE_INVALID" } };

const json = (j: JsonValue): ResolveResult => ({ kind: "value", value: { j }, parentKeys: [], childKeys: [] });

/** Fields' types and what they get: of a column, of JSON and of Python. All of it has 4711 in it. */
type Case = readonly [type: string, plan: () => ResolveResult];
const scalars = ["Int", "Float", "Boolean", "BigInt", "UUID", "Date", "DateTime", "Time", "Duration", "Bytes"];
const unfit: readonly Case[] = [
  ...scalars.flatMap((type): Case[] => [
    [type, () => sql("SELECT 'x4711'::text AS value FROM generate_series(1, 3)")],
    [type, () => sql(`SELECT '"x4711"'::jsonb AS value FROM generate_series(1, 3)`)],
    [type, () => json(["x4711", { x: "4711" }, "4711x"])],
  ]),
  ["Int", () => sql("SELECT 12.4711 AS value FROM generate_series(1, 3)")],
  ["Int", () => sql("SELECT 47110000000000 AS value FROM generate_series(1, 3)")],
  ["String", () => json([{ secret: 4711 }, [4711], { x: "4711" }])],
];

test.each(unfit)("%s of %s", async (type, plan) => {
  const ask = async (maskErrors: boolean) => {
    const sketch = { types: { Query: { value: `[${type}]` } }, resolvers: { "Query.value": plan }, database };
    const { run, reported } = sketchPlanner({ ...sketch, maskErrors });
    return { answer: await run("{ value }"), reported };
  };
  const { answer, reported } = await ask(true);
  expect(answer).toMatchObject({ data: { value: [null, null, null] }, errors: [masked, masked, masked] });
  expect(JSON.stringify(answer)).not.toContain("4711");
  expect(reported.map(({ code }) => code)).toEqual(["PUFF_VALUE_INVALID"]); // once for the field
  expect(reported[0]?.message).toContain("4711");
  const { answer: shown } = await ask(false);
  expect(shown.errors?.[0]?.message).toContain("4711");
});

test("a client's own argument is shown", async () => {
  const { run } = sketchPlanner({
    types: { Query: { value: "Int" } },
    args: { "Query.value": { when: "Date" } },
    resolvers: { "Query.value": () => json(1) },
    database,
    maskErrors: true,
  });
  const { errors } = await run("query ($when: Date) { value(when: $when) }", { when: "4711" });
  expect(errors?.[0]?.message).toContain("4711");
});
