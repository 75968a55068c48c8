/** Columns of any type answer a scalar's field with a value of that scalar, or with an error. */
import { describe, expect, test } from "vitest";
import { type Answer, sketchPlanner, sql } from "./support/planner.ts";
import { ownDatabase } from "./support/postgres.ts";

const database = await ownDatabase(`
  CREATE TYPE feeling AS ENUM ('ok', 'so sad');
  CREATE DOMAIN flag AS boolean;
  CREATE DOMAIN doc AS jsonb;
`);

/** The value of a column of a field's type, fused with another layer and not; also as a list's and as TypeScript's. */
async function answersOf(type: string, expression: string, settings: { readonly [name: string]: string } = {}) {
  const answers: Answer[] = [];
  for (const fuse of [true, false]) {
    const planner = sketchPlanner({
      types: { Query: { rows: "[Row!]!" }, Row: { id: "Int", value: type, again: "[Row!]!" } },
      resolvers: {
        "Query.rows": () => sql(`SELECT 1 AS id, ${expression} AS value`),
        "Row.again": () =>
          sql(`SELECT i AS id, ${expression} AS value FROM unnest($1::int[]) AS i`, {
            params: [{ parent: "id" }],
            parentKeys: ["id"],
            childKeys: ["id"],
          }),
      },
      pgSettings: () => settings,
      database,
      fuse,
    });
    answers.push(await planner.run("{ rows { value again { value } } }"), await planner.run("{ rows { value } }"));
  }
  return answers;
}

/** Expects one value everywhere. */
async function expectValue(type: string, expression: string, value: unknown, settings = {}) {
  const [first, alone, layered] = await answersOf(type, expression, settings);
  expect([first, layered]).toMatchObject(Array(2).fill({ data: { rows: [{ value, again: [{ value }] }] } }));
  expect(alone).toMatchObject({ data: { rows: [{ value }] } });
}

async function expectInvalid(type: string, expression: string) {
  for (const { data, errors = [] } of await answersOf(type, expression)) {
    expect(data).toMatchObject({ rows: [{ value: null }] });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(errors.map(() => "PUFF_VALUE_INVALID"));
    expect(errors).not.toEqual([]);
  }
}

describe("a column that is no value of the field's scalar is an error", () => {
  test.each([
    ["UUID", "'nonsense'"],
    ["UUID", "1"],
    ["Date", "'2024-05-01 12:30:00+00'::timestamptz"],
    ["Date", "'2024-05-01 12:30:00'::timestamp"],
    ["Date", "'2024-13-01'"],
    ["DateTime", "'12:30'::time"],
    ["DateTime", "'soon'"],
    ["DateTime", "1714566600"],
    ["Time", "'2024-05-01 12:30:00+00'::timestamptz"],
    ["Time", "'1 day'::interval"],
    ["Duration", "'12:30'::time"],
    ["Duration", "'1 day'"],
    ["Bytes", "'aGVsbG8='"],
    ["Decimal", "'12,50'"],
    ["BigInt", "1.5"],
    ["Boolean", "'t'"],
    ["UUID", `'["nonsense"]'::jsonb -> 0`],
    ["Date", `'["2024-05-01T12:30:00"]'::jsonb -> 0`],
    ["DateTime", `'["soon"]'::jsonb -> 0`],
  ])("%s of %s", expectInvalid);
});

describe("a column that can be a value of the field's scalar is one", () => {
  test.each([
    ["DateTime", "'2024-05-01'::date", "2024-05-01T00:00:00"],
    ["DateTime", "'2024-05-01 14:30:00+02'", "2024-05-01T12:30:00Z"],
    ["DateTime", `'["2024-05-01T14:30:00.5+02:00"]'::jsonb -> 0`, "2024-05-01T12:30:00.5Z"],
    ["DateTime", "'infinity'::timestamptz", "infinity"],
    ["DateTime", "'0044-03-15 12:00:00+00 BC'::timestamptz", "0044-03-15T12:00:00Z BC"],
    ["DateTime", "'0044-03-15 12:00:00 BC'::timestamp", "0044-03-15T12:00:00 BC"],
    ["DateTime", "'12024-03-15 12:00:00+00'::timestamptz", "12024-03-15T12:00:00Z"],
    ["DateTime", "'12024-03-15 12:00:00.5'::timestamp", "12024-03-15T12:00:00.5"],
    ["Date", "'0044-03-15 BC'::date", "0044-03-15 BC"],
    ["Date", "'2024-05-01'", "2024-05-01"],
    ["Time", "'12:30+05:30'::timetz", "12:30:00+05:30"],
    ["UUID", "'1b671a64-40d5-491e-99b0-da01ff1f3341'", "1b671a64-40d5-491e-99b0-da01ff1f3341"],
    ["Duration", "'-1 day 00:00:00.5'::interval", "P-1DT0.5S"],
  ])("%s of %s", (type, expression, value) => expectValue(type, expression, value));
});

test.each([
  ["Europe/Berlin", "2024-05-01 12:30+00", "2024-05-01T12:30:00Z"],
  ["Asia/Kolkata", "2024-01-01 00:00:00.25+00", "2024-01-01T00:00:00.25Z"],
  ["Europe/Berlin", "1850-01-01 00:00+00", "1850-01-01T00:00:00Z"],
  ["America/New_York", "0001-01-01 00:00+00", "0001-01-01T00:00:00Z"],
])("moments are in UTC where pg_settings has the time zone %s", async (zone, moment, value) => {
  await expectValue("DateTime", `'${moment}'::timestamptz`, value, { TimeZone: zone });
  await expectValue("[DateTime]", `ARRAY['${moment}'::timestamptz]`, [value], { timezone: zone });
});
