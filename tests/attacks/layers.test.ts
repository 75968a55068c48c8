/** Operations of hundreds of layers, which would be one statement that Postgres plans for seconds. */
import { expect, it } from "vitest";
import { defaultLimits } from "../../gateway/options/options.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase("CREATE TABLE part (id int PRIMARY KEY); INSERT INTO part VALUES (1)");

it("become statements of bounded size, and answer as layer by layer", async () => {
  const child = () =>
    sql("SELECT id FROM part WHERE id = ANY($1)", {
      params: [{ parent: "id" }],
      parentKeys: ["id"],
      childKeys: ["id"],
    });
  const levels = 7;
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment f${level} on Part { id a { ...f${level + 1} } b { ...f${level + 1} } }`,
  );
  const text = `{ part { ...f0 } } ${fragments.join(" ")} fragment f${levels} on Part { id }`;
  const answers: unknown[] = [];
  const sizes: number[] = [];
  for (const fuse of [true, false]) {
    const { run, statements } = sketchPlanner({
      types: { Query: { part: "Part" }, Part: { id: "Int", a: "Part", b: "Part" } },
      resolvers: { "Query.part": () => sql("SELECT id FROM part"), "Part.a": child, "Part.b": child },
      database,
      fuse,
      limits: defaultLimits,
    });
    answers.push(await run(text));
    sizes.push(Math.max(...statements.map((layers) => layers.split(", ").length)));
  }
  expect(answers[0]).toEqual(answers[1]);
  expect(JSON.stringify(answers[0]).match(/"id":1/g)).toHaveLength(2 ** (levels + 1) - 1);
  expect(sizes).toEqual([100, 1]);
});
