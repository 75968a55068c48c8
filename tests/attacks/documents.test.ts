/** Documents that are small as text and large in what they ask for, and variables that nothing behind can hold. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { buildClientSchema, executeSync, getIntrospectionQuery, type IntrospectionQuery, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { defaultLimits } from "../../gateway/options/options.ts";
import type { Database } from "../../planner/index.ts";
import { type PlannerSketch, sketchPlanner } from "../support/planner/planner.ts";

/** Milliseconds of CPU that 10 kB of a document may take before its caller is known, on an idle core. */
const BOUND = 50;
/** Machines that run tests are slow and busy. */
const ALLOWANCE = 10;

const types = {
  Query: { a: "Query!", b: "Query!", i: "Int", s: "String", node: "Node", nodes: "[Node!]!" },
  Left: { id: "ID", self: "Node", left: "Int" },
  Right: { id: "ID", self: "Node", right: "Int" },
  Node: { id: "ID", self: "Node" },
};

const nothing = () => Promise.reject(new Error("no statement is to run"));
const database: Database = { query: nothing, stream: nothing, transaction: nothing };

const one = () => [{}];
const functions: NonNullable<PlannerSketch["functions"]> = {
  "Query.a": one,
  "Query.b": one,
  "Query.i": () => [1],
  "Query.s": () => ["text"],
};

function planner(more: Partial<PlannerSketch> = {}) {
  return sketchPlanner({
    types,
    interfaces: { Node: ["Left", "Right"] },
    args: { "Query.a": { x: "Int", z: "[Int]" } },
    functions,
    database,
    limits: defaultLimits,
    ...more,
  });
}

const repeat = (count: number, part: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => part(index)).join("");

/** Fragments each of which selects the next one below. */
function chain(levels: number, below: (next: string) => string): string {
  const fragments = repeat(levels, (i) => `fragment f${i} on Query { ${below(`...f${i + 1} `)} } `);
  return `{ ...f0 } ${fragments} fragment f${levels} on Query { i }`;
}

/** By what they do: a document, and the code that refuses it; null: it is answered. */
const documents: { readonly [title: string]: readonly [string, string | null] } = {
  "a fragment spread four times at each of 13 levels": [chain(13, (next) => `a { ${next.repeat(4)} }`), null],
  "a fragment spread eight times at each of 18 levels": [chain(18, (next) => `a { ${next.repeat(8)} }`), null],
  "a fragment spread by four equal fields at each of 12 levels": [
    chain(12, (next) => `a { ${next} } `.repeat(4)),
    "PUFF_TOO_MANY_FIELDS",
  ],
  "fields that double at each of 17 levels": [
    chain(17, (next) => `a { ${next} } b { ${next} }`),
    "PUFF_TOO_MANY_FIELDS",
  ],
  "fields of an interface that double at each of 17 levels": [
    `{ node { ...f0 } } ${repeat(17, (i) => `fragment f${i} on Node { self { ...f${i + 1} } a: self { ...f${i + 1} } }`)} fragment f17 on Node { id }`,
    "PUFF_TOO_MANY_ALIASES",
  ],
  "fields of an interface below each other": [
    `{ node { ${"self { ".repeat(18)} id ${"}".repeat(18)} } }`,
    "PUFF_TOO_MANY_FIELDS",
  ],
  "600 operations that share a fragment": [
    `${repeat(600, (i) => `query q${i} { a { ...f } } `)} fragment f on Query { ${"i ".repeat(2000)} }`,
    "PUFF_TOO_MANY_FIELDS",
  ],
  "300 operations that share a list of variables": [
    `${repeat(300, (i) => `query q${i}($v: Int) { ...f } `)} fragment f on Query { a(z: [${"$v ".repeat(3000)}]) { i } }`,
    "PUFF_TOO_MANY_FIELDS",
  ],
  "500 operations over a chain of fragments": [
    `${repeat(500, (i) => `query q${i} { a { ...f0 } } `)} ${chain(150, (next) => `x: i ${next}`).replace("{ ...f0 }", "")}`,
    "PUFF_TOO_MANY_ALIASES",
  ],
  "the same leaf 4,900 times": [`{ a { ${"i ".repeat(4900)} } }`, null],
  "the same object 1,600 times": [`{ a { ${"a { i } ".repeat(1600)} } }`, null],
  "600 fragments that overlap": [
    `{ a { ${repeat(600, (i) => `...f${i} `)} } } ${repeat(600, (i) => `fragment f${i} on Query { a { i } } `)}`,
    null,
  ],
  "2,000 fields of one key that differ": [`{ a { ${"x: i x: s ".repeat(1200)} } }`, "PUFF_TOO_MANY_ALIASES"],
  "a chain of 1,200 fragments": [chain(1200, (next) => next), "PUFF_TOO_DEEP"],
  "800 cycles of fragments": [
    `{ ...f0 } ${repeat(800, (i) => `fragment f${i} on Query { ...f${i + 1} ...f0 } `)} fragment f800 on Query { i }`,
    "PUFF_TOO_DEEP",
  ],
  "100 cycles of fragments": [
    `{ ...f0 } ${repeat(100, (i) => `fragment f${i} on Query { ...f${i + 1} ...f0 } `)} fragment f100 on Query { i }`,
    "PUFF_DOCUMENT_INVALID",
  ],
  "fields 3,000 levels deep": [`{ ${"a { ".repeat(3000)} i ${"}".repeat(3000)} }`, "PUFF_TOO_DEEP"],
  "inline fragments 3,000 levels deep": [`{ ${"... { ".repeat(3000)} i ${"}".repeat(3000)} }`, "PUFF_TOO_DEEP"],
  "inline fragments 190 levels deep": [`{ ${"... { ".repeat(190)} i ${"}".repeat(190)} }`, null],
  "lists 4,500 levels deep": [`{ a(z: ${"[".repeat(4500)}${"]".repeat(4500)}) { i } }`, "PUFF_TOO_DEEP"],
  "objects 3,000 levels deep": [`{ a(z: ${"{a: ".repeat(3000)}1${"}".repeat(3000)}) { i } }`, "PUFF_TOO_DEEP"],
  "a default 4,500 levels deep": [`query($z: [Int] = ${"[".repeat(4500)}${"]".repeat(4500)}) { i }`, "PUFF_TOO_DEEP"],
  "2,400 variables of one name": [`query(${"$a: Int\n".repeat(2400)}) { i }`, "PUFF_DOCUMENT_INVALID"],
  "3,000 arguments of one name": [`{ a(${"x: 1\n".repeat(3000)}) { i } }`, "PUFF_DOCUMENT_INVALID"],
  "1,400 directives of one name": [`{ i ${"@skip(if: true)\n".repeat(1400)} }`, "PUFF_DOCUMENT_INVALID"],
  "4,900 unknown directives": [`{ i ${"@a\n".repeat(4900)} }`, "PUFF_DOCUMENT_INVALID"],
  "4,900 unknown root fields": [`{ ${repeat(4900, (i) => `field${i}\n`)} }`, "PUFF_TOO_MANY_ROOT_FIELDS"],
  "unknown fields after many lines": [`{ a { ${"\n".repeat(8000)} ${"q ".repeat(200)} } }`, "PUFF_DOCUMENT_INVALID"],
  "errors that name a long operation": [
    `query ${"L".repeat(5000)} { a { ${repeat(400, (i) => `a(x: $v${i}) { i } `)} } }`,
    "PUFF_DOCUMENT_INVALID",
  ],
  "unused variables of a long operation": [
    `query ${"L".repeat(5000)}(${repeat(400, (i) => `$v${i}: Int `)}) { i }`,
    "PUFF_DOCUMENT_INVALID",
  ],
};

/** What a caller costs whom `Schema.auth` refuses. */
async function spend(text: string): Promise<{ ms: number; bound: number; bytes: number }> {
  const { run } = planner({ auth: () => ({ status: 401, message: "who are you?" }) });
  const before = process.cpuUsage();
  const answer = await run(text);
  const { user, system } = process.cpuUsage(before);
  const bound = Math.max(1, text.length / 10_000) * BOUND * ALLOWANCE;
  return { ms: (user + system) / 1000, bound, bytes: JSON.stringify(answer).length };
}

describe("A caller who is refused costs little", () => {
  it.each(Object.entries(documents).map(([title, [text]]) => [title, text] as const))("by %s", async (_, text) => {
    const { ms, bound, bytes } = await spend(text);
    expect(ms).toBeLessThan(bound);
    expect(bytes).toBeLessThan(10_000 + text.length);
  });

  it("by a document of many kinds of these", async () => {
    const word = fc.constantFrom("i", "s", "a { i }", "b { s }", "...f0", "...f1", "...f2", "...f3", "... { i ...f2 }");
    const body = fc.array(word, { minLength: 1, maxLength: 60 }).map((words) => words.join(" "));
    const nested = fc
      .tuple(fc.constantFrom("a", "b", "a(x: 1)"), body, fc.integer({ min: 1, max: 20 }))
      .map(([field, inner, times]) => `${field} { ${inner} } `.repeat(times));
    const selection = fc.oneof(body, nested);
    const document = fc
      .tuple(
        fc.array(selection, { minLength: 1, maxLength: 4 }),
        fc.array(selection, { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 200 }),
      )
      .map(([operation, fragments, operations]) => {
        // A fragment spreads only those after it: cycles are refused at once.
        const definitions = fragments.map((text, index) => {
          const inner = text.replaceAll(/\.\.\.f(\d)/g, (spread, other) => (Number(other) > index ? spread : "i"));
          return `fragment f${index} on Query { ${inner} }`;
        });
        return repeat(operations, (i) => `query q${i} { ${operation.join(" ")} } `) + definitions.join(" ");
      });
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const { ms, bound } = await spend(text);
        expect(ms, text.slice(0, 2000)).toBeLessThan(bound);
      }),
      { numRuns: 60, seed: 20261130 },
    );
  });
});

describe("A client's mistake is not a failure", () => {
  it.each<[title: string, query: string, variables: { readonly [name: string]: unknown }, code: string]>([
    ["NUL in a text", "query($s: String) { echo(s: $s) }", { s: "a\0b" }, "PUFF_VARIABLES_INVALID"],
    ["NUL in a list", "{ i }", { z: ["a", "\0"] }, "PUFF_VARIABLES_INVALID"],
    ["NUL in JSON", "query($j: JSON) { echo(j: $j) }", { j: { a: ["\0"] } }, "PUFF_VARIABLES_INVALID"],
    ["NUL in a key of JSON", "query($j: JSON) { echo(j: $j) }", { j: { "\0": 1 } }, "PUFF_VARIABLES_INVALID"],
    ["NUL in a name", "{ i }", { "\0": 1 }, "PUFF_VARIABLES_INVALID"],
    ["half of a pair in a text", "query($s: String) { echo(s: $s) }", { s: "\ud83d" }, "PUFF_VARIABLES_INVALID"],
    ["half of a pair in a key", "query($j: JSON) { echo(j: $j) }", { j: { "\udc00": 1 } }, "PUFF_VARIABLES_INVALID"],
    ["NUL in a literal", '{ echo(s: "a\\u0000b") }', {}, "PUFF_DOCUMENT_INVALID"],
    ["NUL in a literal of JSON", '{ echo(j: { a: ["\\u0000"] }) }', {}, "PUFF_DOCUMENT_INVALID"],
    ["NUL in a default", 'query($s: String = "\\u0000") { echo(s: $s) }', {}, "PUFF_DOCUMENT_INVALID"],
    ["half of a pair in a literal", '{ echo(s: "\\ud83d") }', {}, "PUFF_DOCUMENT_INVALID"],
    ["half of a pair as it is", '{ echo(s: "\ud83d") }', {}, "PUFF_DOCUMENT_INVALID"],
    ["a list of literals that is too long", `{ a(z: [${"1 ".repeat(11)}]) { i } }`, {}, "PUFF_LIST_TOO_LONG"],
    ["a null that decides", "query($t: Boolean = true) { i @include(if: $t) }", { t: null }, "PUFF_VARIABLES_INVALID"],
    ["a null that skips", "query($t: Boolean = true) { a { i @skip(if: $t) } }", { t: null }, "PUFF_VARIABLES_INVALID"],
    [
      "a null that decides in a fragment",
      "query($t: Boolean = true) { ...f @include(if: $t) } fragment f on Query { i }",
      { t: null },
      "PUFF_VARIABLES_INVALID",
    ],
    [
      "a null for what the schema tells of itself",
      "query($t: Boolean = true) { __schema { types { name @include(if: $t) } } }",
      { t: null },
      "PUFF_VARIABLES_INVALID",
    ],
  ])("%s", async (_, query, variables, code) => {
    const args = { "Query.a": { z: "[Int]" }, "Query.echo": { s: "String", j: "JSON" } };
    const { run, reported } = planner({
      types: { ...types, Query: { ...types.Query, echo: "String" } },
      args,
      functions: { ...functions, "Query.echo": () => ["echo"] },
      limits: { ...defaultLimits, listLength: 10 },
    });
    await run(query, { t: false }); // a variant that is compiled must not answer for a null
    const { status, errors } = await run(query, variables);
    expect({ status, code: errors?.[0]?.extensions.code, reported }).toEqual({ status: 400, code, reported: [] });
  });
});

describe("Introspection", () => {
  it.each([
    ["GraphiQL and others", getIntrospectionQuery()],
    [
      "all that may be asked",
      getIntrospectionQuery({
        inputValueDeprecation: true,
        oneOf: true,
        schemaDescription: true,
        specifiedByUrl: true,
      }),
    ],
    [
      "aliases, fragments and conditions",
      `
      query($yes: Boolean! = true) {
        __schema { k: queryType { ...t } __typename types { name @skip(if: $yes) ...t } }
        t: __type(name: "Node") { ...t possibleTypes { name } }
        none: __type(name: "None") { name }
      }
      fragment t on __Type { __typename kind name fields(includeDeprecated: $yes) { name isDeprecated args { name defaultValue } } }`,
    ],
  ])("answers %s as graphql-js does", async (_, query) => {
    const { run } = planner();
    const { data } = await run(query);
    const own = buildClientSchema((await run(getIntrospectionQuery())).data as unknown as IntrospectionQuery);
    const expected = executeSync({ schema: own, document: parse(query) }).data;
    expect(JSON.parse(JSON.stringify(data))).toEqual(JSON.parse(JSON.stringify(expected)));
  });

  it("tells no name of the schema many times over", async () => {
    const selection = "name description isDeprecated type { name kind ofType { name kind ofType { name } } }";
    const query = `{ __schema { types { ${repeat(40, (i) => `f${i}: fields { ${selection} args { ${selection} } } `)} } } }`;
    const { status, errors } = await planner().run(query);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code: "PUFF_TOO_MANY_FIELDS" });
  });
});

describe("A document that was never seen", () => {
  it("is compiled for nobody whom Schema.auth refuses", async () => {
    const { run, batches } = planner({ auth: () => ({ status: 401, message: "who are you?" }) });
    const [text] = documents["fields of an interface below each other"] ?? [""];
    expect((await run(text)).status).toBe(401);
    expect(batches).toEqual([[]]);
  });

  it("asks who it is in a call of its own, and later in the same call as its resolvers", async () => {
    const resolvers = { "Query.s": () => ({ kind: "value" as const, value: "text", parentKeys: [], childKeys: [] }) };
    const { "Query.s": _, ...others } = functions;
    const { run, batches } = planner({ auth: () => null, functions: others, resolvers });
    await run("{ s }");
    await run("{ s }");
    expect(batches).toEqual([[], ["Query.s"], ["Query.s"]]);
  });
});

it("Many large documents need little memory", { timeout: 120_000 }, async () => {
  const file = fileURLToPath(new URL("../support/planner/many-documents.ts", import.meta.url));
  const worker = new Worker(file, { resourceLimits: { maxOldGenerationSizeMb: 110 } });
  const [answered] = await once(worker, "message");
  await worker.terminate();
  expect(answered).toBe(40);
});

describe("A document", () => {
  it.each(Object.entries(documents).map(([title, [text, code]]) => [title, code ?? "answered", text] as const))(
    "of %s is %s",
    async (_, code, text) => {
      const { run, reported } = planner();
      const { status, errors } = await run(text);
      expect(errors?.[0]?.extensions.code ?? "answered").toBe(code);
      expect(status).toBe(code === "answered" ? 200 : 400);
      expect(reported).toEqual([]);
    },
  );

  it("whose one fragment is spread at many places is answered as it was", async () => {
    const { run } = planner();
    const { data } = await run(
      "{ a { ...f a { ...f } } ...f } fragment f on Query { i ...g ...g } fragment g on Query { s }",
    );
    expect(data).toEqual({ a: { i: 1, s: "text", a: { i: 1, s: "text" } }, i: 1, s: "text" });
  });

  it("asks for the whole schema", async () => {
    const { data } = await planner().run(getIntrospectionQuery({ inputValueDeprecation: true, oneOf: true }));
    expect(data).toHaveProperty("__schema.queryType.name", "Query");
  });

  it("counts aliases below __schema", async () => {
    const { errors } = await planner().run(`{ __schema { ${repeat(51, (i) => `a${i}: types { name } `)} } }`);
    expect(errors?.[0]?.extensions.code).toBe("PUFF_TOO_MANY_ALIASES");
  });
});
