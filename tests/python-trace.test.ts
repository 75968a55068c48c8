/** Pure resolvers, called with symbols in place of their arguments. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Arguments, ResolveResult } from "../schema/index.ts";
import { TestPython } from "./support/pyodide.ts";

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
    ["a: BigInt", { a: "5" }, symbol("a", "int")],
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
    ["a: list[int]", { a: [1, 2] }, [], [1005, "{1,2}"]],
    ["a: int = 7", {}, [], [21, "7"]],
  ])("%s is its value", async (parameters, args, looked, expected) => {
    expect(await trace(parameters, 'return sql("SELECT $1", a)', args)).toMatchObject({
      kind: "traced",
      looked,
      plan: { params: [expected] },
    });
  });
});

describe("a value that is looked at", () => {
  test.each([
    "if a > 100: a = 100",
    "if not a: a = 1",
    "a = a + 1",
    "a = 1 + a",
    "a = -a",
    "a = int(a)",
    "a = [a]",
    "a = f'{a}'",
    "a = str(a)",
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
    expect(result).toMatchObject({ kind: "sql", params: [[21, "3"]] });
  });

  test("a value", async () => {
    expect(await trace("a: int", "return None", { a: 3 })).toMatchObject({ kind: "value", value: null });
  });

  test("an exception, which is the one of the real values", async () => {
    const result = await trace("a: int", "raise ValueError(a)", { a: 3 });
    expect(result).toMatchObject({ kind: "failure", error: { type: "ValueError", message: "3" } });
  });
});
