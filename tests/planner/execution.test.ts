/** The planner on a real Postgres: what it does beyond what graphql-js can be compared with. */
import { beforeEach, describe, expect, it } from "vitest";
import type { ResolveResult } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase, watched } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
    CREATE TABLE item (id int PRIMARY KEY, name text, parent int REFERENCES item DEFERRABLE INITIALLY DEFERRED);
  `);

beforeEach(() =>
  database.run("TRUNCATE item; INSERT INTO item VALUES (1, 'one', NULL), (2, 'two', 1), (3, 'three', 1)"),
);

const types = {
  Query: { items: "[Item!]!", item: "Item", names: "[String!]!", total: "Int!" },
  Item: { id: "Int!", name: "String", parent: "Int", children: "[Item!]!", secret: "String" },
};
const items = () => sql("SELECT id, name, parent FROM item ORDER BY id");
const children = () =>
  sql("SELECT id, name, parent FROM item WHERE parent = ANY($1) ORDER BY id", {
    params: [{ parent: "id" }],
    parentKeys: ["id"],
    childKeys: ["parent"],
  });

describe("a query", () => {
  it("costs one entry into Python and one statement a layer", async () => {
    const { run, batches } = sketch({ "Query.items": items, "Item.children": children });
    const { data } = await run("{ items { id children { id children { id } } } }");
    expect(data).toEqual({
      items: [
        {
          id: 1,
          children: [
            { id: 2, children: [] },
            { id: 3, children: [] },
          ],
        },
        { id: 2, children: [] },
        { id: 3, children: [] },
      ],
    });
    expect(batches).toEqual([["Query.items", "Item.children", "Item.children"]]);
  });

  it("answers lists of leaves and single leaves from the only column that is not a key", async () => {
    const { run } = sketch({
      "Query.names": () => sql("SELECT name FROM item ORDER BY id"),
      "Query.total": () => sql("SELECT count(*) FROM item"),
    });
    expect((await run("{ names total }")).data).toEqual({ names: ["one", "two", "three"], total: 3 });
  });

  it.each([
    ["integers and numerics", "parent", "parent::numeric(10, 2)"],
    ["numerics of other scales", "parent::numeric", "parent::numeric(10, 2)"],
    ["integers of other sizes", "parent::int2", "parent::int8"],
    ["integers and texts", "parent", "parent::text"],
    ["padded and other texts", "parent::text::char(4)", "parent::text"],
  ])("correlates equal keys that are %s", async (_, parentKey, childKey) => {
    const resolvers = {
      "Query.items": () => sql(`SELECT id, ${parentKey} AS key FROM (SELECT id, id AS parent FROM item) i ORDER BY id`),
      "Item.children": () =>
        sql(
          `SELECT id, ${childKey} AS parent FROM item WHERE ${childKey}::text::numeric = ANY($1::numeric[]) ORDER BY id`,
          {
            params: [{ parent: "key" }],
            parentKeys: ["key"],
            childKeys: ["parent"],
          },
        ),
    };
    for (const fuse of [true, false]) {
      const { data } = await sketch(resolvers, { fuse }).run("{ items { children { id } } }");
      expect(data).toEqual({ items: [{ children: [{ id: 2 }, { id: 3 }] }, { children: [] }, { children: [] }] });
    }
  });

  it("asks a statement whose columns are known for those alone that are wanted", async () => {
    const texts: string[] = [];
    const all = "SELECT * FROM item WHERE id < $1 ORDER BY id -- all";
    const resolvers = { "Query.items": () => sql(all, { params: [[23, "3"]] }) };
    const { run } = sketchPlanner({ types, resolvers, database: watched(database, (text) => texts.push(text)) });
    for (let time = 1; time <= 2; time++) {
      expect((await run("{ items { name } }")).data).toEqual({ items: [{ name: "one" }, { name: "two" }] });
    }
    expect(texts).toEqual([all, `SELECT q."name" FROM (${all}\n) AS q`]);
    await database.run("ALTER TABLE item RENAME COLUMN name TO other");
    const { errors } = await run("{ items { name } }");
    await database.run("ALTER TABLE item RENAME COLUMN other TO name");
    expect(errors?.[0]?.extensions.code).toBe("PUFF_PLAN_COLUMN_MISSING");
    expect((await run("{ items { name } }")).errors).toBeUndefined();
  });

  it("calls no resolver below an empty layer", async () => {
    const { run, batches } = sketch({
      "Query.items": () => sql("SELECT id FROM item WHERE false"),
      "Item.children": () => ({ kind: "needs", columns: ["id"] }),
    });
    expect((await run("{ items { children { id } } }")).data).toEqual({ items: [] });
    expect(batches).toHaveLength(1);
  });

  it("gives resolvers that insist the distinct values of their parents, all in one message", async () => {
    const seen: unknown[] = [];
    const insisting =
      (column: string) =>
      (call: { parents: unknown }): ResolveResult => {
        if (call.parents === "symbols") {
          return { kind: "needs", columns: [column] };
        }
        seen.push(call.parents);
        return { kind: "value", value: "x", parentKeys: [], childKeys: [] };
      };
    const { run, batches } = sketch({
      "Query.items": items,
      "Item.secret": insisting("parent"),
      "Item.children": () => children(),
    });
    expect((await run("{ items { a: secret b: secret } }")).data).toEqual({
      items: [
        { a: "x", b: "x" },
        { a: "x", b: "x" },
        { a: "x", b: "x" },
      ],
    });
    const distinct = { count: 2, columns: { parent: { oid: 23, texts: [null, "1"] } } };
    expect(seen).toEqual([distinct, distinct]);
    expect(batches).toEqual([
      ["Query.items", "Item.secret", "Item.secret"],
      ["Item.secret", "Item.secret"],
    ]);
  });

  it.each<[what: string, tags: readonly unknown[], sent: readonly unknown[]]>([
    ["lists", [["a"], ["b"], ["a"]], [["a"], ["b"]]],
    ["objects", [{ a: 1 }, { a: 2 }, { a: 1 }], [{ j: { a: 1 } }, { j: { a: 2 } }]],
    ["texts and what has none", [null, "n", null], [null, "n"]],
  ])("tells %s of computed objects apart where a resolver insists on them", async (_what, tags, sent) => {
    const seen: unknown[] = [];
    const { run } = sketchPlanner({
      types: { ...types, Item: { ...types.Item, tags: "JSON" } },
      database,
      functions: { "Query.items": () => [tags.map((value, id) => ({ id, tags: value }))] },
      resolvers: {
        "Item.secret": ({ parents }) => {
          seen.push(parents);
          return parents === "symbols"
            ? { kind: "needs", columns: ["tags"] }
            : { kind: "value", value: "x", parentKeys: [], childKeys: [] };
        },
      },
    });
    expect((await run("{ items { secret } }")).data).toEqual({ items: tags.map(() => ({ secret: "x" })) });
    expect(seen.at(-1)).toEqual({ count: 2, columns: { tags: { values: sent } } });
  });

  it("answers with no data where every field is left out", async () => {
    const { run } = sketch({ "Query.total": () => sql("SELECT 1") });
    expect(await run("{ total @skip(if: true) }")).toEqual({ status: 200, data: {} });
  });

  it("answers introspection beside data", async () => {
    const { run } = sketch({ "Query.total": () => sql("SELECT 1") });
    expect((await run('{ total __type(name: "Item") { name } __schema { queryType { name } } }')).data).toEqual({
      total: 1,
      __type: { name: "Item" },
      __schema: { queryType: { name: "Query" } },
    });
  });
});

describe("what is turned off", () => {
  it("is introspection, but for __typename", async () => {
    const { run } = sketch({ "Query.total": () => sql("SELECT 1") }, { introspection: false });
    expect(await run("{ __schema { queryType { name } } }")).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "PUFF_INTROSPECTION_OFF" } }],
    });
    expect((await run("{ __typename total }")).data).toEqual({ __typename: "Query", total: 1 });
  });

  it.each([
    ["defer", "{ ... @defer { total } }"],
    ["stream", "{ items @stream { id } }"],
  ])("is @%s, with a sentence that says what to do", async (name, document) => {
    const { errors } = await sketch({}).run(document);
    expect(errors?.map(({ message }) => message)).toEqual([
      `Unknown directive "@${name}". Responses are not delivered in parts: send the operation without @${name}.`,
    ]);
  });

  it("is the suggestion of names", async () => {
    const message = async (suggestions: boolean) =>
      (await sketch({}, { suggestions }).run("{ itms }")).errors?.[0]?.message;
    expect(await message(true)).toContain('Did you mean "items"');
    expect(await message(false)).toBe('Cannot query field "itms" on type "Query".');
  });
});

describe("a mistake in a plan", () => {
  it.each<[string, PlannerSketch["resolvers"], string, string]>([
    ["PUFF_PLAN_COLUMN_MISSING", { "Query.items": () => sql("SELECT id AS nr FROM item") }, "{ items { id } }", '"id"'],
    [
      "PUFF_PLAN_KEY_MISSING",
      { "Query.items": () => sql("SELECT name FROM item"), "Item.children": children },
      "{ items { children { id } } }",
      '"id"',
    ],
    [
      "PUFF_PLAN_KEY_MISSING",
      { "Query.items": items, "Item.children": () => ({ ...children(), childKeys: ["mother"] }) },
      "{ items { children { id } } }",
      '"mother"',
    ],
    [
      "PUFF_PLAN_UNCORRELATED",
      { "Query.items": items, "Item.children": () => ({ ...children(), parentKeys: [], childKeys: [] }) },
      "{ items { children { id } } }",
      ".on(id=",
    ],
    ["PUFF_PLAN_STATEMENTS", { "Query.items": () => sql("SELECT 1; SELECT 2") }, "{ items { id } }", ""],
    ["PUFF_PLAN_PARAMETERS", { "Query.items": () => sql("SELECT $1::int AS id") }, "{ items { id } }", ""],
    ["PUFF_SQL_FAILED", { "Query.items": () => sql("SELECT idd FROM item") }, "{ items { id } }", "idd"],
    ["PUFF_RESOLVER_FAILED", { "Query.items": () => failure("boom") }, "{ items { id } }", "ValueError: boom"],
    ["PUFF_NULL_IN_NON_NULL", { "Query.items": () => sql("SELECT NULL AS id") }, "{ items { id } }", "Item.id"],
    ["PUFF_VALUE_INVALID", { "Query.items": () => sql("SELECT 2147483648 AS id") }, "{ items { id } }", "32-bit"],
  ])("is %s", async (code, resolvers, query, mention) => {
    const { errors } = await sketch(resolvers).run(query);
    expect(errors?.[0]?.extensions.code).toBe(code);
    expect(errors?.[0]?.message).toContain(mention);
  });

  it("is masked where clients must not see it, and reported once", async () => {
    const { run, reported } = sketch(
      { "Query.items": items, "Item.secret": () => failure("password is x") },
      { maskErrors: true },
    );
    const { errors } = await run("{ items { secret } }");
    expect(errors).toHaveLength(3);
    expect(JSON.stringify(errors)).not.toContain("password");
    expect(reported.map(({ message }) => message)).toEqual(["ValueError: password is x"]);
  });
});

describe("an object of an interface", () => {
  const sketchNodes = (text: string, typeNames: { [value: string]: string } | null = null) =>
    sketchPlanner({
      types: { Query: { nodes: "[Node]!" }, Node: { id: "Int" }, Cat: { id: "Int", lives: "Int" }, Dog: { id: "Int" } },
      interfaces: { Node: ["Cat", "Dog"] },
      resolvers: {
        "Query.nodes": () => sql(text, { typeNames, typeColumn: typeNames === null ? "__typename" : "kind" }),
      },
      database,
    }).run("{ nodes { __typename id ... on Cat { lives } } }");

  it("has the type that its type column names", async () => {
    const { data } = await sketchNodes(
      `SELECT 1 AS id, 9 AS lives, 'Cat' AS "__typename" UNION ALL SELECT 2, 0, 'Dog'`,
    );
    expect(data).toEqual({
      nodes: [
        { __typename: "Cat", id: 1, lives: 9 },
        { __typename: "Dog", id: 2 },
      ],
    });
  });

  it("has the type that a value of the type column stands for", async () => {
    const { data } = await sketchNodes("SELECT 1 AS id, 9 AS lives, 'c' AS kind", { c: "Cat" });
    expect(data).toEqual({ nodes: [{ __typename: "Cat", id: 1, lives: 9 }] });
  });

  it.each([
    ["PUFF_TYPE_UNRESOLVED", `SELECT 1 AS id, 9 AS lives, 'Cow' AS "__typename"`],
    ["PUFF_PLAN_COLUMN_MISSING", "SELECT 1 AS id, 9 AS lives"],
  ])("is refused with %s for want of a type", async (code, text) => {
    expect((await sketchNodes(text)).errors?.[0]?.extensions.code).toBe(code);
  });
});

describe("authentication", () => {
  it("refuses the whole request with its status", async () => {
    const { run } = sketch({ "Query.items": items }, { auth: () => ({ status: 401, message: "log in first" }) });
    expect(await run("{ items { id } }")).toEqual({
      status: 401,
      errors: [{ message: "log in first", extensions: { code: "PUFF_PERMISSION_DENIED" } }],
    });
  });

  it("comes before TypeScript's resolvers, too", async () => {
    let called = 0;
    const { run } = sketch(
      {},
      { auth: () => ({ status: 403, message: "no" }), functions: { "Query.total": () => [++called] } },
    );
    expect((await run("{ total }")).status).toBe(403);
    expect(called).toBe(0);
  });
});

describe("TypeScript's resolvers", () => {
  it("are called once for a layer, with its rows as JavaScript values", async () => {
    const parents: unknown[] = [];
    const { run } = sketch(
      {
        "Query.items": () =>
          sql("SELECT id, name, ARRAY[1,2] AS list, '{\"a\": 1}'::jsonb AS json FROM item WHERE id < 3"),
      },
      {
        functions: {
          "Item.secret": (rows) => {
            parents.push(rows);
            return rows.map((row) => `${row["name"]}!`);
          },
        },
      },
    );
    expect((await run("{ items { secret } }")).data).toEqual({ items: [{ secret: "one!" }, { secret: "two!" }] });
    expect(parents).toEqual([
      [
        { id: 1, name: "one", list: [1, 2], json: { a: 1 } },
        { id: 2, name: "two", list: [1, 2], json: { a: 1 } },
      ],
    ]);
  });

  it.each<[string, () => unknown]>([
    ["give another number of values", () => [1, 2]],
    ["give no list", () => 5],
    [
      "throw",
      () => {
        throw new Error("boom");
      },
    ],
  ])("fail their field where they %s", async (_, call) => {
    const { run } = sketch({}, { functions: { "Query.total": call as () => unknown[] } });
    expect((await run("{ total }")).errors?.[0]?.extensions.code).toBe("PUFF_HOST_RESOLVER_FAILED");
  });
});

it("that nobody waits for any more ends without a report", async () => {
  const gone = new AbortController();
  const resolvers: PlannerSketch["resolvers"] = { "Query.items": () => sql("SELECT 1 AS id FROM pg_sleep(0.05)") };
  const { run, reported } = sketchPlanner({ types, resolvers, database }, gone.signal);
  const running = run("{ items { id } }");
  gone.abort();
  expect((await running).data).toBe(undefined);
  expect(reported).toEqual([]);
});

describe("a limit", () => {
  const nested = (depth: number): string => (depth === 0 ? "id" : `id children { ${nested(depth - 1)} }`);

  it.each([
    ["PUFF_TOO_DEEP", `{ items { ${nested(6)} } }`],
    ["PUFF_TOO_MANY_ALIASES", "{ items { a: id b: id c: id d: id e: id f: id } }"],
    ["PUFF_TOO_MANY_ROOT_FIELDS", "{ a: total b: total c: total d: total e: total total }"],
    ["PUFF_TOO_MANY_TOKENS", `{ items { ${"id ".repeat(1000)} } }`],
  ])("is %s", async (code, query) => {
    const { status, errors } = await sketch({ "Query.items": items }).run(query);
    expect({ status, code: errors?.[0]?.extensions.code }).toEqual({ status: 400, code });
  });
});

function sketch(resolvers: PlannerSketch["resolvers"] = {}, more: Partial<PlannerSketch> = {}) {
  return sketchPlanner({ types, resolvers, database, ...more });
}

function failure(message: string): ResolveResult {
  return {
    kind: "failure",
    error: { type: "ValueError", message, traceback: "Traceback", code: null, safe: false, extensions: null },
  };
}
