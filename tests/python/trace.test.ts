/** Pure resolvers, called with symbols in place of their arguments. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Arguments, ResolveResult } from "../../schema/index.ts";
import { prelude, TestPython } from "../support/python/pyodide.ts";

let python: TestPython;

beforeAll(async () => {
  python = await TestPython.start();
});
afterAll(() => python.close());

const symbol = (argument: string, as: string) => ({ argument, as });

async function trace(parameters: string, body: string, args: Arguments): Promise<ResolveResult> {
  await python.loadIt(body, { parameters, returns: "list[Post] | None" });
  return python.resolve("Query.it", { args, trace: true, selection: {} });
}

describe("arguments that only become parameters", () => {
  test.each<[parameters: string, args: Arguments, expected: unknown]>([
    ["a: int", { a: 5 }, symbol("a", "int")],
    ["a: BigInt", { a: "5" }, symbol("a", "bigint")],
    ["a: str", { a: "x" }, symbol("a", "str")],
    ["a: ID", { a: "x" }, symbol("a", "str")],
    ["a: float", { a: 1.5 }, symbol("a", "float")],
    ["a: decimal.Decimal", { a: "1.5" }, symbol("a", "decimal")],
    ["a: uuid.UUID", { a: "1b671a64-40d5-491e-99b0-da01ff1f3341" }, symbol("a", "uuid")],
    ["a: int | None = None", { a: 5 }, symbol("a", "int")],
  ])("%s is a symbol", async (parameters, args, expected) => {
    expect(await trace(parameters, 'return sql("SELECT $1", a)', args)).toMatchObject({
      kind: "traced",
      looked: [],
      plan: { kind: "sql", params: [expected] },
    });
  });

  test.each<[parameters: string, args: Arguments, looked: string[], expected: unknown]>([
    ["a: bool", { a: true }, ["a"], [16, "t"]],
    ["a: datetime.date", { a: "2024-05-01" }, ["a"], [1082, "2024-05-01"]],
    ["a: int | None = None", { a: null }, [], [0, null]],
    ["a: list[int]", { a: [1, 2] }, [], [1007, "{1,2}"]],
    ["a: list[int]", { a: [] }, [], [1007, "{}"]],
    ["a: JSON", { a: [] }, [], [3802, "[]"]],
    ["a: JSON", { a: "5" }, ["a"], [3802, '"5"']],
    ["a: int = 7", {}, [], [23, "7"]],
  ])("%s is its value", async (parameters, args, looked, expected) => {
    expect(await trace(parameters, 'return sql("SELECT $1", a)', args)).toMatchObject({
      kind: "traced",
      looked,
      plan: { params: [expected] },
    });
  });
});

describe("input objects", () => {
  const filter = `
@dataclass
class Range:
    low: int
    high: int | None = None
@dataclass
class Filter:
    name: str
    open: bool = True
    range: Range | None = None
    tags: list[str] = field(default_factory=list)
`;
  const args = { filter: { name: "x", open: true, range: { low: 1, high: null }, tags: ["a"] } };

  const traceFilter = async (body: string) => {
    await python.loadIt(body, { parameters: "filter: Filter", returns: "list[Post] | None", before: filter });
    return python.resolve("Query.it", { args, trace: true, selection: {} });
  };

  test("have a symbol for each leaf", async () => {
    const body = 'return sql("SELECT $1, $2, $3, $4", filter.name, filter.range.low, filter.range.high, filter.tags)';
    expect(await traceFilter(body)).toMatchObject({
      kind: "traced",
      looked: ["filter.open"],
      plan: { params: [symbol("filter.name", "str"), symbol("filter.range.low", "int"), [0, null], [0, "{a}"]] },
    });
  });

  test("are known by the leaves that are looked at", async () => {
    expect(await traceFilter('return sql(f"SELECT {filter.range.low + 1}, $1", filter.name)')).toMatchObject({
      kind: "traced",
      looked: ["filter.open", "filter.range.low"],
      plan: { text: "SELECT 2, $1", params: [symbol("filter.name", "str")] },
    });
  });
});

test("a list of parameters may hold symbols", async () => {
  expect(await trace("a: int, b: int", 'return sql("SELECT $1", [a, 7, None, b])', { a: 3, b: 4 })).toMatchObject({
    looked: [],
    plan: { params: [{ items: [symbol("a", "int"), [23, "7"], [0, null], symbol("b", "int")] }] },
  });
});

describe("claims of the caller", () => {
  const asDict = { tenant: 7, name: "Ann", admin: true, org: { id: 3 }, roles: ["a"] };
  const claim = (path: string[], as: string) => ({ claim: path, as });
  const dataclass = "@dataclass\nclass Org:\n    id: int\n@dataclass\nclass User:\n    tenant: int\n    org: Org\n";

  async function traceFor(auth: string, body: string): Promise<ResolveResult | undefined> {
    const { claims, results } = await batchFor(auth, body);
    expect(claims === undefined).toBe(results[0]?.kind !== "traced");
    return results[0];
  }

  async function batchFor(auth: string, body: string) {
    await python.description(`${prelude}${dataclass}
@dataclass
class Query:
    @classmethod
    def it(cls, ctx: Context, /, a: int) -> list[Post] | None:
        ${body}
@dataclass
class Schema:
    query: Query
    @staticmethod
    def auth(headers):
        return ${auth}
`);
    const call = { field: "Query.it", args: { a: 3 }, parents: "root", selection: {}, trace: true } as const;
    return python.batch({ headers: {}, calls: [call] });
  }

  test.each<[auth: string, expression: string, expected: unknown, looked: unknown[]]>([
    ["DICT", 'ctx.auth["tenant"]', claim(["tenant"], "int"), []],
    ["DICT", 'ctx.auth["name"]', claim(["name"], "str"), []],
    ["DICT", 'ctx.auth.get("name")', claim(["name"], "str"), []],
    ["DICT", 'ctx.auth["org"]["id"]', claim(["org", "id"], "int"), []],
    ["DICT", 'ctx.auth["admin"]', [16, "t"], []],
    ["DICT", 'ctx.auth["roles"]', [0, "{a}"], []],
    ["DICT", 'ctx.auth.get("none", 5)', [23, "5"], []],
    ["DICT", '"name" in ctx.auth', [16, "t"], []],
    ["DICT", 'ctx.auth["tenant"] + 1', [23, "8"], [["tenant"]]],
    ["DICT", "a", symbol("a", "int"), []],
    ["User(7, Org(3))", "ctx.auth.tenant", claim(["tenant"], "int"), []],
    ["User(7, Org(3))", "ctx.auth.org.id", claim(["org", "id"], "int"), []],
  ])("of %s: %s", async (auth, expression, expected, looked) => {
    const value = auth === "DICT" ? `json.loads('${JSON.stringify(asDict)}')` : auth;
    expect(await traceFor(value, `return sql("SELECT $1", ${expression})`)).toMatchObject({
      kind: "traced",
      looked: [],
      claims: expression.includes("ctx") ? looked : null,
      plan: { params: [expected] },
    });
  });

  test.each([
    ["{'id': 7}", "ctx.auth == {'id': 7}"],
    ["{'id': 7}", "len(ctx.auth)"],
    ["{'id': 7}", "isinstance(ctx.auth, dict)"],
    ["{'id': 7}", "json.dumps({**ctx.auth})"],
    ["User(7, Org(3))", "isinstance(ctx.auth, User)"],
    ["User(7, Org(3))", "repr(ctx.auth)"],
  ])("of %s: a plan with %s is for this caller alone", async (auth, expression) => {
    const { results } = await batchFor(auth, `return sql("SELECT $1, $2", a, ${expression})`);
    expect(results[0]).toMatchObject({ kind: "sql", params: [[23, "3"], expect.anything()] });
  });

  test.each(["{'at': datetime.date(2024, 5, 1)}", "{'rate': 1.5}", "{1: 2}", "5", "User(2**60, Org(3))"])(
    "%s has no form in JSON that is the same again",
    async (auth) => {
      expect(await traceFor(auth, 'ctx.auth\n        return sql("SELECT $1", a)')).toMatchObject({ kind: "sql" });
    },
  );
});

describe("a value that is looked at", () => {
  test.each([
    "if a > 100: a = 100",
    "if not a: a = 1",
    "a = a + 1",
    "a = 1 + a",
    "a = -a",
    "a = int(a)",
    "a = [[a]]",
    "a = f'{a}'",
    "a = str(a)",
    "a = f'{a!r}'",
    "a = 'x' * a",
    "a = list(range(a))",
    "a = a.bit_length()",
    "a = {a: 1}[a]",
    "a = a if isinstance(a, int) else 0",
    "a = 1 if a == 3 else 2",
    "a = 1 if a in (1, 2, 3) else 2",
    "match a:\n    case 3: a = 4\n    case _: a = 5",
    "try:\n    a = a + 1\nexcept BaseException:\n    a = 0",
    "a = __import__('json').dumps({'a': a})",
    "a = __import__('datetime').timedelta(days=a)",
  ])("is known: %s", async (body) => {
    const result = await trace("a: int, b: str", `${body}\nreturn sql("SELECT $1, $2", a, b)`, { a: 3, b: "y" });
    expect(result).toMatchObject({ kind: "traced", plan: { kind: "sql" } });
    expect(result.kind === "traced" && result.looked).toContain("a");
    const fresh = await python.resolve("Query.it", { args: { a: 3, b: "y" }, selection: {} });
    expect(fresh.kind === "sql" && fresh.params[0]).toEqual(result.kind === "traced" && result.plan.params[0]);
  });

  test("leaves the others symbols", async () => {
    expect(await trace("a: int, b: str", 'return sql(f"SELECT $1 LIMIT {int(a)}", b)', { a: 3, b: "y" })).toMatchObject(
      { looked: ["a"], plan: { text: "SELECT $1 LIMIT 3", params: [symbol("b", "str")] } },
    );
  });
});

describe("what is not kept", () => {
  test("a plan that depends on who asks", async () => {
    const result = await trace("a: int", 'ctx.auth_token\nreturn sql("SELECT $1", a)', { a: 3 });
    expect(result).toMatchObject({ kind: "sql", params: [[23, "3"]] });
  });

  test("a value", async () => {
    expect(await trace("a: int", "return None", { a: 3 })).toMatchObject({ kind: "value", value: null });
  });

  test("an exception, which is the one of the real values", async () => {
    const result = await trace("a: int", "raise ValueError(a)", { a: 3 });
    expect(result).toMatchObject({ kind: "failure", error: { type: "ValueError", message: "3" } });
  });
});
