/** What rows and objects hold that is easily taken for something else: JSON's null, names that all objects have, no rows. */
import { describe, expect, it } from "vitest";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase();
await database.run("CREATE TABLE paper (id int PRIMARY KEY, title text); INSERT INTO paper VALUES (1, 'one')");

const inherited = ["constructor", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf", "toLocaleString"];

describe("JSON's null in a column", () => {
  const types = {
    Query: { rows: "[Row!]!", value: "JSON", needed: "JSON!", all: "[JSON!]", some: "[JSON]", number: "Int" },
    Row: {
      object: "Part",
      objects: "[Part!]",
      tags: "[String!]",
      n: "Int",
      s: "String",
      f: "Float",
      flag: "Boolean",
      big: "BigInt",
      data: "JSON",
    },
    Part: { name: "String" },
  };
  const columns = Object.keys(types.Row);
  const selection = columns.map((name) => (name.startsWith("object") ? `${name} { name }` : name)).join(" ");
  const nulls = Object.fromEntries(columns.map((name) => [name, null]));

  it.each([
    ["jsonb", "null"],
    ["json", "null"],
    ["json", " \n\t null "],
  ])("is null for every type, as %s %j", async (type, text) => {
    const query = `SELECT ${columns.map((name) => `'${text}'::${type} AS "${name}"`).join(", ")}`;
    for (const fuse of [true, false]) {
      const resolvers = {
        "Query.rows": () => sql(query),
        "Query.value": () => sql(`SELECT '${text}'::${type} AS value`),
      };
      const { run } = sketchPlanner({ types, resolvers, database, fuse, limits: { rootFields: 30, depth: 9 } });
      expect(await run(`{ rows { ${selection} } value }`)).toEqual({
        status: 200,
        data: { rows: [nulls], value: null },
      });
    }
  });

  it("is null within lists and objects", async () => {
    const resolvers = {
      "Query.rows": () =>
        sql(
          `SELECT '[{"name": null}]'::jsonb AS objects, '{"name": null}'::jsonb AS object, ARRAY[NULL, 'null']::jsonb[] AS data`,
        ),
      "Query.some": () => sql("SELECT unnest('{1,NULL,null,2}'::jsonb[]) AS some"),
    };
    const { run } = sketchPlanner({ types, resolvers, database });
    expect((await run("{ rows { objects { name } object { name } } some }")).data).toEqual({
      rows: [{ objects: [{ name: null }], object: { name: null } }],
      some: [1, null, null, 2],
    });
  });

  it.each([
    ["needed", () => sql("SELECT 'null'::jsonb AS needed"), null],
    ["all", () => sql(`SELECT unnest('{1,"null"}'::jsonb[]) AS "all"`), { all: null }],
  ])("is an error where null may not be: %s", async (field, resolver, data) => {
    const { run } = sketchPlanner({ types, resolvers: { [`Query.${field}`]: resolver }, database });
    const answer = await run(`{ ${field} }`);
    expect(answer.data).toEqual(data);
    expect(answer.errors?.map(({ extensions }) => extensions.code)).toEqual(["PUFF_NULL_IN_NON_NULL"]);
  });
});

describe("a name that all objects of JavaScript have", () => {
  const fields = Object.fromEntries(inherited.map((name) => [name, "String"]));
  const types = {
    Query: { rows: "[Row!]!", team: "Team" },
    Row: { team: "Team", ...fields },
    Team: { name: "String", ...fields },
  };
  const nulls = Object.fromEntries(inherited.map((name) => [name, null]));
  const own = Object.fromEntries(inherited.map((name) => [name, `own ${name}`]));
  const limits = { rootFields: 30 };
  const selection = `name ${inherited.join(" ")}`;

  it.each([
    ["is null where JSON lacks it", '{"name": "x"}', { name: "x", ...nulls }],
    ["is what JSON has by it", JSON.stringify({ name: "x", ...own }), { name: "x", ...own }],
    ["is null where JSON has null", JSON.stringify({ name: "x", ...nulls }), { name: "x", ...nulls }],
  ])("%s", async (_, json, team) => {
    const { run } = sketchPlanner({
      types,
      database,
      limits,
      resolvers: { "Query.rows": () => sql(`SELECT '${json}'::jsonb AS team`) },
    });
    expect(await run(`{ rows { team { ${selection} } } }`)).toEqual({ status: 200, data: { rows: [{ team }] } });
  });

  it("is null if an object of Python lacks it", async () => {
    const value = { o: { name: "x", valueOf: "own" }, type: null };
    const resolvers: PlannerSketch["resolvers"] = {
      "Query.team": () => ({ kind: "value", value, parentKeys: [], childKeys: [] }),
    };
    const { run } = sketchPlanner({ types, database, limits, resolvers });
    const { data, errors } = await run(`{ team { ${selection} } }`);
    expect({ data, errors }).toEqual({ data: { team: { name: "x", ...nulls, valueOf: "own" } }, errors: undefined });
  });

  it("is told to Python like any other", async () => {
    let seen: unknown = null;
    const nested = { Query: { team: "Team" }, Team: { constructor: "Team", toString: "Team", name: "String" } };
    const resolvers: PlannerSketch["resolvers"] = {
      "Query.team": (call) => {
        seen = JSON.parse(JSON.stringify(call.selection));
        return { kind: "value", value: null, parentKeys: [], childKeys: [] };
      },
    };
    const { run } = sketchPlanner({ types: nested, database, resolvers });
    await run("{ team { constructor { name } c: constructor { toString { name } } } }");
    expect(seen).toEqual({
      Team: {
        columns: [],
        methods: [],
        objects: {
          constructor: {
            Team: {
              columns: ["name"],
              methods: [],
              objects: { toString: { Team: { columns: ["name"], objects: {}, methods: [] } } },
            },
          },
        },
      },
    });
  });

  it("is a column, an alias, an argument and a type's name like any other", async () => {
    const args = { "Query.echo": { constructor: "String", valueOf: "String" } };
    const echo: PlannerSketch["resolvers"] = {
      "Query.echo": ({ args: given }) => sql(`SELECT '${JSON.stringify(given)}' AS echo`),
      "Query.node": () => sql(`SELECT 'a' AS "constructor", 'toString' AS __typename`),
    };
    const { run } = sketchPlanner({
      types: {
        Query: { echo: "String", node: "Node" },
        Node: { constructor: "String" },
        One: { constructor: "String" },
        Two: { constructor: "String" },
      },
      interfaces: { Node: ["One", "Two"] },
      args,
      database,
      resolvers: echo,
    });
    expect((await run('{ hasOwnProperty: echo(constructor: "a") }')).data).toEqual({
      hasOwnProperty: '{"constructor":"a"}',
    });
    expect(
      (await run("query($constructor: String) { echo(valueOf: $constructor) }", { constructor: "b" })).data,
    ).toEqual({
      echo: '{"valueOf":"b"}',
    });
    expect(
      (await run("query($toString: Boolean!) { a: echo @include(if: $toString) }", { toString: false })).data,
    ).toEqual({});
    const { errors } = await run("{ node { constructor } }");
    expect(errors?.[0]?.message).toContain('"toString" is none of the types of Node');
  });
});

describe("a statement without rows to return", () => {
  const types = {
    Query: { it: "Int" },
    Mutation: { flag: "Boolean", paper: "Paper", papers: "[Paper!]" },
    Paper: { id: "Int" },
  };

  it.each(["flag", "paper { id }", "papers { id }"])("says so and is rolled back, for %s", async (selection) => {
    const plan = () => sql("DELETE FROM paper");
    const resolvers = { "Mutation.flag": plan, "Mutation.paper": plan, "Mutation.papers": plan };
    const { run } = sketchPlanner({ types, resolvers, database });
    const { data, errors } = await run(`mutation { ${selection} }`);
    const field = selection.split(" ")[0] ?? "";
    expect(data).toEqual({ [field]: null });
    expect(errors?.map(({ message, extensions }) => [extensions.code, message])).toEqual([
      [
        "PUFF_PLAN_COLUMN_MISSING",
        `Mutation.${field} wants rows, but its statement returns none. Add RETURNING to it, with a column for the answer, or AS "${field}".`,
      ],
    ]);
    const left = sketchPlanner({
      types,
      resolvers: { "Query.it": () => sql("SELECT count(*)::int AS it FROM paper") },
      database,
    });
    expect((await left.run("{ it }")).data).toEqual({ it: 1 });
  });
});

it("a column whose name Postgres cuts is told as such", async () => {
  const name = `a_${"n".repeat(70)}`;
  const types = { Query: { rows: "[Row!]!" }, Row: { [name]: "Int" } };
  const { run } = sketchPlanner({ types, resolvers: { "Query.rows": () => sql(`SELECT 1 AS ${name}`) }, database });
  const { errors } = await run(`{ rows { ${name} } }`);
  expect(errors?.[0]?.message).toBe(
    `Row.${name} wants the column "${name}", but Postgres cuts names after 63 bytes. Give the field a shorter name.`,
  );
});
