/** Pure resolvers are asked once; their plans are bound to each request's values. */
import { describe, expect, it } from "vitest";
import type { ArgumentKind, ResolveResult, ResolverCall } from "../schema/index.ts";
import { sketchPlanner, sql } from "./support/planner.ts";
import { ownDatabase } from "./support/postgres.ts";

const database = await ownDatabase();

const seven: [type: string, kind: ArgumentKind, value: unknown, oid: string][] = [
  ["Int", "int", 7, "smallint"],
  ["Int", "int", -32769, "integer"],
  ["BigInt", "int", "2147483648", "bigint"],
  ["BigInt", "int", "9223372036854775808", "numeric"],
  ["Float", "float", 1.5, "double precision"],
  ["Decimal", "decimal", "1.50", "numeric"],
  ["UUID", "uuid", "1b671a64-40d5-491e-99b0-da01ff1f3341", "uuid"],
];

describe("a traced plan", () => {
  it.each(seven)("gives an argument of type %s as %s: %s is %s", async (type, kind, value, expected) => {
    const { run, batches } = sketch(type, (call) => traced(call, "SELECT pg_typeof($1)::text AS value", kind));
    const query = `query ($a: ${type}) { it(a: $a) }`;
    expect((await run(query, { a: value })).data).toEqual({ it: expected });
    expect((await run(query, { a: value })).data).toEqual({ it: expected });
    expect(batches).toHaveLength(1);
  });

  it("is bound to other values without a call", async () => {
    const { run, batches } = sketch("String", (call) => traced(call, "SELECT $1::text AS value", "str"));
    for (const a of ["x", "y", 'it\'s \\ "quoted"', ""]) {
      expect((await run("query ($a: String) { it(a: $a) }", { a })).data).toEqual({ it: a });
    }
    expect(batches).toEqual([["Query.it"]]);
  });

  it("is good for one value of what its resolver looked at", async () => {
    const { run, batches } = sketch("Int", (call) => ({
      kind: "traced",
      plan: sql(`SELECT '${call.args["a"]}' AS value`),
      looked: ["a"],
    }));
    for (const a of [1, 2, 1, 2]) {
      expect((await run("query ($a: Int) { it(a: $a) }", { a })).data).toEqual({ it: `${a}` });
    }
    expect(batches).toHaveLength(2);
  });

  it("is another where an argument is null or absent", async () => {
    const { run, batches } = sketch("Int", (call) => ({
      kind: "traced",
      plan: sql(`SELECT '${JSON.stringify(call.args)}' AS value`),
      looked: [],
    }));
    expect((await run("{ it }")).data).toEqual({ it: "{}" });
    expect((await run("{ it(a: null) }")).data).toEqual({ it: '{"a":null}' });
    expect((await run("{ it(a: 5) }")).data).toEqual({ it: '{"a":5}' });
    await run("{ it }");
    await run("{ it(a: null) }");
    expect(batches).toHaveLength(3);
  });
});

it("a list among the variables that is too long is refused", async () => {
  const { run, batches } = sketch("[String]", (call) => traced(call, "SELECT 'x' AS value", "str"));
  const { status, errors } = await run("query ($a: [String]) { it(a: $a) }", { a: Array(6).fill("x") });
  expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: "PUFF_LIST_TOO_LONG" });
  expect(errors?.[0]?.message).toContain("$a: the list has 6 items, and 5 are allowed");
  expect(batches).toEqual([]);
});

it("traces are bounded by what they hold, not by their number alone", async () => {
  const { run, batches } = sketch("[String]", (call) => traced(call, "SELECT 'x' AS value", "str"));
  const ask = (text: string) => run("query ($a: [String]) { it(a: $a) }", { a: [text] });
  const large = ["a", "b", "c"].map((letter) => letter.repeat(4_000_000));
  for (const text of [...large, large[2] ?? "", large[0] ?? ""]) {
    await ask(text);
  }
  expect(batches).toHaveLength(4); // the last was kept, the first had to go
});

describe("a resolver that is not pure after all", () => {
  it("is found out, reported with both plans, and asked each time from then on", async () => {
    let now = 0;
    const clock = (call: ResolverCall): ResolveResult => {
      const plan = sql(`SELECT '${++now}' AS value`);
      return call.trace === true ? { kind: "traced", plan, looked: [] } : plan;
    };
    const { run, reported } = sketch("Int", clock, 1);
    await run("{ it }"); // traced
    await run("{ it }"); // kept, and compared afterwards
    await expect.poll(() => reported.length).toBe(1);
    expect(reported[0]).toMatchObject({
      code: "PUFF_RESOLVER_IMPURE",
      extensions: { kept: expect.stringContaining("'1'") },
    });
    expect((await run("{ it }")).data).toEqual({ it: "3" });
    expect((await run("{ it }")).data).toEqual({ it: "4" });
  });

  it("is not suspected where the plans are the same", async () => {
    const pure = (call: ResolverCall): ResolveResult =>
      call.trace === true
        ? traced(call, "SELECT $1::text AS value", "float")
        : sql("SELECT $1::text AS value", { params: [[701, "1.0"]] });
    const { run, reported, batches } = sketch("Float", pure, 1);
    await run("{ it(a: 1) }");
    await run("{ it(a: 1) }");
    await run("{ it(a: 1) }");
    await expect.poll(() => batches.length).toBe(3);
    expect(reported).toEqual([]);
  });
});

function traced(_call: ResolverCall, text: string, as: ArgumentKind): ResolveResult {
  const params = text.includes("$1") ? [{ argument: "a", as }] : [];
  return { kind: "traced", plan: { ...sql(text), params }, looked: [] };
}

function sketch(type: string, resolve: (call: ResolverCall) => ResolveResult, verifyPlans = 0) {
  return sketchPlanner({
    types: { Query: { it: "String" } },
    args: { "Query.it": { a: type } },
    pure: true,
    verifyPlans,
    resolvers: { "Query.it": resolve },
    database,
  });
}
