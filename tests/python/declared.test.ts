/** What Python gets of JSON has the types that its fields declare, with all digits. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ColumnValues } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const digits = "1234567890123456789.123456789012345678901";

/** A field's type, JSON, and what Python's repr shows of it; a pattern: why it can't be read. */
const cases: readonly (readonly [type: string, json: string, shown: string | RegExp])[] = [
  ["decimal.Decimal", digits, `Decimal('${digits}')`],
  ["decimal.Decimal", `"${digits}"`, `Decimal('${digits}')`],
  ["decimal.Decimal | None", "null", "None"],
  ["decimal.Decimal", "5", "Decimal('5')"],
  ["decimal.Decimal", "12.50", "Decimal('12.50')"],
  ["decimal.Decimal", '"x"', /'x' in JSON can't be read as a decimal number/],
  ["decimal.Decimal", "[1]", /: \[1\] in JSON can't be read as a decimal number|^\[1\] in JSON/],
  ["Money", digits, `Decimal('${digits}')`],
  ["BigInt", "9223372036854775807", "9223372036854775807"],
  ["int", "12.0", "12"],
  ["int", "12.5", /'12.5' in JSON can't be read as an integer/],
  ["int", "1e9999999", /in JSON can't be read as an integer/],
  ["BigInt", '"9007199254740993"', "9007199254740993"],
  ["float", "1e400", /'1e400' in JSON can't be read as a float/],
  ["float", "5", "5.0"],
  ["float", "-0.0", "-0.0"],
  ["ID", "9007199254740993", "'9007199254740993'"],
  ["ID", '"a"', "'a'"],
  ["str", "1.50", "'1.50'"],
  ["str", "true", "'true'"],
  ["bool", "true", "True"],
  ["uuid.UUID", '"00000000-0000-0000-0000-000000000001"', "UUID('00000000-0000-0000-0000-000000000001')"],
  ["datetime.date", '"2024-05-01"', "datetime.date(2024, 5, 1)"],
  ["datetime.datetime", '"2024-05-01T12:00:00"', "datetime.datetime(2024, 5, 1, 12, 0)"],
  ["datetime.timedelta", '"P1D"', "datetime.timedelta(days=1)"],
  ["datetime.date", "5", /'5' in JSON can't be read as a date/],
  ["bytes", '"\\\\x6100"', "b'a\\x00'"],
  ["list[decimal.Decimal]", `[${digits}, 1]`, `[Decimal('${digits}'), Decimal('1')]`],
  ["list[list[decimal.Decimal]]", `[[${digits}], []]`, `[[Decimal('${digits}')], []]`],
  ["Color", '"b"', "<Color.BLUE: 'b'>"],
  ["Inner", `{"price": ${digits}, "more": 0.1}`, `{'price': Decimal('${digits}'), 'more': 0.1}`],
  ["list[Inner]", `[{"price": ${digits}}]`, `[{'price': Decimal('${digits}')}]`],
  // What declares nothing is as json.loads reads it.
  ["JSON", '{"a": [1.50, 9007199254740993]}', "{'a': [1.5, 9007199254740993]}"],
  ["dict", '{"a": null}', "{'a': None}"],
];

async function load(type: string): Promise<void> {
  await python.description(`${prelude}
Money = Annotated[decimal.Decimal, graphql.scalar("Money", based_on=decimal.Decimal, parse=lambda value: value)]
@dataclass
class Inner:
    price: decimal.Decimal
@dataclass
class Row:
    it: ${type}
    def shown(self) -> str:
        return repr(self.it)
    @classmethod
    def values(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT 1", repr([value for value, in ctx.parent_values(["it"])]))
@dataclass
class Query:
    @classmethod
    def rows(cls, ctx: Context, /) -> Plan[list[Row]]: ...
@dataclass
class Schema:
    query: Query
`);
}

test.each(cases)("%s of %s", async (type, json, shown) => {
  await load(type);
  const forms: ColumnValues[] = [
    { oid: 3802, texts: [json] },
    { oid: 114, texts: [json] },
    { values: [{ t: [3802, json] }] },
  ];
  for (const it of forms) {
    const parents = { count: 1, columns: { it } };
    const method = await python.resolve("Row.shown", { parents });
    const values = await python.resolve("Row.values", { parents, selection: {} });
    if (typeof shown === "string") {
      expect(method).toEqual({ kind: "each", values: [shown] });
      const plain = type === "Color" ? "'b'" : shown; // only methods get members
      expect(values).toMatchObject({ params: [[0, `[${plain}]`]] });
    } else {
      expect(method).toMatchObject({ values: [{ e: { message: expect.stringMatching(shown) } }] });
      expect(values).toMatchObject({ kind: "failure", error: { message: expect.stringMatching(shown) } });
    }
  }
});

test("arrays of JSON, and attributes of objects that are read apart", async () => {
  await load("list[Inner]");
  const text = `{"price": ${digits}}`;
  const shown = `[{'price': Decimal('${digits}')}]`;
  const apart = { o: { price: { t: [3802, digits] } }, type: null } as const;
  for (const it of [
    { oid: 3802, delimiter: ",", texts: [`{${JSON.stringify(text)}}`] },
    { values: [[apart]] },
  ] satisfies ColumnValues[]) {
    const parents = { count: 1, columns: { it } };
    expect(await python.resolve("Row.shown", { parents })).toEqual({ kind: "each", values: [shown] });
  }
});

test("a method that lacks an attribute is told where it could come from", async () => {
  await python.description(`${prelude}
@dataclass
class Row:
    id: int
    n: int
    def twice(self) -> int:
        return self.n * 2
class Half(Row):
    def __init__(self):
        self.id = 1
@dataclass
class Query:
    @classmethod
    def a_dict(cls, ctx: Context, /) -> Row:
        return {"id": 1}
    @classmethod
    def an_object(cls, ctx: Context, /) -> Row:
        return Half()
@dataclass
class Schema:
    query: Query
`);
  const id = { t: [3802, "1"] } as const;
  const ofJson = await python.resolve("Row.twice", { parents: { count: 1, columns: { id: { values: [id] } } } });
  const call = { key: "twice", field: "twice", args: {}, selection: null };
  const selection = { Row: { columns: [], objects: {}, methods: [call] } };
  const messages = [
    ofJson,
    await python.resolve("Query.a_dict", { selection }),
    await python.resolve("Query.an_object", { selection }),
  ].map((result) => /'n'\. ([^"]*)"/.exec(JSON.stringify(result))?.[1]);
  expect(messages).toEqual([
    "The object that this Row is read from has no n.",
    "The dict that a resolver returned for this Row has no key n.",
    "The Row that a resolver returned has no attribute n: set it where the object is made.",
  ]);
});
