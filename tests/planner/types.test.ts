/** Columns of any type answer a scalar's field with a value of that scalar, or with an error. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Answer, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TYPE feeling AS ENUM ('ok', 'so sad');
  CREATE DOMAIN flag AS boolean;
  CREATE DOMAIN doc AS jsonb;
  CREATE DOMAIN flags AS flag[];
  CREATE TYPE thing AS (id int, label text, big bigint, flags flag[]);
  CREATE TYPE inside AS (big bigint, at timestamptz);
  CREATE TYPE outside AS (name text, inner_ inside, inners inside[]);
  ALTER TYPE outside RENAME ATTRIBUTE inner_ TO "inner";
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

describe("a column that is not a value of the field's scalar is an error", () => {
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

describe("types that a database has of its own", () => {
  test.each([
    ["[String]", "ARRAY['ok', 'so sad']::feeling[]", ["ok", "so sad"]],
    ["[Boolean]", "ARRAY[true, NULL, false]::flag[]", [true, null, false]],
    ["[Boolean]", "ARRAY[true, false]::flags", [true, false]],
    ["[JSON]", `ARRAY['{"a": 1.50}'::doc]`, [{ a: 1.5 }]],
    ["[String]", "ARRAY['((1,1),(0,0))'::box, '((2,2),(1,1))'::box]", ["(1,1),(0,0)", "(2,2),(1,1)"]],
    ["[String]", "ARRAY['10.0.0.1'::inet, NULL]", ["10.0.0.1", null]],
    [
      "[[Int]]",
      "ARRAY[[1, 2], [3, NULL]]",
      [
        [1, 2],
        [3, null],
      ],
    ],
    ["[[String]]", "'[0:1][3:3]={{a},{b}}'::text[]", [["a"], ["b"]]],
    ["[String]", "ARRAY['[1,3)'::int4range]", ["[1,3)"]],
    [
      "JSON",
      "ROW(1, 'a \"b\" \\c', NULL, ARRAY[true])::thing",
      { id: 1, label: 'a "b" \\c', big: null, flags: [true] },
    ],
    ["[JSON]", "ARRAY[ROW(1, '', NULL, NULL)::thing]", [{ id: 1, label: "", big: null, flags: null }]],
  ] as const)("%s of %s", (type, expression, value) => expectValue(type, expression, value));
});

test("composite values are objects, nested and in arrays", async () => {
  for (const fuse of [true, false]) {
    const { run } = sketchPlanner({
      types: {
        Query: { rows: "[Row!]!" },
        Row: { id: "Int", one: "Outer", none: "Outer", many: "[Outer]", again: "[Row!]!" },
        Outer: { name: "String", inner: "Inner", inners: "[Inner!]" },
        Inner: { big: "BigInt", at: "DateTime" },
      },
      resolvers: {
        "Query.rows": () =>
          sql(`SELECT 1 AS id, ROW('a, "b"', ROW(9007199254740993, '2024-05-01 12:30+00')::inside,
              ARRAY[ROW(NULL, NULL)::inside])::outside AS one, NULL::outside AS none,
              ARRAY[ROW(NULL, NULL, '{}')::outside, NULL] AS many`),
        "Row.again": () =>
          sql("SELECT i AS id, ROW('x', NULL, NULL)::outside AS one FROM unnest($1::int[]) AS i", {
            params: [{ parent: "id" }],
            parentKeys: ["id"],
            childKeys: ["id"],
          }),
      },
      database,
      fuse,
    });
    const fields = "{ name inner { big at } inners { big at } }";
    expect(
      await run(`{ rows { one ${fields} none ${fields} many ${fields} again { one { name inner { big } } } } }`),
    ).toEqual({
      status: 200,
      data: {
        rows: [
          {
            one: {
              name: 'a, "b"',
              inner: { big: "9007199254740993", at: "2024-05-01T12:30:00Z" },
              inners: [{ big: null, at: null }],
            },
            none: null,
            many: [{ name: null, inner: null, inners: [] }, null],
            again: [{ one: { name: "x", inner: null } }],
          },
        ],
      },
    });
  }
});

describe("numbers in JSON keep their digits", () => {
  const json = `'{"amount": 1234567890123.123456789, "same": 100.00, "big": 9223372036854775807, "list": [12.50, 0.10]}'::jsonb`;
  test.each([
    ["Decimal", `${json} -> 'amount'`, "1234567890123.123456789"],
    ["Decimal", `${json} -> 'same'`, "100.00"],
    ["[Decimal]", `${json} -> 'list'`, ["12.50", "0.10"]],
    ["BigInt", `${json} -> 'big'`, "9223372036854775807"],
    ["ID", `${json} -> 'big'`, "9223372036854775807"],
    ["String", `${json} -> 'big'`, "9223372036854775807"],
    ["Int", "'5.0'::jsonb", 5],
    ["Float", "'5.50'::jsonb", 5.5],
    ["BigInt", "'5.0'::json", "5"],
    ["Obj", json, { amount: "1234567890123.123456789", same: "100.00", big: "9223372036854775807" }],
    ["[Obj]", `ARRAY[${json}]`, [{ amount: "1234567890123.123456789", same: "100.00", big: "9223372036854775807" }]],
  ] as const)("%s of %s", async (type, expression, value) => {
    const isObject = type.includes("Obj");
    const { run } = sketchPlanner({
      types: {
        Query: { rows: "[Row]" },
        Row: { value: type },
        Obj: { amount: "Decimal", same: "Decimal", big: "BigInt" },
      },
      resolvers: { "Query.rows": () => sql(`SELECT ${expression} AS value`) },
      database,
    });
    const { data, errors } = await run(`{ rows { value ${isObject ? "{ amount same big }" : ""} } }`);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ rows: [{ value }] });
  });

  test.each([
    ["Int", `${json} -> 'big'`],
    ["Int", "'5.5'::jsonb"],
    ["BigInt", "'5.5'::jsonb"],
    ["ID", "'5.5'::jsonb"],
    ["Float", "'1e400'::json"],
  ])("%s can't be %s", expectInvalid);
});

test("TypeScript sees what a type is made of, and may give bigints within JSON", async () => {
  const seen: unknown[] = [];
  const { raw } = sketchPlanner({
    types: { Query: { rows: "[Row]" }, Row: { moods: "[String]", thing: "JSON", json: "JSON" } },
    resolvers: {
      "Query.rows": () =>
        sql(
          "SELECT ARRAY['so sad', NULL]::feeling[] AS moods, ROW(1, 'a', 9007199254740993, ARRAY[true])::thing AS thing",
        ),
    },
    functions: {
      "Row.json": (rows) => {
        seen.push(...rows);
        return rows.map(({ thing }) => ({ of: [thing] }));
      },
    },
    database,
  });
  const of = '{"of":[{"id":1,"label":"a","big":9007199254740993,"flags":[true]}]}';
  expect(await raw("{ rows { json } }")).toBe(`{"data":{"rows":[{"json":${of}}]}}`);
  const thing = { id: 1, label: "a", big: 9007199254740993n, flags: [true] };
  expect(seen).toEqual([{ moods: ["so sad", null], thing }]);
});

/** The bytes of the value, since JavaScript would round it. */
async function bytesOf(type: string, expression: string): Promise<string> {
  const { raw } = sketchPlanner({
    types: { Query: { rows: "[Row]" }, Row: { value: type } },
    resolvers: { "Query.rows": () => sql(`SELECT ${expression} AS value`) },
    database,
  });
  return (await raw("{ rows { value } }")).replace(/^\{"data":\{"rows":\[\{"value":/, "").replace(/\}\]\}\}$/, "");
}

test.each([
  ["9007199254740993", "9007199254740993"],
  ["ARRAY[9007199254740993, NULL]", "[9007199254740993,null]"],
  ["12.50", "12.50"],
  ["'NaN'::numeric", '"NaN"'],
  ["'-Infinity'::float8", '"-Infinity"'],
  ["ROW(9007199254740993, '2024-05-01 12:30+00')::inside", '{"big":9007199254740993,"at":"2024-05-01T12:30:00+00:00"}'],
  ["ARRAY[ARRAY['a\"b'], ARRAY[NULL]]", '[["a\\"b"],[null]]'],
  [`'{"a": 12.50}'::jsonb`, '{"a": 12.50}'],
])("Any shows %s as %s", async (expression, shown) => {
  expect(await bytesOf("JSON", expression)).toBe(shown);
});

test("values of a type that was altered just now are an error rather than another attribute's", async () => {
  await database.run("CREATE TABLE changing (a int, b text); INSERT INTO changing VALUES (1, 'x')");
  const { run } = sketchPlanner({
    types: { Query: { rows: "[Row]" }, Row: { value: "JSON" } },
    resolvers: { "Query.rows": () => sql("SELECT changing AS value FROM changing") },
    database,
  });
  expect(await run("{ rows { value } }")).toMatchObject({ data: { rows: [{ value: { a: 1, b: "x" } }] } });
  await database.run("ALTER TABLE changing DROP COLUMN a");
  expect((await run("{ rows { value } }")).errors).toMatchObject([{ extensions: { code: "PUFF_VALUE_INVALID" } }]);
});

/** A value of each type that docs/types.md names, which all scalars beside it in the table can show. */
const documented: { readonly [type: string]: string } = {
  ...{ smallint: "5", integer: "5", bigint: "5", numeric: "5", real: "0.5", "double precision": "0.5", boolean: "t" },
  ...{
    text: "a",
    varchar: "a",
    "char(n)": "a",
    name: "a",
    uuid: "1b671a64-40d5-491e-99b0-da01ff1f3341",
    bytea: "\\x00",
  },
  ...{ date: "2024-05-01", timestamp: "2024-05-01 12:30", timestamptz: "2024-05-01 12:30+00", time: "12:30" },
  ...{ timetz: "12:30+05:30", interval: "1 day", json: "5", jsonb: "5", inet: "10.0.0.1", point: "(1,1)", xml: "<a/>" },
};

function documentedPairs(): (readonly [scalar: string, type: string])[] {
  const page = readFileSync(join(import.meta.dirname, "../../docs/types.md"), "utf8");
  const table = page.slice(page.indexOf("## Columns"), page.indexOf("## JSON"));
  const names = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
  return [...table.matchAll(/^\| (.*?) \| (.*?) \|/gm)].flatMap(([, types = "", scalars = ""]) =>
    names(types).flatMap((type) => (type in documented ? names(scalars).map((scalar) => [scalar, type] as const) : [])),
  );
}

test("the page on types has them all", () => {
  expect(new Set(documentedPairs().map(([, type]) => type))).toEqual(new Set(Object.keys(documented)));
});

test.each(documentedPairs())("a %s shows a %s, as documented", async (scalar, type) => {
  const expression = `'${documented[type]}'::${type.replace("(n)", "(3)")}`;
  for (const { data, errors } of await answersOf(scalar === "Enum" ? "String" : scalar, expression)) {
    expect(errors).toBeUndefined();
    expect(data).not.toMatchObject({ rows: [{ value: null }] });
  }
});
