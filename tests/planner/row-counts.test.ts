/** Values of LIMIT and OFFSET go into the statement's text, where Postgres can plan with them once. */
import { expect, test } from "vitest";
import type { TypedText } from "../../schema/index.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase, watched } from "../support/servers/postgres.ts";

const own = await ownDatabase(`
  CREATE TABLE post (id int PRIMARY KEY);
  INSERT INTO post SELECT generate_series(1, 30);
`);

const types = { Query: { posts: "[Post!]!" }, Post: { id: "Int!", children: "[Post!]!" } };
const children = sql("SELECT id, id - 1 AS before FROM post WHERE id - 1 = ANY($1)", {
  params: [{ parent: "id" }],
  parentKeys: ["id"],
  childKeys: ["before"],
});
const int = (value: number | string | null): TypedText => [23, value === null ? null : `${value}`];

/** Asks for posts by that SQL, with children, so that both are fused; gives their ids and the text that was sent. */
async function ask(text: string, runs: readonly (readonly TypedText[])[], selection = "id children { id }") {
  const texts: string[] = [];
  const database = watched(own, (text) => texts.push(text));
  let params = runs[0];
  const planner = sketchPlanner({
    types,
    database,
    resolvers: { "Query.posts": () => sql(text, { params: [...(params ?? [])] }), "Post.children": () => children },
  });
  const found: { readonly ids: unknown; readonly text: string }[] = [];
  for (params of runs) {
    texts.length = 0;
    const { data, errors } = await planner.run(`{ posts { ${selection} } }`);
    const ids = (data as { posts: { id: number }[] } | null)?.posts.map(({ id }) => id);
    found.push({ ids: ids ?? errors?.[0]?.message, text: texts.at(-1) ?? "" });
  }
  return found;
}

test.each<[string, readonly TypedText[], string, unknown]>([
  ["SELECT id FROM post ORDER BY id LIMIT $1", [int(2)], "LIMIT 2", [1, 2]],
  ["SELECT id FROM post ORDER BY id LIMIT $1;", [int(2)], "LIMIT 2", [1, 2]],
  ["SELECT id FROM post WHERE id > $1 ORDER BY id limit $2 offset $1", [int(3), int(2)], "limit 2 offset 3", [7, 8]],
  ["SELECT id FROM post ORDER BY id LIMIT $1 + 1", [int(1)], "LIMIT 1 + 1", [1, 2]],
  ["SELECT id FROM post ORDER BY id LIMIT /* $1 */ $1::int", [int(1)], "LIMIT /* $1 */ 1::int", [1]],
  ["SELECT id FROM post WHERE id < 3 OR '$1' = 'LIMIT $1' LIMIT $1", [int(5)], "'LIMIT $1' LIMIT 5", [1, 2]],
  ["SELECT id FROM post ORDER BY id DESC OFFSET $1 ROWS FETCH FIRST 1 ROW ONLY", [int(1)], "OFFSET 1 ROWS", [29]],
  // Anything but a plain number stays a parameter.
  ["SELECT id FROM post WHERE id < 3 LIMIT $1", [int(null)], "LIMIT $1", [1, 2]],
  ["SELECT id FROM post WHERE id < 3 LIMIT $1", [[0, "1"]], "LIMIT $1", [1]],
])("%s", async (text, params, sent, ids) => {
  for (const selection of ["id children { id }", "id"]) {
    const [found] = await ask(text, [params], selection);
    expect(found).toEqual({ ids, text: expect.stringContaining(sent) });
  }
});

test.each<[string, readonly TypedText[], string]>([
  ["LIMIT $1", [int(-1)], "LIMIT must not be negative"],
  ["LIMIT $1", [int(1), int(2)], "the plan has 2 parameters, and its SQL does not use $2"],
  ["LIMIT $2", [int(1)], "the plan has 1 parameter, and its SQL does not use $1"],
  ["WHERE id = wrong LIMIT $1", [int(1)], 'column "wrong" does not exist'],
])("mistakes are told as ever: %s with %j", async (text, params, message) => {
  const [found] = await ask(`SELECT id FROM post ${text}`, [params]);
  expect(found?.ids).toContain(message);
});

test("only the first few numbers have statements of their own", async () => {
  const runs = Array.from({ length: 12 }, (_, index) => [int(index + 1)]);
  const found = await ask("SELECT id FROM post ORDER BY id LIMIT $1", [...runs, [int(3)]]);
  expect(found.map(({ ids }) => (ids as number[]).length)).toEqual([...runs.keys()].map((key) => key + 1).concat(3));
  const limits = found.map(({ text }) => /LIMIT (\S+?)\n?\)/.exec(text)?.[1]);
  expect(limits).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "$1", "$1", "$1", "$1", "3"]);
});
