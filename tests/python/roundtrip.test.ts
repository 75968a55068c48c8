/** Python values go to a real Postgres and come back the same, and Python prints them as Postgres does. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import type { TypedText } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase } from "../support/servers/postgres.ts";

let python: TestPython;
let server: TestDatabase;
let database: PostgresDatabase;

beforeAll(async () => {
  [python, server] = await Promise.all([TestPython.start(), createTestDatabase()]);
  database = await openTestDatabase(server.url);
});
afterAll(async () => {
  await database.close();
  await server.drop();
  await python.close();
});

const values = [
  ...[
    "5",
    "-32769",
    "2**40",
    "10**30",
    "True",
    "False",
    "None",
    "1.5",
    "1e-07",
    "-0.0",
    "float('inf')",
    "float('nan')",
  ],
  ...["datetime.date(2024, 5, 1)", "datetime.date(1, 1, 1)", "datetime.time(12, 30, 0, 500000)"],
  "datetime.time(12, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=-3)))",
  ...["datetime.datetime(2024, 5, 1, 12, 30)", "datetime.datetime(2024, 5, 1, 12, 0, 0, 5)"],
  "datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)",
  "datetime.datetime(2024, 5, 1, 1, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=5, minutes=30)))",
  ...["datetime.timedelta(0)", "datetime.timedelta(days=3)", "datetime.timedelta(1, 5400, 250000)"],
  ...["-datetime.timedelta(hours=25)", "datetime.timedelta(microseconds=-1)", "datetime.timedelta(days=40000)"],
  ...["decimal.Decimal('1.50')", "decimal.Decimal('1E+5')", "decimal.Decimal('NaN')", "decimal.Decimal('1e-20')"],
  ...["uuid.UUID('1b671a64-40d5-491e-99b0-da01ff1f3341')", "b''", "b'\\x00\\xff\\\\a'", "{'a': [1, 'ü', None]}"],
  ...["[1, None]", "[[1, 2], [3, 4]]", "[1, 2**40]", "[1.5]", "[True, False]", "[b'a\\\\']", "[{'a': 'b\"c'}]"],
  ...["[datetime.date(2024, 5, 1)]", "[datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)]"],
  ...["[uuid.UUID(int=7), None]", "[decimal.Decimal('1.5')]", "[datetime.timedelta(1, 1)]"],
];

test.each(values)("%s", async (expression) => {
  const parameter = inPyodide(`to_parameter(${expression})`) as TypedText;
  const { oid, text } = await echo(parameter, "");
  const back = inPyodide(`same(load_texts(${oid}, [${literal(text)}])[0], ${expression})`);
  expect(back).toBe(true);
  const printed = inPyodide(`leaf(${expression})`);
  if (printed !== null && typeof printed === "object" && "t" in printed) {
    expect(printed).toEqual({ t: [oid, text] });
  }
});

/** Their type is what the statement makes of them. */
test.each([
  ["'ünï \\'q\\' 🙂'", "text", "ünï 'q' 🙂"],
  ["'5'", "int4", "5"],
  ["Color.RED", "text", "RED"],
  ["enum.StrEnum('Mode', {'ON': 'on'}).ON", "text", "on"],
  ["['a,b', None, '\"', '']", "text[]", '{"a,b",NULL,"\\"",""}'],
  ["[]", "int4[]", "{}"],
])("%s as %s", async (expression, type, text) => {
  const parameter = inPyodide(`to_parameter(${expression})`) as TypedText;
  expect((await echo(parameter, `::${type}`)).text).toBe(text);
});

async function echo(parameter: TypedText, cast: string): Promise<{ oid: number; text: string | null }> {
  const rows = await database.query({ text: `SELECT $1${cast} AS value`, params: [parameter] });
  rows.seek(0);
  return { oid: rows.columns[0]?.oid ?? 0, text: rows.isNull(0) ? null : rows.text(0) };
}

function literal(text: string | null): string {
  return text === null ? "None" : JSON.stringify(text);
}

function inPyodide(expression: string): unknown {
  return JSON.parse(
    python.pyodide.runPython(`${prelude}
from puff._wire.columns import load_texts
from puff._parameters.parameters import to_parameter
from puff._wire.values import leaf
def same(one, other):
    # An int beyond 64 bits comes back as Decimal.
    return type(one) in (type(other), decimal.Decimal) and (one == other or one != one and other != other)
json.dumps(${expression})`),
  );
}
