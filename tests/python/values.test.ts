/** Python values cross the bridge as the operation selects them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ResolveResult, ValueSelection } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

describe("leaves", () => {
  test.each([
    ["int", "5", 5],
    ["int", "True", true],
    ["BigInt", "2**53 - 1", 2 ** 53 - 1],
    ["BigInt", "-2**53", { t: [20, "-9007199254740992"] }],
    ["BigInt", "10**30", { t: [1700, "1000000000000000000000000000000"] }],
    ["float", "0.5", 0.5],
    ["float", "float('nan')", { t: [701, "NaN"] }],
    ["float", "-float('inf')", { t: [701, "-Infinity"] }],
    ["str", "'ünï\\ud800 🙂'", "ünï\ud800 🙂"],
    ["bool", "False", false],
    ["datetime.datetime", "datetime.datetime(2024, 5, 1, 12)", { t: [1114, "2024-05-01 12:00:00"] }],
    [
      "datetime.datetime",
      "datetime.datetime(2024, 5, 1, 0, 30, 0, 5, datetime.timezone(datetime.timedelta(hours=2)))",
      { t: [1184, "2024-04-30 22:30:00.000005+00"] },
    ],
    ["datetime.date", "datetime.date(2024, 5, 1)", { t: [1082, "2024-05-01"] }],
    ["datetime.time", "datetime.time(12, 30)", { t: [1083, "12:30:00"] }],
    ["datetime.timedelta", "datetime.timedelta(1, 5400, 500000)", { t: [1186, "P1DT1H30M0.5S"] }],
    ["datetime.timedelta", "datetime.timedelta(0)", { t: [1186, "PT0S"] }],
    ["datetime.timedelta", "-datetime.timedelta(days=1, seconds=61)", { t: [1186, "P-2DT23H58M59S"] }],
    ["datetime.timedelta", "datetime.timedelta(microseconds=-1)", { t: [1186, "P-1DT23H59M59.999999S"] }],
    ["decimal.Decimal", "decimal.Decimal('1.50')", { t: [1700, "1.50"] }],
    ["decimal.Decimal", "decimal.Decimal('1E+3')", { t: [1700, "1000"] }],
    ["decimal.Decimal", "decimal.Decimal('NaN')", { t: [1700, "NaN"] }],
    ["uuid.UUID", "uuid.UUID(int=1)", { t: [2950, "00000000-0000-0000-0000-000000000001"] }],
    ["bytes", "b'a\\x00'", { t: [17, "\\x6100"] }],
    ["dict", "{'a': [1, None]}", { j: { a: [1, null] } }],
    ["JSON", "[1, 'a']", { j: [1, "a"] }],
    ["JSON", "{'big': 2**63, 'small': 0.5}", { t: [114, '{"big": 9223372036854775808, "small": 0.5}'] }],
    ["Any", "'a'", { j: "a" }],
    ["list[Any]", "[1, {'a': 1}]", [{ j: 1 }, { j: { a: 1 } }]],
    ["Color", "Color.RED", "r"],
    ["Color", "'r'", "r"],
    ["list[Color]", "(color for color in Color)", ["r", "b"]],
    ["list[int]", "(1, 2)", [1, 2]],
    ["list[int]", "range(2)", [0, 1]],
    ["list[list[int]]", "[[1], []]", [[1], []]],
    ["list[str] | None", "None", null],
    ["list[str | None]", "['a', None]", ["a", null]],
    ["Loud", "'a'", "A"],
    ["Loud | None", "None", null],
    ["list[Loud]", "['a', 'b']", ["A", "B"]],
    ["Epoch", "0", { t: [1184, "1970-01-01 00:00:00+00"] }],
  ])("%s %s", async (type, expression, value) => {
    await python.loadIt(`return ${expression}`, { returns: type, before: scalars });
    expect(await python.resolve("Query.it")).toEqual({ kind: "value", value, parentKeys: [], childKeys: [] });
  });

  test.each([
    ["int", "object()", "a object is not a scalar"],
    ["int", "Comment(1)", "a Comment is not a scalar"],
    ["dict", "{'a': object()}", "the value is not JSON"],
    ["dict", "{'a': float('nan')}", "the value is not JSON"],
    ["list[int]", "5", "the field is a list, but got the int 5"],
    ["list[str]", "'abc'", "the field is a list, but got the str 'abc'"],
    ["list[int]", "{'a': 1}", "the field is a list, but got the dict {'a': 1}"],
    ["list[int]", "[sql('SELECT 1')]", "a Plan is not a scalar"],
  ])("%s is not %s", async (type, expression, message) => {
    await python.loadIt(`return ${expression}`, { returns: type });
    const result = await python.resolve("Query.it");
    expect(result).toMatchObject({ kind: "failure", error: { code: "PUFF_VALUE_INVALID" } });
    expect(result.kind === "failure" && result.error.message).toContain(message);
  });
});

const scalars = `
Loud = Annotated[str, graphql.scalar("Loud", serialize=str.upper)]
def moment(seconds): return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
Epoch = Annotated[int, graphql.scalar("Epoch", based_on=datetime.datetime, serialize=moment)]
`;

const shop = `${prelude}${scalars}
@graphql.interface
@dataclass
class Item:
    id: int
    def label(self, ctx: Context, /, mark: str = "#") -> str:
        return f"{mark}{self.id} {ctx.auth_token}"

@dataclass
class Book(Item):
    title: str = "untitled"
    loud: Loud = "quiet"
    data: JSON = None
    color: Color | None = None
    pages: list["Page"] = field(default_factory=list)
    best: "Page | None" = None
    _secret: int = 3

    @property
    def initial(self) -> str:
        return self.title[0]

    def again(self) -> "Book":
        return Book(self.id + 1, self.title, color=Color.BLUE)

    async def later(self) -> int:
        return self.id

    @classmethod
    def reviews(cls, ctx: Context, /) -> Plan[list[Comment]]:
        return sql("SELECT 1")

    def wrong(self) -> list[Comment]:
        return sql("SELECT 1")

    def missing(self) -> str:
        return self.loud

@dataclass(slots=True)
class Page(Item):
    text: str

@dataclass
class Stone(Item):
    pass

class Anything:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

class Special(Book):
    extra = 1

`;

/** What a resolver that returns the expression yields, with the selection. */
async function returned(expression: string, selection: ValueSelection, type = "Book | None"): Promise<unknown> {
  await python.description(`${shop}
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /) -> ${type}:
        return ${expression}
    @classmethod
    def items(cls, ctx: Context, /) -> list[Item]: ...
    @classmethod
    def books(cls, ctx: Context, /) -> list[Book]: ...
@dataclass
class Schema:
    query: Query
`);
  const { results } = await python.batch({
    authToken: "t",
    calls: [{ field: "Query.it", args: {}, parents: "root", selection }],
  });
  const [result] = results as readonly ResolveResult[];
  return result?.kind === "value" ? result.value : result;
}

const none = { columns: [], objects: {}, methods: [] };

describe("objects", () => {
  test("hold the scalars of a dataclass, and of what else they have only what is selected", async () => {
    const selection = { Book: { ...none, columns: ["loud", "data", "color", "initial"] } };
    expect(await returned("Book(1, 'Emma', data=[1])", selection)).toEqual({
      o: { id: 1, title: "Emma", loud: "QUIET", data: { j: [1] }, color: null, best: null, initial: "E", _secret: 3 },
      type: "Book",
    });
  });

  test("hold the values of enums and of scalars' own classes, selected or not: children may be found by them", async () => {
    const own =
      "color=Color.BLUE, title=type('Title', (str,), {})('Emma'), _secret=enum.IntEnum('Level', {'LOW': 7}).LOW";
    const held = { o: { id: 1, title: "Emma", color: "b", _secret: 7 } };
    for (const columns of [[], ["color", "title"]]) {
      expect(await returned(`Book(1, ${own})`, { Book: { ...none, columns } })).toMatchObject(held);
    }
    const dict = "{'id': 1, 'color': Color.BLUE, 'odd': enum.Enum('Odd', {'LIST': [1]}).LIST}";
    expect(await returned(dict, { Book: none })).toEqual({ o: { id: 1, color: "b" }, type: null });
  });

  test("hold objects and lists of them", async () => {
    const selection = {
      Book: { ...none, objects: { pages: { Page: none }, best: { Page: { ...none, columns: ["text"] } } } },
    };
    expect(
      await returned("Book(1, pages=[Page(2, 'a'), None, {'id': 3}], best=Page(4, 'b'))", selection),
    ).toMatchObject({
      o: {
        pages: [{ o: { id: 2, text: "a" }, type: "Page" }, null, { o: { id: 3 }, type: null }],
        best: { o: { id: 4, text: "b" }, type: "Page" },
      },
    });
  });

  test("may be dicts: defaults and properties are the dataclass's, null if a key may be missing", async () => {
    const columns = ["id", "title", "initial", "color"];
    expect(
      await returned("{'id': 1, 'x': 2.5, 'y': object(), 'title': 'Emma'}", { Book: { ...none, columns } }),
    ).toEqual({
      o: { id: 1, x: 2.5, title: "Emma", initial: "E", color: null },
      type: null,
    });
    expect(await returned("{'title': 'Emma'}", { Book: { ...none, columns: ["id"] } })).toMatchObject({
      o: { id: { e: { message: "the dict for type Book has no key 'id'", code: "PUFF_VALUE_INVALID" } } },
    });
  });

  test("may be anything with attributes", async () => {
    const columns = ["title", "color"];
    expect(await returned("Anything(id=1, title='Emma', pages=[])", { Book: { ...none, columns } })).toMatchObject({
      o: {
        id: 1,
        title: "Emma",
        color: { e: { type: "AttributeError", message: "'Anything' object has no attribute 'color'" } },
      },
      type: null,
    });
  });

  test("of interfaces and unions carry their type", async () => {
    const each = { Book: none, Page: none, Stone: none };
    const expression = "[Book(1), Page(2, 'a'), Special(3), {'__typename': 'Stone', 'id': 4}, Anything(id=5), None]";
    expect(await returned(expression, each, "list[Item | None]")).toMatchObject([
      { type: "Book" },
      { type: "Page" },
      { type: "Book", o: { id: 3 } },
      { type: "Stone" },
      { type: null, o: { id: 5 } },
      null,
    ]);
  });

  test("have their methods called, each result or error in its place", async () => {
    const method = (field: string, args = {}, selection: ValueSelection | null = null) => ({
      key: `${field}()`,
      field,
      args,
      selection,
    });
    const methods = [
      method("label", { mark: "!" }),
      method("again", {}, { Book: { ...none, columns: ["color"] } }),
      method("later"),
      method("wrong", {}, { Comment: none }),
    ];
    expect(await returned("Book(1, 'Emma')", { Book: { ...none, methods } })).toMatchObject({
      o: {
        "label()": "!1 t",
        "again()": { o: { id: 2, color: "b" }, type: "Book" },
        "later()": 1,
        "wrong()": { e: { code: "PUFF_PLAN_INVALID", message: expect.stringContaining("Make it a @classmethod") } },
      },
    });
    expect(await returned("{'id': 7}", { Book: { ...none, methods: methods.slice(0, 1) } })).toMatchObject({
      o: { "label()": "!7 t" },
    });
  });

  test.each([
    ["5", "the field is an object of type Book, but got the int 5"],
    ["[Book(1)]", "the field is one Book, but got a list"],
  ])("are not %s", async (expression, message) => {
    expect(await returned(expression, { Book: none })).toMatchObject({ kind: "failure", error: { message } });
  });

  test("in a list are not plans", async () => {
    expect(await returned("[sql('SELECT 1')]", { Book: none }, "list[Book]")).toMatchObject({
      kind: "failure",
      error: { message: "a plan answers a field, and stands here for one object of a list" },
    });
  });
});

describe("instance methods on rows", () => {
  const parents = {
    count: 2,
    columns: {
      id: { oid: 23, texts: ["1", "2"] },
      title: { oid: 25, texts: ["Emma", null] },
      color: { oid: 25, texts: ["b", "RED"] },
    },
  };

  test("are called on instances made of the columns, without __init__", async () => {
    await returned("None", { Book: none });
    const label = await python.resolve("Book.label", { args: { mark: "-" }, parents });
    expect(label).toEqual({ kind: "each", values: ["-1 None", "-2 None"] });
  });

  test("see enums as members, and columns that are not there as their default", async () => {
    await python.description(`${prelude}
@dataclass
class Row:
    id: int
    color: Color
    colors: list[Color]
    size: int = 5
    other: int = field(default_factory=int)
    def it(self) -> str:
        return repr((self.color, self.colors, self.size))
    def far(self) -> str:
        return str(self.other)
@dataclass
class Query:
    @classmethod
    def rows(cls, ctx: Context, /) -> Plan[list[Row]]: ...
@dataclass
class Schema:
    query: Query
`);
    const columns = { ...parents.columns, colors: { oid: 1009, texts: ["{r,b}", "{NULL}"] } };
    expect(await python.resolve("Row.it", { parents: { count: 2, columns } })).toEqual({
      kind: "each",
      values: ["(<Color.BLUE: 'b'>, [<Color.RED: 'r'>, <Color.BLUE: 'b'>], 5)", "(<Color.RED: 'r'>, [None], 5)"],
    });
    const arrays = { ...parents.columns, colors: { oid: 90_000, delimiter: ",", texts: ["{r,b}", null] } };
    expect(await python.resolve("Row.it", { parents: { count: 2, columns: arrays } })).toEqual({
      kind: "each",
      values: ["(<Color.BLUE: 'b'>, [<Color.RED: 'r'>, <Color.BLUE: 'b'>], 5)", "(<Color.RED: 'r'>, None, 5)"],
    });
    expect(
      await python.resolve("Row.far", { parents: { count: 1, columns: { id: { oid: 23, texts: ["1"] } } } }),
    ).toMatchObject({
      values: [{ e: { message: expect.stringContaining("has no column other: add it to its SELECT.") } }],
    });
  });

  test("read what Python can hold, whatever other columns have", async () => {
    for (const slots of ["", "(slots=True)"]) {
      await python.description(`${prelude}
@dataclass${slots}
class Row:
    id: int
    until: datetime.datetime
    colors: list[Color] | None
    def name(self) -> str:
        return f"{self.id} {isinstance(self, Row)} {type(self).__name__}"
    def end(self) -> str:
        return str(self.until)
@dataclass
class Query:
    @classmethod
    def rows(cls, ctx: Context, /) -> Plan[list[Row]]: ...
@dataclass
class Schema:
    query: Query
`);
      const columns = {
        id: { oid: 23, texts: ["1", "2", "3"] },
        until: { oid: 1184, texts: ["infinity", "2024-05-01 12:30:00+00", "0001-01-01 00:00:00+00 BC"] },
        colors: { values: [[{ t: [25, "r"] as const }], null, null] },
      };
      expect(await python.resolve("Row.name", { parents: { count: 3, columns } })).toEqual({
        kind: "each",
        values: ["1 True Row", "2 True Row", "3 True Row"],
      });
      expect(await python.resolve("Row.end", { parents: { count: 3, columns } })).toMatchObject({
        values: [
          { e: { type: "ValueError", message: "until: 'infinity' does not fit into a Python datetime" } },
          "2024-05-01 12:30:00+00:00",
          {
            e: {
              type: "ValueError",
              message: "until: '0001-01-01 00:00:00+00 BC' does not fit into a Python datetime",
            },
          },
        ],
      });
    }
  });

  test("need their columns first", async () => {
    await returned("None", { Book: none });
    expect(await python.resolve("Item.label", { parents: "symbols" })).toEqual({ kind: "needs", columns: ["id"] });
  });
});
