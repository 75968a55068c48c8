/** What resolvers return becomes plans, what they raise failures. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const sqlPlan = {
  kind: "sql",
  text: "SELECT 1",
  params: [],
  parentKeys: [],
  childKeys: [],
  typeColumn: "__typename",
  typeNames: null,
};

describe("what a resolver returns", () => {
  test.each([
    ['sql("SELECT 1")', sqlPlan],
    [
      'sql("SELECT 1", 1, "a", None)',
      {
        ...sqlPlan,
        params: [
          [23, "1"],
          [0, "a"],
          [0, null],
        ],
      },
    ],
    [
      'sql("SELECT 1").on(id="post_id", kind="kind")',
      { ...sqlPlan, parentKeys: ["id", "kind"], childKeys: ["post_id", "kind"] },
    ],
    ['sql("SELECT 1").types()', sqlPlan],
    ['sql("SELECT 1").types("kind")', { ...sqlPlan, typeColumn: "kind" }],
    [
      'sql("SELECT 1").types("kind", {"p": Post, 2: Comment, Color.RED: Post})',
      { ...sqlPlan, typeColumn: "kind", typeNames: { p: "Post", 2: "Comment", r: "Post" } },
    ],
    ['(..., "SELECT 1", [5])', { ...sqlPlan, params: [[23, "5"]] }],
    [
      '(..., "SELECT 1", (5,), ["id"], ["post_id"])',
      { ...sqlPlan, params: [[23, "5"]], parentKeys: ["id"], childKeys: ["post_id"] },
    ],
    ['(..., "SELECT 1", [], "id", "post_id")', { ...sqlPlan, parentKeys: ["id"], childKeys: ["post_id"] }],
    ["(..., None)", { kind: "value", value: null, parentKeys: [], childKeys: [] }],
    ["(..., [], ['id'], ['post_id'])", { kind: "value", value: [], parentKeys: ["id"], childKeys: ["post_id"] }],
    ["None", { kind: "value", value: null, parentKeys: [], childKeys: [] }],
  ])("%s", async (expression, plan) => {
    await python.loadIt(`return ${expression}`, { returns: "list[Post | Comment] | None" });
    expect(await python.resolve("Query.it", { selection: {} })).toEqual(plan);
  });

  test("objects with keys for a field of one object are a list, one for each parent", async () => {
    await python.loadIt("return ..., [Post(1, 'x')], ['id'], ['id']", { returns: "Post | None" });
    expect(await python.resolve("Query.it", { selection: {} })).toMatchObject({
      kind: "value",
      value: [{ o: { id: 1 } }],
      parentKeys: ["id"],
      childKeys: ["id"],
    });
  });

  test.each([
    ['sql("SELECT 1", object())', "a object can't be a parameter of a statement"],
    ['sql("SELECT 1", [1, "a"])', "the items of an array have one type"],
    ["sql(5)", "the text of a plan is a str, a QuerySet or a select(), not int"],
    ['sql("SELECT 1").on(id=5)', "on() takes names of columns"],
    ['sql("SELECT 1").types("kind", {"x": "Post"})', "types() maps values to dataclasses"],
    ['sql("SELECT 1").types("kind", {"x": int})', "types() names int, which is not an object type of the schema"],
    ['(..., "SELECT 1", 5)', "the parameters of (..., sql, params) are a list, not 5"],
    ['(..., "SELECT 1", [], ["id"], [])', "1 parent keys ('id',) for 0 child keys ()"],
    ['(..., "SELECT 1", [], [5], ["x"])', "keys are names of columns, not 5"],
    ["(...,)", "a tuple of 1 that begins with ... is not a plan"],
  ])("%s is not a plan", async (expression, message) => {
    await python.loadIt(`return ${expression}`, { returns: "list[Post] | None" });
    const result = await python.resolve("Query.it", { selection: {} });
    expect(result).toMatchObject({ kind: "failure", error: { code: "PUFF_PLAN_INVALID", safe: false } });
    const error = result.kind === "failure" ? result.error : null;
    expect(error?.message).toContain(message);
    // Whether the user's line raised it or the return value is wrong: the traceback points to the user's file.
    expect(error?.traceback).toMatch(/schema\.py", line \d+, in it\n/);
  });

  describe("as a decorator", () => {
    const decorated = (plan: string, parameters = "") => `${prelude}
@dataclass
class Query:
    @classmethod
    @${plan}
    def it(cls, ctx, /${parameters}) -> Plan[list[Post]]:
        """It."""
        raise RuntimeError
@dataclass
class Schema:
    query: Query
`;

    test("is part of the schema's description", async () => {
      const text =
        'sql("SELECT $1, $2, $3", graphql.parents["id"], args=["id", "name"], parent_key="a", child_key=["b"])';
      const { types } = await python.description(decorated(text, ", name: str, id: int = 7"));
      expect(types[0]).toMatchObject({
        fields: [
          {
            description: "It.",
            source: {
              kind: "resolver",
              pure: false,
              plan: {
                ...sqlPlan,
                text: "SELECT $1, $2, $3",
                params: [{ parent: "id" }, { argument: "id", as: "int" }, { argument: "name", as: "str" }],
                parentKeys: ["a"],
                childKeys: ["b"],
              },
            },
          },
        ],
      });
    });

    test.each([
      ["bool", "bool"],
      ["datetime.datetime", "datetime"],
      ["datetime.date", "date"],
      ["datetime.time", "time"],
      ["datetime.timedelta", "duration"],
      ["bytes", "bytes"],
      ["JSON", "json"],
      ["Color", "str"],
      ['Literal["up", "down"]', "str"],
      ["BigInt", "bigint"],
      ["list[int]", "int[]"],
      ["list[list[int]]", "int[][]"],
      ["list[Color] | None", "str[]"],
      ['Annotated[str, graphql.scalar("Email")]', "str"],
    ])("takes %s as %s", async (type, as) => {
      const { types } = await python.description(decorated('sql("SELECT $1", args=["a"])', `, a: ${type}`));
      expect(types.find(({ name }) => name === "Query")).toMatchObject({
        fields: [{ source: { plan: { params: [{ argument: "a", as }] } } }],
      });
    });

    test.each([
      ['args=["b"]', ", a: int", "args of @graphql.sql names 'b', which is not an argument of Query.it"],
      ['args=["a"]', ", a: Comment", "argument a of Query.it can't be a parameter of @graphql.sql"],
      ['args=["a"]', ', a: Annotated[str, graphql.scalar("Email", parse=str)]', "without Python's help"],
      ['args=["a"]', ", a: list[list[list[list[int]]]]", "without Python's help"],
    ])("refuses %s for%s", async (args, parameters, message) => {
      expect(await python.mistake(decorated(`sql("SELECT $1", ${args})`, parameters))).toContain(message);
    });

    test("refuses an instance method", async () => {
      const source = decorated('sql("SELECT 1")').replace("    @classmethod\n", "").replaceAll("Query", "Thing");
      const root = `@dataclass\nclass Query:\n    @classmethod\n    def thing(cls, ctx, /) -> Thing: ...\n@dataclass\nclass Schema`;
      expect(
        await python.mistake(source.replace("@dataclass\nclass Schema", root).replace("query: Thing", "query: Query")),
      ).toContain("@graphql.sql decorates the instance method Thing.it");
    });
  });

  test("an async resolver is waited for", async () => {
    python.functions.set("wait", async (value) => value ?? null);
    await python.description(`${prelude}
@dataclass
class Query:
    @classmethod
    async def it(cls, ctx: Context, /) -> str:
        await asyncio.sleep(0.001)
        return host.call("wait", ["a", {"b": 1}])[1]["b"]
@dataclass
class Schema:
    query: Query
`);
    expect(await python.resolve("Query.it")).toMatchObject({ kind: "value", value: 1 });
  });
});

describe("what a resolver raises", () => {
  test("is told with the user's frames", async () => {
    await python.loadIt('def inner():\n    raise ValueError("wrong")\ninner()');
    const result = await python.resolve("Query.it");
    const error = result.kind === "failure" ? result.error : null;
    expect({ ...error, traceback: error?.traceback.replaceAll(/\/cases\/case\d+/g, "") }).toMatchInlineSnapshot(`
      {
        "code": null,
        "extensions": null,
        "message": "wrong",
        "safe": false,
        "traceback": "Traceback (most recent call last):
        File "/schema.py", line 27, in it
          inner()
          ~~~~~^^
        File "/schema.py", line 26, in inner
          raise ValueError("wrong")
      ValueError: wrong
      ",
        "type": "ValueError",
      }
    `);
  });

  test("from another exception keeps both", async () => {
    await python.loadIt('try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise KeyError("k") from error');
    const result = await python.resolve("Query.it");
    const traceback = result.kind === "failure" ? result.error.traceback : "";
    expect(traceback).toContain("ZeroDivisionError");
    expect(traceback).toContain("The above exception was the direct cause");
    expect(traceback).not.toContain("/puff/puff/");
  });

  test("a graphql.Error is safe to show, with its extensions", async () => {
    await python.loadIt('raise graphql.Error("No seats left", extensions={"code": "FULL", "left": 0})');
    expect(await python.resolve("Query.it")).toMatchObject({
      error: { type: "Error", message: "No seats left", safe: true, extensions: { code: "FULL", left: 0 } },
    });
  });

  test.each([
    ["raise SystemExit(3)", "SystemExit"],
    ["exit()", "SystemExit"],
    ["raise GeneratorExit", "GeneratorExit"],
    ["def f(): f()\nf()", "RecursionError"],
    ["assert False", "AssertionError"],
    ["from js import fetch\nfetch.nothing.more", "AttributeError"],
    ["raise ExceptionGroup('many', [ValueError(1), KeyError(2)])", "ExceptionGroup"],
  ])("%s ends that call alone", async (body, type) => {
    await python.loadIt(body);
    expect(await python.resolve("Query.it")).toMatchObject({ kind: "failure", error: { type } });
    expect(await python.resolve("Query.it")).toMatchObject({ kind: "failure", error: { type } });
  });

  test("an interrupt passes through, for the deadline's sake", async () => {
    await python.loadIt("raise KeyboardInterrupt");
    await expect(python.resolve("Query.it")).rejects.toMatchObject({ type: "KeyboardInterrupt" });
  });

  test("an unknown field is a failure", async () => {
    await python.loadIt("return 'a'");
    expect(await python.resolve("Query.nothing")).toMatchObject({
      kind: "failure",
      error: { message: "Query.nothing has no resolver" },
    });
  });
});
