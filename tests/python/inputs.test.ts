/** Resolvers are called with their arguments and their parents' columns. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ParentColumns } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

describe("arguments", () => {
  test.each([
    ["int", 5, "5"],
    ["float", 5, "5.0"],
    ["str", "a", "'a'"],
    ["ID", "5", "'5'"],
    ["BigInt", "12345678901234567890", "12345678901234567890"],
    ["bool", true, "True"],
    ["int | None", null, "None"],
    [
      "datetime.datetime",
      "2024-05-01T12:30:00.5Z",
      "datetime.datetime(2024, 5, 1, 12, 30, 0, 500000, tzinfo=datetime.timezone.utc)",
    ],
    ["datetime.datetime", "2024-05-01 12:30:00", "datetime.datetime(2024, 5, 1, 12, 30)"],
    ["datetime.date", "2024-05-01", "datetime.date(2024, 5, 1)"],
    ["datetime.time", "12:30", "datetime.time(12, 30)"],
    ["datetime.timedelta", "P1DT2H", "datetime.timedelta(days=1, seconds=7200)"],
    ["datetime.timedelta", "-P1W", "datetime.timedelta(days=-7)"],
    ["decimal.Decimal", "1.50", "Decimal('1.50')"],
    ["uuid.UUID", "1b671a64-40d5-491e-99b0-da01ff1f3341", "UUID('1b671a64-40d5-491e-99b0-da01ff1f3341')"],
    ["bytes", "YWI=", "b'ab'"],
    ["dict", { a: [1, null] }, "{'a': [1, None]}"],
    ["Any", [1], "[1]"],
    ["Color", "RED", "<Color.RED: 'r'>"],
    ["Literal['a', 'b']", "b", "'b'"],
    ["list[Color | None]", ["RED", null], "[<Color.RED: 'r'>, None]"],
    ["list[list[datetime.date]]", [["2024-05-01"]], "[[datetime.date(2024, 5, 1)]]"],
    ["set[int]", [1, 1], "{1}"],
    ["tuple[Color, ...]", ["BLUE"], "(<Color.BLUE: 'b'>,)"],
    ["Range", { low: 3 }, "Range(low=3, high=None, made=1, color=<Color.RED: 'r'>, sub=None)"],
    [
      "Range",
      { low: 3, made: null, color: "BLUE", sub: { low: 1, high: 2 } },
      "Range(low=3, high=None, made=1, color=<Color.BLUE: 'b'>, sub=Range(low=1, high=2, made=1, color=<Color.RED: 'r'>, sub=None))",
    ],
    ["list[Range]", [], "[]"],
    ["Upper", "abc", "'ABC'"],
    ["Noon", "2024-05-01", "datetime.datetime(2024, 5, 1, 12, 0)"],
  ])("%s %j is %s", async (type, value, shown) => {
    const before = `
@dataclass
class Range:
    low: int
    high: int | None = None
    made: int = field(default_factory=lambda: 1)
    color: Color = Color.RED
    sub: "Range | None" = None
Upper = Annotated[str, graphql.scalar("Upper", parse=str.upper)]
Noon = Annotated[datetime.datetime, graphql.scalar("Noon", based_on=datetime.date, parse=lambda day: datetime.datetime.combine(day, datetime.time(12)))]
`;
    await python.loadIt("return repr(x)", { parameters: `x: ${type}`, before });
    expect(await python.resolve("Query.it", { args: { x: value } })).toMatchObject({ kind: "value", value: shown });
  });

  test("what is absent is left to Python's defaults", async () => {
    await python.loadIt("return repr((a, b))", { parameters: "a: int = 3, b: int | None = None" });
    expect(await python.resolve("Query.it")).toMatchObject({ value: "(3, None)" });
    expect(await python.resolve("Query.it", { args: { a: 1 } })).toMatchObject({ value: "(1, None)" });
  });

  test("names in camelCase arrive as they are in Python", async () => {
    await python.description(
      `${prelude}
@dataclass
class SomeInput:
    first_name: str
@dataclass
class Query:
    @classmethod
    def find_it(cls, ctx: Context, /, in_put: SomeInput) -> str:
        return in_put.first_name
@dataclass
class Schema:
    query: Query
`,
      { camelCase: true },
    );
    expect(await python.resolve("Query.findIt", { args: { inPut: { firstName: "Ann" } } })).toMatchObject({
      value: "Ann",
    });
  });

  test.each([
    ["datetime.date", "2024-13-01", "argument x: '2024-13-01' does not fit into a Python date"],
    [
      "datetime.datetime",
      "10000-01-01T00:00:00Z",
      "argument x: '10000-01-01T00:00:00Z' does not fit into a Python datetime",
    ],
    ["datetime.timedelta", "P1Z", "argument x: 'P1Z' is not an ISO 8601 duration such as P1DT2H30M"],
    ["Even", 3, "argument x: 3 is odd"],
    ["list[Even]", [2, 3], "argument x: 3 is odd"],
  ])("the client learns that %s does not take %j", async (type, value, message) => {
    const before = `
def even(value):
    if value % 2: raise ValueError(f"{value} is odd")
    return value
Even = Annotated[int, graphql.scalar("Even", based_on=int, parse=even)]
`;
    await python.loadIt("return repr(x)", { parameters: `x: ${type}`, before });
    expect(await python.resolve("Query.it", { args: { x: value } })).toMatchObject({
      kind: "failure",
      error: { message, code: "PUFF_VALUE_INVALID", safe: true },
    });
  });
});

/** Loads a schema where `Parent.it` has this body. */
async function loadChild(body: string): Promise<void> {
  await python.description(`${prelude}
@dataclass
class Parent:
    id: int
    @classmethod
    def it(cls, ctx: Context, /) -> Plan[list[Comment]]:
${body.replaceAll(/^/gm, "        ")}
@dataclass
class Query:
    @classmethod
    def parents(cls, ctx: Context, /) -> list[Parent]: ...
@dataclass
class Schema:
    query: Query
`);
}

const sqlPlan = {
  kind: "sql",
  text: "SELECT 1",
  params: [],
  parentKeys: [],
  childKeys: [],
  typeColumn: "__typename",
  typeNames: null,
};

describe("parents", () => {
  const known: ParentColumns = {
    count: 4,
    columns: { id: { oid: 23, texts: ["1", "2", null, "1"] }, name: { values: ["a", "b", null, "a"] } },
  };

  test("a column is a symbol in a plan, before there are values and after", async () => {
    await loadChild('return sql("SELECT 1", ctx.parents["id"], repr(ctx.parents["id"])).on(id="post_id")');
    for (const parents of ["symbols", known] as const) {
      expect(await python.resolve("Parent.it", { parents, selection: {} })).toEqual({
        ...sqlPlan,
        params: [{ parent: "id" }, [0, "parents['id']"]],
        parentKeys: ["id"],
        childKeys: ["post_id"],
      });
    }
  });

  test.each([
    ["bool(p)", true],
    ["p == [1, 2]", true],
    ["p != [1, 2]", false],
    ["p < [3]", true],
    ["len(p)", 2],
    ["list(p)", [1, 2]],
    ["list(reversed(p))", [2, 1]],
    ["p[0]", 1],
    ["p[1:]", [2]],
    ["2 in p", true],
    ["p.index(2)", 1],
    ["p + [3]", [1, 2, 3]],
    ["[3] + p", [3, 1, 2]],
    ["str(p)", "[1, 2]"],
    ["f'{p}'", "[1, 2]"],
    ["'%s' % p", "[1, 2]"],
    ["sorted(p, reverse=True)", [2, 1]],
    ["max(p)", 2],
    ["[x for x in p]", [1, 2]],
    ["ctx.parent_values(['id'])", [[1], [2], [null]]],
    [
      "ctx.parent_values(['id', 'name'])",
      [
        [1, "a"],
        [2, "b"],
        [null, null],
      ],
    ],
  ])("%s needs the values, and then has them", async (expression, value) => {
    await loadChild(`p = ctx.parents["id"]\nresult = ${expression}\nreturn sql("SELECT 1", json.dumps(result))`);
    const result = await python.resolve("Parent.it", { parents: "symbols", selection: {} });
    expect(result).toMatchObject({ kind: "needs" });
    expect(result.kind === "needs" && result.columns[0]).toBe("id");
    expect(await python.resolve("Parent.it", { parents: known, selection: {} })).toMatchObject({
      params: [[0, expect.toSatisfy((text) => JSON.stringify(JSON.parse(text)) === JSON.stringify(value))]],
    });
  });

  test.each<[what: string, column: ParentColumns["columns"][string], expected: unknown]>([
    ["arrays", { oid: 1007, texts: ["{1,2}", "{3}", null, "{1,2}"] }, [[[1, 2]], [[3]], [null]]],
    [
      "arrays in arrays",
      { oid: 1007, texts: ["{{1},{2}}", "{1,2}", "{}", "{{1},{2}}"] },
      [[[[1], [2]]], [[1, 2]], [[]]],
    ],
    ["jsonb", { oid: 3802, texts: ['{"a": [1]}', "[true]", "[1]", '{"a": [1]}'] }, [[{ a: [1] }], [[true]], [[1]]]],
    ["scalars of jsonb", { oid: 3802, texts: ["1", "true", "null", "1"] }, [[1], [true], [null]]],
    [
      "attributes",
      { values: [["a"], { j: { b: [1] } }, { o: { c: 1 }, type: null }, ["a"]] },
      [[["a"]], [{ b: [1] }], [{ c: 1 }]],
    ],
  ])("parent_values gives %s, once each", async (_what, column, expected) => {
    const parents = { count: 4, columns: { it: column } };
    for (const [expression, value] of [
      ["ctx.parent_values(['it'])", expected],
      ["ctx.parent_values(iter(['it']))", expected],
      ["ctx.parent_values(['it', 'it'])", (expected as unknown[][]).map(([one]) => [one, one])],
      ["list(ctx.parents['it'])", (expected as unknown[][]).flatMap(([one]) => (one === null ? [] : [one]))],
    ] as const) {
      await loadChild(`result = ${expression}\nreturn sql("SELECT 1", json.dumps(result))`);
      const result = await python.resolve("Parent.it", { parents, selection: {} });
      const text = result.kind === "sql" && result.params[0] && !("parent" in result.params[0]) && result.params[0][1];
      expect(JSON.parse(text || "null")).toEqual(value);
    }
  });

  test.each(["int(p)", "float(p)", "hash(p)", "range(p)", "{p: 1}", "'abc'[p]"])(
    "%s needs the values, and then fails as with a list",
    async (expression) => {
      await loadChild(`p = ctx.parents["id"]\nreturn sql("SELECT 1", ${expression})`);
      expect(await python.resolve("Parent.it", { parents: "symbols", selection: {} })).toEqual({
        kind: "needs",
        columns: ["id"],
      });
      expect(await python.resolve("Parent.it", { parents: known, selection: {} })).toMatchObject({
        kind: "failure",
        error: { type: "TypeError" },
      });
    },
  );

  test.each(["except Exception:", "except BaseException:", "except:"])("%s does not hide the need", async (clause) => {
    await loadChild(`try:\n    list(ctx.parents["id"])\n${clause}\n    pass\nreturn sql("SELECT 1")`);
    expect(await python.resolve("Parent.it", { parents: "symbols", selection: {} })).toEqual({
      kind: "needs",
      columns: ["id"],
    });
    expect(await python.resolve("Parent.it", { parents: known, selection: {} })).toEqual(sqlPlan);
  });

  test("columns that are needed later are asked for with those already known", async () => {
    await loadChild('list(ctx.parents["id"])\nreturn sql("SELECT 1", list(ctx.parents["name"]))');
    const parents = { count: 1, columns: { id: { oid: 23, texts: ["1"] } } };
    expect(await python.resolve("Parent.it", { parents, selection: {} })).toEqual({
      kind: "needs",
      columns: ["id", "name"],
    });
  });

  test("a symbol among other values needs them, and is not a value beside others", async () => {
    await loadChild('return sql("SELECT 1", [ctx.parents["id"], [7, 8]])');
    expect(await python.resolve("Parent.it", { parents: "symbols", selection: {} })).toEqual({
      kind: "needs",
      columns: ["id"],
    });
    expect(await python.resolve("Parent.it", { parents: known, selection: {} })).toMatchObject({
      params: [[1007, "{{1,2},{7,8}}"]],
    });
  });

  test("a root field has no parents", async () => {
    await python.loadIt('return ctx.parents["id"]');
    expect(await python.resolve("Query.it")).toMatchObject({
      error: { type: "LookupError", message: "a field of a root type has no parents" },
    });
  });

  test("Puff's readme passes the parents before the context", async () => {
    await python.description(`${prelude}
@dataclass
class Query:
    @classmethod
    def it(cls, parents, context, /, a: int) -> str:
        return repr((len(parents), type(context).__name__, a))
@dataclass
class Schema:
    query: Query
`);
    expect(await python.resolve("Query.it", { args: { a: 1 } })).toMatchObject({ value: "(0, 'Context', 1)" });
  });
});
