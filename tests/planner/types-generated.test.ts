/**
 * Generated values of all Postgres types, alone and in arrays, domains and composite types: what clients get of
 * them is what Postgres itself says (`to_json` and the text that psql shows), whether statements are fused or not; what Python's methods see
 * goes back as the same value. PUFF_TYPE_VALUES=200000 tries as many; PUFF_TYPE_SEED another seed.
 */
import fc, { type Arbitrary } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import { createPlanner, type Planner } from "../../planner/index.ts";
import { buildExecutableSchema, type TypedText } from "../../schema/index.ts";
import { noEvents, noGenerators } from "../support/planner/planner.ts";
import { textsOf } from "../support/planner/rows.ts";
import {
  array,
  compositeTypes,
  domainsOverArrays,
  scalarTypes,
  typesScript,
  type ValueType,
} from "../support/planner/type-values.ts";
import { exact, shownAs } from "../support/planner/types-shown.ts";
import { TestPython } from "../support/python/pyodide.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

const wanted = Number(process.env["PUFF_TYPE_VALUES"] ?? 4_000);
const seed = Number(process.env["PUFF_TYPE_SEED"] ?? 20_240_501);

/** A type as a column has it. */
interface Case {
  readonly name: string;
  readonly scalar: string;
  readonly dimensions: number;
  readonly texts: Arbitrary<string>;
  readonly json: boolean;
}

const single = [...scalarTypes, ...compositeTypes];
const cases: readonly Case[] = [
  ...single.map((type) => caseOf(type, 0)),
  ...single.flatMap((type) => [1, 2, 3].map((dimensions) => caseOf(type, dimensions))),
  ...domainsOverArrays.map((type) => ({ ...caseOf(type, 0), dimensions: 1 })),
];

function caseOf({ name, scalar, texts, json = false }: ValueType, dimensions: number): Case {
  const inArray = array(texts, dimensions, name === "box" ? ";" : ",");
  return {
    name: name + "[]".repeat(dimensions === 0 ? 0 : 1),
    scalar,
    dimensions,
    texts: dimensions === 0 ? texts : inArray,
    json,
  };
}

const perCase = Math.ceil(wanted / cases.length);

let python: TestPython;
let server: TestDatabase;
let database: PostgresDatabase;
let fused: Planner;
let layered: Planner;

beforeAll(async () => {
  server = await createTestDatabase();
  database = await openTestDatabase(server.url);
  await database.run(typesScript);
  python = await TestPython.start();
  const schema = buildExecutableSchema("default", await python.description(schemaText()));
  const planner = (fuse: boolean) =>
    createPlanner({
      ...{
        schema,
        database,
        fuse,
        events: noEvents,
        layerFunctions: new Map(),
        verifyPlans: 0,
        report: () => undefined,
      },
      resolver: { resolve: (batch) => python.batch(batch), iterate: noGenerators },
      limits: {
        tokens: 10_000,
        depth: 20,
        aliases: 100,
        rootFields: 5,
        listLength: 1_000_000,
        items: 1_000_000,
        cachedDocuments: 500,
        fields: 10_000,
      },
      ...{ introspection: true, suggestions: true, maskErrors: false },
    });
  [fused, layered] = [planner(true), planner(false)];
});

afterAll(async () => {
  await database.close();
  await server.drop();
  await python.close();
});

const dimensionsOf = [0, 1, 2, 3];
const scalars = {
  ...{ Int: "int", Float: "float", String: "str", Boolean: "bool", BigInt: "graphql.BigInt", Decimal: "Decimal" },
  ...{ DateTime: "datetime.datetime", Date: "datetime.date", Time: "datetime.time", Duration: "datetime.timedelta" },
  ...{
    UUID: "uuid.UUID",
    Bytes: "bytes",
    JSON: "graphql.JSON",
    Leaf: "Leaf",
    Branch: "Branch",
    Lone: "Lone",
    Documents: "Documents",
  },
};

/** A field for each scalar, and for lists of it; `value` is what the method reads. */
function schemaText(): string {
  const listOf = (type: string, dimensions: number): string =>
    dimensions === 0 ? `${type} | None` : `list[${listOf(type, dimensions - 1)}] | None`;
  const fields = Object.entries(scalars).flatMap(([scalar, type]) =>
    dimensionsOf.map((dimensions) => `    ${scalar}_${dimensions}: ${listOf(type, dimensions)}`),
  );
  return `
import datetime, json, uuid
from dataclasses import dataclass
from decimal import Decimal
from puff import graphql
from puff._parameters.parameters import to_parameter
from puff.graphql import Context, Plan, sql

@dataclass
class Leaf:
    big: graphql.BigInt | None
    at: datetime.datetime | None
    odd_name: str | None
    mood: str | None
    flags: list[bool | None] | None
    span: str | None

@dataclass
class Branch:
    label: str | None
    leaf: Leaf | None
    leaves: list[Leaf | None] | None
    amount: Decimal | None
    boxes: list[str | None] | None
    day: datetime.date | None

@dataclass
class Lone:
    only_one: str | None

@dataclass
class Documents:
    doc: graphql.JSON | None
    docs: list[graphql.JSON | None] | None

def show(value):
    if value is None:
        return None
    if isinstance(value, list):
        return [show(item) for item in value]
    if isinstance(value, dict):
        return {name: show(item) for name, item in value.items()}
    return to_parameter(value)[1]

@dataclass
class Row:
    id: int
    value: graphql.JSON | None
    shown: str | None
${fields.join("\n")}

    def seen(self, ctx: Context, /) -> str:
        try:
            return json.dumps(show(self.value))
        except ValueError as error:
            return f"unreadable: {error}"

    def parsed(self, ctx: Context, /) -> bool:
        return self.value == json.loads(self.shown or "null")

    @classmethod
    def below(cls, ctx: Context, /, statement: str, texts: list[str | None]) -> "Plan[list[Row]]":
        return sql(f"SELECT * FROM ({statement}) AS b WHERE b.id = ANY($2)", texts, ctx.parents["id"]).on(id="id")

@dataclass
class Query:
    @classmethod
    def rows(cls, ctx: Context, /, statement: str, texts: list[str | None]) -> "Plan[list[Row]]":
        return sql(statement, texts)

@dataclass
class Schema:
    query: Query
`;
}

const operation = ["$statement: String!, $texts: [String]!", "statement: $statement, texts: $texts"] as const;

async function ask(planner: Planner, fields: string, statement: string, texts: readonly (string | null)[]) {
  const query = `query (${operation[0]}) { rows(${operation[1]}) { ${fields} } }`;
  const prepared = planner.prepare(query, null);
  if (prepared.kind === "refused") {
    throw new Error(prepared.response.body.toString());
  }
  const caller = { headers: {}, authToken: null };
  const { signal } = new AbortController();
  const { body } = await planner.execute(prepared.operation, { statement, texts }, caller, { signal });
  const answer = exact(body.toString()) as { data: { rows: Row[] }; errors?: { message: string }[] };
  // A Float has neither NaN nor infinity: null is expected in their place.
  const unexpected = answer.errors?.filter(({ message }) => !message.startsWith("Float cannot represent non numeric"));
  expect(unexpected ?? []).toEqual([]);
  return answer.data.rows;
}

interface Row {
  readonly [field: string]: unknown;
}

/** The fields of a composite type, as Postgres names its attributes. */
const selections: { readonly [scalar: string]: string } = {
  Leaf: "{ big at odd_name mood flags span }",
  Branch:
    "{ label leaf { big at odd_name mood flags span } leaves { big at odd_name mood flags span } amount boxes day }",
  Lone: "{ only_one }",
  Documents: "{ doc docs }",
};

test.each(cases.map((one, index) => ({ ...one, index, title: `${one.name} of ${one.dimensions} dimensions` })))(
  "$title",
  async ({ name, scalar, dimensions, texts: arbitrary, json, index }) => {
    const sample: (string | null)[] = fc.sample(arbitrary, { numRuns: perCase, seed: seed + index });
    const texts = [null, ...sample];
    const field = `${scalar}_${dimensions}`;
    const value = `v::${name}`;
    const statement = `SELECT t.id::int AS id, value, value AS "shown", value AS "${field}"
      FROM unnest($1::text[]) WITH ORDINALITY AS t (v, id), LATERAL (SELECT ${value} AS value OFFSET 0) AS x ORDER BY t.id`;
    const oracle = textsOf(
      await database.query({
        text: `SELECT to_json(value)::text, CASE WHEN value IS NOT DISTINCT FROM NULL THEN NULL ELSE format('%s', value) END
          FROM unnest($1::text[]) WITH ORDINALITY AS t (v, id), LATERAL (SELECT ${value} AS value OFFSET 0) AS x ORDER BY id`,
        params: [[1009, arrayOf(texts)]],
      }),
    );
    const selected = `value ${json && dimensions === 0 && !(scalar in selections) ? "" : "shown"} typed: ${field} ${selections[scalar] ?? ""}`;
    const expected = oracle.map(([asJson = null, asText = null], row) => ({
      id: exact(String(row + 1)),
      value: asJson === null ? null : exact(asJson),
      shown: asText,
      typed: asJson === null ? null : shownAs(scalar, exact(asJson)),
    }));
    const check = (rows: readonly Row[]) => {
      for (const [row, { id, value: any, shown, typed }] of rows.entries()) {
        const was = expected[row];
        const about = `of ${JSON.stringify(texts[row])}`;
        expect({ id, any, typed, about }).toEqual({ id: was?.id, any: was?.value, typed: was?.typed, about });
        if (shown !== undefined) {
          expect({ shown, about }).toEqual({
            shown: name === "bool" || name === "flag" ? trueOrFalse(was?.shown) : was?.shown,
            about,
          });
        }
      }
    };
    const below = `below(${operation[1]}) { id ${selected} }`;
    for (const planner of [fused, layered]) {
      const rows = await ask(planner, `id ${selected} ${below}`, statement, texts);
      expect(rows.length).toBe(texts.length);
      check(rows);
      check(rows.flatMap((row) => row["below"] as Row[]));
    }
    if (json) {
      return;
    }
    const seen = (await ask(fused, "seen", statement, texts)).map((row) => String(row["seen"]));
    const back = seen.map((text) => (text.startsWith("unreadable: ") ? null : `{"v": ${text}}`));
    const again = textsOf(
      await database.query({
        text: `SELECT to_json(x.v)::text FROM unnest($1::text[]) WITH ORDINALITY AS t (j, id)
          LEFT JOIN LATERAL json_to_record(t.j::json) AS x (v ${name}) ON true ORDER BY id`,
        params: [[1009, arrayOf(back)]],
      }),
    );
    for (const [row, [returned]] of again.entries()) {
      const about = `${seen[row]} of ${texts[row]}`;
      if (back[row] === null) {
        expect(`${texts[row]} ${oracle[row]?.[0]}`).toMatch(beyondPython);
      } else if (!name.startsWith("interval") || !otherInPython.test(oracle[row]?.[0] ?? "")) {
        expect({ value: returned, about }).toEqual({ value: oracle[row]?.[0], about });
      }
    }
  },
);

/** What Python's dates, times and timedeltas can't hold. */
const beyondPython = /infinity|BC|\d{5}-|24:00|0001-01|9999-12/;

/** What is printed otherwise though it is as long: a month is 30 days for Python, as psycopg has it, and a day 24 hours. */
const otherInPython = /P[^T"]*[YM]|-|PT(2[4-9]|[3-9]\d|\d{3,})H/;

function trueOrFalse(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : text === "t" ? "true" : "false";
}

function arrayOf(texts: readonly (string | null)[]): TypedText[1] {
  return `{${texts.map((text) => (text === null ? "NULL" : `"${text.replace(/["\\]/g, "\\$&")}"`)).join(",")}}`;
}
