/** What requests bring is not held when they are over, however many operations are remembered. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const own = await ownDatabase("CREATE TABLE post (id int PRIMARY KEY, title text); INSERT INTO post VALUES (1, 'one')");

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function held(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const children = sql("SELECT id, title FROM post WHERE id = ANY($1)", {
  params: [{ parent: "id" }],
  parentKeys: ["id"],
  childKeys: ["id"],
});

test.each([
  ["alone", "id"],
  ["fused with those below", "id children { id }"],
])("values of statements that run %s", async (_, selection) => {
  const operations = 50;
  const size = 1_000_000;
  let value = "";
  const planner = sketchPlanner({
    types: { Query: { posts: "[Post!]!" }, Post: { id: "Int!", title: "String", children: "[Post!]!" } },
    database: own,
    resolvers: {
      "Query.posts": () => sql("SELECT id, title FROM post WHERE title <> $1", { params: [[25, value]] }),
      "Post.children": () => children,
    },
  });
  const ask = async (index: number) => {
    for (let run = 0; run < 3; run++) {
      value = JSON.parse(JSON.stringify(`${index} ${run} `.padEnd(size, "x"))); // in one piece, as a request brings it
      const { data } = await planner.run(`query Number${index} { posts { ${selection} } }`);
      expect(data).toMatchObject({ posts: [{ id: 1 }] });
    }
  };
  for (let run = 0; run < 10; run++) {
    await ask(0); // connections have buffers of their own
  }
  const before = held();
  for (let index = 1; index <= operations; index++) {
    await ask(index);
  }
  value = "";
  // What sockets have written is let go of in turns of the event loop.
  await expect.poll(() => held() - before).toBeLessThan((operations * size) / 10);
});
