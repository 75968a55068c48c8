/** Programs of interfaces: a column tells each row's type, and the fields are those of that type. */
import { expect, it } from "vitest";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TYPE kind AS ENUM ('Cat', 'd', 'Bird', 'fish');
  CREATE TABLE being (id int PRIMARY KEY, kind kind, owner int, name text, lives int, barks bool);
`);

const sketch: PlannerSketch = {
  database,
  types: {
    Query: { beings: "[Being!]!", some: "[Being]", one: "Being" },
    Being: { id: "Int!", name: "String", owned: "[Being!]!" },
    Cat: { id: "Int!", name: "String", owned: "[Being!]!", lives: "Int!" },
    Dog: { id: "Int!", name: "String", owned: "[Being!]!", barks: "Boolean" },
    Bird: { id: "Int!", name: "String", owned: "[Being!]!" },
  },
  interfaces: { Being: ["Cat", "Dog", "Bird"] },
  resolvers: Object.fromEntries([
    ["Query.beings", () => beings("SELECT * FROM being ORDER BY id")],
    ["Query.some", () => beings("SELECT * FROM being ORDER BY id")],
    ["Query.one", () => beings("SELECT * FROM being ORDER BY id LIMIT 1")],
    ...["Being", "Cat", "Dog", "Bird"].map((type) => [`${type}.owned`, () => owned()]),
  ]),
  limits: { depth: 20, aliases: 20 },
};
const typing = { typeColumn: "kind", typeNames: { d: "Dog", Dog: "Cat", fish: "Fish" } };
const beings = (text: string) => sql(text, typing);
const owned = () =>
  sql("SELECT * FROM being WHERE owner = ANY($1) ORDER BY id", {
    ...{ ...typing, params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["owner"] },
  });

const rows = "(1, 'Cat', NULL, 'To\"m', 7, NULL), (2, 'd', 1, NULL, NULL, true), (3, 'Bird', 1, 'x', NULL, NULL)";
const fill = (values: string) => database.run(`TRUNCATE being; INSERT INTO being VALUES ${values}`);
const fragments = "... on Cat { lives owned { id } } ... on Dog { barks n: name owned { id __typename } }";

it.each([
  ["fields that all types have", "{ beings { id name } }"],
  ["names of types", "{ beings { __typename } some { __typename id } }"],
  ["fields of some types", `{ beings { id ${fragments} } }`],
  ["an object", `{ one { id ${fragments} } }`],
  ["theirs of theirs", `{ beings { owned { __typename ${fragments} } } }`],
])("answers as without: %s", async (_, query) => {
  await fill(rows);
  const planner = sketchPlanner(sketch);
  const expected = await sketchPlanner({ ...sketch, fuse: false }).raw(query);
  expect(JSON.parse(expected).errors).toBeUndefined();
  for (let run = 0; run < 4; run++) {
    expect(await planner.raw(query)).toBe(expected);
  }
  expect((await planner.explain(query)).program).toEqual({ why: null });
  expect(planner.programs.left).toBe(0);
  expect(planner.programs.served).toBeGreaterThan(0);
});

it.each([
  ["a type that is none of them", "(1, 'fish', NULL, 'x', 1, true)"],
  ["no type", "(1, NULL, NULL, 'x', 1, true)"],
  ["a null where none may be", "(1, 'Cat', NULL, 'x', NULL, true)"],
])("hands its rows on where it can't answer: %s", async (_, values) => {
  await fill(rows);
  const query = `{ some { id ${fragments} } }`;
  const planner = sketchPlanner(sketch);
  await planner.raw(query);
  await planner.raw(query);
  await planner.raw(query);
  await fill(values);
  const expected = await sketchPlanner({ ...sketch, fuse: false }).raw(query);
  expect(JSON.parse(expected).errors).toHaveLength(1);
  const { left } = planner.programs;
  expect(await planner.raw(query)).toBe(expected);
  expect(planner.programs.left).toBe(left + 1);
});
