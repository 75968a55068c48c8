/** Objects by their global ids. */
import { expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { type PlannerSketch, sketchPlanner } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  ${tables}
  INSERT INTO post SELECT n, 'title ' || n, n, n % 2 FROM generate_series(1, 4) n;
  INSERT INTO comment SELECT n, 'body ' || n, n, 1 + n % 2 FROM generate_series(1, 8) n;
`);
const types = {
  post: { source: ["SELECT id, title, votes FROM post"], key: "id" },
  comment: { source: ["SELECT id, body, votes, post_id FROM comment"], key: "id" },
};
const sketch: PlannerSketch = {
  ...collectionSketch,
  database,
  types: {
    ...collectionSketch.types,
    Query: { node: "Node", nodes: "[Node!]!", perhaps: "[Node]!" },
    Node: { id: "ID!" },
    Post: { ...collectionSketch.types["Post"], id: "ID!" },
    Comment: { ...collectionSketch.types["Comment"], id: "ID!" },
  },
  interfaces: { Node: ["Post", "Comment"] },
  sources: {
    "Query.node": { kind: "nodes", types: { Post: types.post, Comment: types.comment } },
    "Query.nodes": { kind: "nodes", types: { Post: types.post, Comment: types.comment } },
    "Query.perhaps": { kind: "nodes", types: { Post: types.post, Comment: types.comment } },
    "Post.id": { kind: "column", column: "id", globalId: "Post" },
    "Comment.id": { kind: "column", column: "id", globalId: "Comment" },
  },
  args: {
    ...collectionSketch.args,
    ...{ "Query.node": { id: "ID!" }, "Query.nodes": { ids: "[ID!]!" }, "Query.perhaps": { ids: "[ID!]!" } },
  },
};
const fused = sketchPlanner(sketch);
const layered = sketchPlanner({ ...sketch, fuse: false });

const id = (type: string, key: number) => Buffer.from(`${type}:${key}`).toString("base64");

test("objects of several types come in the order of their ids, by one statement", async () => {
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
    ... on Post { title comments(pagination: { limit: 1 }) { id post { title } } commentPage { totalCount } }
    ... on Comment { body post { id title } } } }`;
  const ids = [id("Comment", 3), id("Post", 2), id("Comment", 2), id("Post", 2)];
  const comment = (key: number, post: number) => ({
    ...{ __typename: "Comment", id: id("Comment", key), body: `body ${key}` },
    post: { id: id("Post", post), title: `title ${post}` },
  });
  const post = {
    ...{ __typename: "Post", id: id("Post", 2), title: "title 2", commentPage: { totalCount: 4 } },
    comments: [{ id: id("Comment", 1), post: { title: "title 2" } }],
  };
  const expected = { status: 200, data: { nodes: [comment(3, 2), post, comment(2, 1), post] } };
  expect(await layered.run(query, { ids })).toEqual(expected);
  expect(await fused.run(query, { ids })).toEqual(expected);
  expect(fused.statements).toHaveLength(1);
});

test("one object, or null if there is none", async () => {
  const query = "query ($id: ID!) { node(id: $id) { __typename id ... on Post { title } } }";
  const found = { __typename: "Post", id: id("Post", 1), title: "title 1" };
  expect(await fused.run(query, { id: id("Post", 1) })).toEqual({ status: 200, data: { node: found } });
  expect(await fused.run(query, { id: id("Post", 9) })).toEqual({ status: 200, data: { node: null } });
});

test("an object that is not there is null in the list", async () => {
  const ids = [id("Post", 9), id("Post", 1)];
  const { data } = await fused.run("query ($ids: [ID!]!) { perhaps(ids: $ids) { id } }", { ids });
  expect(data).toEqual({ perhaps: [null, { id: id("Post", 1) }] });
  const { errors } = await fused.run("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", { ids });
  expect(errors?.[0]).toMatchObject({ path: ["nodes", 0], extensions: { code: "PUFF_NULL_IN_NON_NULL" } });
});

test.each([
  ["a text", "no"],
  ["an id of no type", Buffer.from(":1").toString("base64")],
  ["an id of another type", id("Query", 1)],
  ["an id with something behind it", `${id("Post", 1)}!`],
])("%s is refused", async (_, text) => {
  const { data, errors } = await fused.run("query ($id: ID!) { node(id: $id) { id } }", { id: text });
  expect(data).toEqual({ node: null });
  expect(errors?.[0]).toMatchObject({ path: ["node"], extensions: { code: "PUFF_GLOBAL_ID_INVALID" } });
});

test("a key that its column can't hold fails the field", async () => {
  const { errors } = await fused.run("query ($id: ID!) { node(id: $id) { id } }", {
    id: Buffer.from("Post:five").toString("base64"),
  });
  expect(errors?.[0]).toMatchObject({ path: ["node"], message: expect.stringContaining("integer") });
});
