/** Pure resolvers are asked once; their plans are bound to each request's values. */
import { describe, expect, it } from "vitest";
import type { ArgumentKind, Claims, ParametricPlan, ResolveResult, ResolverCall } from "../../schema/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase();

const seven: [type: string, kind: ArgumentKind, value: unknown, oid: string][] = [
  ["Int", "int", 7, "integer"],
  ["Int", "int", -32769, "integer"],
  ["BigInt", "bigint", "7", "bigint"],
  ["BigInt", "bigint", "9223372036854775808", "numeric"],
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

  it("of a mutation writes each time, without a call", async () => {
    await database.run("CREATE TABLE written (name text)");
    const { run, batches } = sketchPlanner({
      types: { Query: { it: "String" }, Mutation: { write: "String" } },
      args: { "Mutation.write": { a: "String" } },
      pure: true,
      resolvers: {
        "Mutation.write": (call) => traced(call, "INSERT INTO written VALUES ($1) RETURNING name", "str"),
      },
      database,
    });
    for (const a of ["x", "y", "x"]) {
      expect((await run("mutation ($a: String) { write(a: $a) }", { a })).data).toEqual({ write: a });
    }
    expect(batches).toEqual([["Mutation.write"]]);
    expect((await database.query({ text: "SELECT FROM written", params: [] })).count).toBe(3);
  });

  it("is good for one value of what its resolver looked at", async () => {
    const { run, batches } = sketch("Int", (call) => ({
      kind: "traced",
      plan: sql(`SELECT '${call.args["a"]}' AS value`),
      looked: ["a"],
      claims: null,
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
      claims: null,
    }));
    expect((await run("{ it }")).data).toEqual({ it: "{}" });
    expect((await run("{ it(a: null) }")).data).toEqual({ it: '{"a":null}' });
    expect((await run("{ it(a: 5) }")).data).toEqual({ it: '{"a":5}' });
    await run("{ it }");
    await run("{ it(a: null) }");
    expect(batches).toHaveLength(3);
  });
});

describe("input objects and lists", () => {
  it("are bound leaf by leaf, and are known by what is null or was looked at", async () => {
    const { run, batches } = sketch("JSON", () => ({
      kind: "traced",
      plan: {
        ...sql("SELECT concat_ws(' ', $1::text, $2::text) AS value"),
        params: [
          { argument: "a.name", as: "str" },
          { items: [{ argument: "a.range.low", as: "int" }, [0, null], [21, "9"]] },
        ],
      },
      looked: ["a.open"],
      claims: null,
    }));
    const ask = async (a: object) => (await run("query ($a: JSON) { it(a: $a) }", { a })).data;
    const value = { name: "x", open: true, range: { low: 1, high: null } };
    expect(await ask(value)).toEqual({ it: "x {1,NULL,9}" });
    expect(await ask({ ...value, name: "y", range: { low: 70_000, high: null } })).toEqual({ it: "y {70000,NULL,9}" });
    expect(batches).toHaveLength(1);
    await ask({ ...value, open: false });
    await ask({ ...value, range: { low: 1, high: 2 } });
    expect(batches).toHaveLength(3);
  });
});

describe("claims of the caller", () => {
  const claimed = (looked: readonly string[][]): ResolveResult => ({
    kind: "traced",
    plan: { ...sql("SELECT $1::text AS value"), params: [{ claim: ["org", "id"], as: "int" }] },
    looked: [],
    claims: looked,
  });

  function sketchFor(claims: (() => Claims) | undefined, resolve: () => ResolveResult) {
    return sketchPlanner({
      types: { Query: { it: "String" } },
      pure: true,
      resolvers: { "Query.it": resolve },
      auth: () => null,
      ...(claims === undefined ? {} : { claims }),
      database,
    });
  }

  it("are bound to each request's: Python is entered for them alone", async () => {
    let id = 0;
    const { run, batches } = sketchFor(
      () => ({ org: { id: ++id }, admin: true }),
      () => claimed([]),
    );
    for (const expected of ["1", "2", "3"]) {
      expect((await run("{ it }")).data).toEqual({ it: expected });
    }
    // At first one alone says who asks: nothing is compiled for strangers.
    expect(batches).toEqual([[], ["Query.it"], [], []]);
  });

  it("make another trace where their shape or a value that was looked at is another", async () => {
    const callers = [
      { org: { id: 1 }, role: "a", admin: true },
      { org: { id: 1 }, role: "a", admin: true },
      { org: { id: 2 }, role: "a", admin: true },
      { org: { id: 3 }, role: "b", admin: true },
      { org: { id: 4 }, role: "b", admin: false },
      { org: { id: 5 }, role: "b", admin: false },
    ];
    const { run, batches } = sketchFor(
      () => callers[batches.filter((calls) => calls.length === 0).length] ?? {},
      () => claimed([["role"]]),
    );
    expect((await run("{ it }")).data).toEqual({ it: "1" });
    for (const expected of ["2", "3", "4", "5"]) {
      expect((await run("{ it }")).data).toEqual({ it: expected });
    }
    expect(batches.filter((calls) => calls.length > 0)).toHaveLength(3);
  });

  it("that are not JSON have no trace", async () => {
    const { run, batches } = sketchFor(undefined, () => sql("SELECT 'x' AS value"));
    await run("{ it }");
    await run("{ it }");
    expect(batches).toEqual([[], ["Query.it"], ["Query.it"]]);
  });
});

describe("a plan that decorates its resolver", () => {
  const params = (as: ArgumentKind) => [{ argument: "a", as }];

  it.each<[type: string, kind: ArgumentKind, value: unknown, expected: string]>([
    ...seven.map(
      ([type, kind, value, oid]) => [type, kind, value, `${oid} ${value}`] as [string, ArgumentKind, unknown, string],
    ),
    ["String", "str", 'it\'s \\ "quoted"', 'text it\'s \\ "quoted"'],
    ["Boolean", "bool", true, "boolean true"],
    ["DateTime", "datetime", "2024-05-01T12:30:00.5Z", "timestamp with time zone 2024-05-01 12:30:00.5+00"],
    ["DateTime", "datetime", "2024-05-01 12:30:00", "timestamp without time zone 2024-05-01 12:30:00"],
    ["Date", "date", "2024-05-01", "date 2024-05-01"],
    ["Time", "time", "12:30:00", "time without time zone 12:30:00"],
    ["Time", "time", "12:30:00+01:00", "time with time zone 12:30:00+01"],
    ["Duration", "duration", "P1DT2H", "interval P1DT2H"],
    ["Bytes", "bytes", "aGVsbG8=", "bytea \\x68656c6c6f"],
    ["JSON", "json", { a: [1, null] }, 'jsonb {"a": [1, null]}'],
    ["[Int]", "int[]", [1, null, 70_000], "integer[] {1,NULL,70000}"],
    ["[String]", "str[]", ['a "b"', "NULL", null], 'text[] {"a \\"b\\"","NULL",NULL}'],
    ["[Int]", "int[]", [], "integer[] {}"],
    [
      "[[Int]]",
      "int[][]",
      [
        [1, 2],
        [3, null],
      ],
      "integer[] {{1,2},{3,NULL}}",
    ],
    ["[[Int]]", "int[][]", [[], []], "integer[] {}"],
    ["[DateTime]", "datetime[]", [], "timestamp with time zone[] {}"],
    ["[JSON]", "json[]", [[], "5"], 'jsonb[] {[],"\\"5\\""}'],
    ["Int", "int", null, "text "],
  ])("gives %s as %s: %j", async (type, as, value, expected) => {
    const array = as === "str[]" ? "::text[]" : as === "str" || value === null ? "::text" : "";
    const text = `SELECT pg_typeof($1${array})::text || ' ' || coalesce($1::text, '') AS value`;
    const { run, batches } = decorated(type, { ...sql(text), params: params(as) });
    expect((await run(`query ($a: ${type}) { it(a: $a) }`, { a: value })).data).toEqual({ it: expected });
    expect(batches).toEqual([]);
  });

  it("takes an argument that is absent as null", async () => {
    const { run, batches } = decorated("Int", {
      ...sql("SELECT coalesce($1::text, 'none') AS value"),
      params: params("int"),
    });
    expect((await run("{ it }")).data).toEqual({ it: "none" });
    expect(batches).toEqual([]);
  });
});

it("a list among the variables that is too long is refused", async () => {
  const { run, batches } = sketch("[String]", (call) => traced(call, "SELECT 'x' AS value", "str"));
  const { status, errors } = await run("query ($a: [String]) { it(a: $a) }", { a: Array(6).fill("x") });
  expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: "PUFF_LIST_TOO_LONG" });
  expect(errors?.[0]?.message).toContain("$a: the list has 6 items, but only 5 are allowed");
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
      return call.trace === true ? { kind: "traced", plan, looked: [], claims: null } : plan;
    };
    const { run, reported } = sketch("Int", clock, 1);
    await run("{ it }"); // traced
    await run("{ it }"); // kept, and compared afterwards
    await expect.poll(() => reported.length).toBe(1);
    expect(reported[0]).toMatchObject({
      code: "PUFF_RESOLVER_IMPURE",
      extensions: { kept: expect.stringContaining("'1'") },
    });
    expect((await run("{ it }")).data).toEqual({ it: "4" });
    expect((await run("{ it }")).data).toEqual({ it: "5" });
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

  it("is not suspected where it writes other SQL for a symbol than for its value", async () => {
    const pure = (call: ResolverCall): ResolveResult =>
      call.trace === true
        ? traced(call, "SELECT ($1)::text AS value", "int")
        : sql("SELECT $1::text AS value", { params: [[21, `${call.args["a"]}`]] });
    const { run, reported, batches } = sketch("Int", pure, 1);
    await run("{ it(a: 1) }");
    await run("{ it(a: 2) }");
    await expect.poll(() => batches.length).toBe(2);
    expect(reported).toEqual([]);
  });
});

function traced(_call: ResolverCall, text: string, as: ArgumentKind): ResolveResult {
  const params = text.includes("$1") ? [{ argument: "a", as }] : [];
  return { kind: "traced", plan: { ...sql(text), params }, looked: [], claims: null };
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

function decorated(type: string, plan: ParametricPlan) {
  return sketchPlanner({
    types: { Query: { it: "String" } },
    args: { "Query.it": { a: type } },
    plans: { "Query.it": plan },
    resolvers: {
      "Query.it": () => {
        throw new Error("Python was called");
      },
    },
    database,
  });
}
