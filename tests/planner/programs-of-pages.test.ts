/** Programs of collections: lists and pages are answered by code, in the very same bytes. */
import { describe, expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { sketchPlanner } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  ${tables}
  INSERT INTO post SELECT n, 'title ' || n, nullif(n % 3, 0), n % 2 FROM generate_series(1, 6) n;
  INSERT INTO comment SELECT n, 'body ' || n, nullif(n % 4, 0), 1 + n % 5 FROM generate_series(1, 20) n;
  INSERT INTO comment VALUES (21, 'of no post', 1, NULL);
`);
const layered = sketchPlanner({ ...collectionSketch, database, fuse: false });

const page = "pagination: { offset: 1, limit: 2 }";

test.each([
  ["a list", `{ posts(filters: { votes: { gt: 0 } }, ordering: [{ votes: DESC }], ${page}) { id title } }`],
  ["a list of each parent", `{ posts { id comments(ordering: [{ id: DESC }], ${page}) { id post { title } } } }`],
  ["a page", `{ postPage(${page}) { __typename results { id votes } } a: postPage { totalCount } }`],
  ["a page of each parent with its number", `{ posts { id commentPage(${page}) { totalCount results { id body } } } }`],
  ["a number that is none", "{ posts(filters: { id: { gt: 5 } }) { commentPage { totalCount results { id } } } }"],
  [
    "groups",
    "{ posts { commentPage { groupedAggregates(groupBy: [VOTES], having: { count: { gt: 0 } }) { keys { votes } sum { sum_votes } } } } }",
  ],
  ["groups of the root", `{ commentPage(${page}) { results { id } groupedAggregates(groupBy: [EVEN]) { count } } }`],
  ["aggregates", "{ posts { commentPage { aggregates { count sum { sum_votes __typename } } } } }"],
  ["a page with its number", `{ postPage(${page}) { totalCount results { id } } }`],
  ["a number that is none, with its page", "{ postPage(filters: { id: { gt: 99 } }) { totalCount results { id } } }"],
  [
    "a connection",
    `{ postConnection(first: 2, ordering: [{ votes: DESC }, { title: ASC }]) { totalCount edges { cursor node { id title } }
      pageInfo { __typename hasNextPage hasPreviousPage startCursor endCursor } } }`,
  ],
  [
    "a connection without its number, its facts first",
    "{ postConnection(first: 4) { pageInfo { endCursor hasNextPage } nodes { votes } edges { cursor } } }",
  ],
  ["the whole of a connection", "{ postConnection(first: 6) { nodes { id } pageInfo { hasNextPage endCursor } } }"],
  ["none of a connection", "{ postConnection(first: 0) { nodes { id } pageInfo { hasNextPage endCursor } } }"],
  [
    "an empty connection",
    "{ postConnection(filters: { id: { gt: 99 } }) { totalCount nodes { id } pageInfo { hasNextPage startCursor } } }",
  ],
  [
    "a connection of each parent",
    `{ posts { id commentConnection(first: 2, ordering: [{ votes: ASC_NULLS_FIRST }]) { pageInfo { startCursor hasNextPage endCursor }
      totalCount edges { cursor node { id post { title } } } } } }`,
  ],
  [
    "none of each parent",
    "{ posts { commentConnection(first: 0) { nodes { id } pageInfo { hasNextPage endCursor } } } }",
  ],
  [
    "connections within connections",
    `{ comments(first: 3) { edges { node { id post { commentConnection(first: 1) { edges { cursor } pageInfo { hasNextPage } } } } }
      pageInfo { endCursor } } }`,
  ],
  [
    "pages within pages",
    `{ postPage { results { commentPage(${page}) { results { post { commentPage(${page}) { totalCount results { id } } } } } } } }`,
  ],
])("%s", async (_, query) => {
  const planner = sketchPlanner({ ...collectionSketch, database });
  const expected = await layered.raw(query);
  expect(await planner.raw(query)).toBe(expected);
  expect((await planner.explain(query)).program).toEqual({ why: null });
  for (let run = 0; run < 3; run++) {
    expect(await planner.raw(query)).toBe(expected);
  }
  expect(planner.programs).toEqual({ served: expect.any(Number), left: 0 });
  expect(planner.programs.served).toBeGreaterThanOrEqual(3);
});

test("with other values of variables", async () => {
  const planner = sketchPlanner({ ...collectionSketch, database });
  const query = `query ($votes: Int, $limit: Int, $offset: Int) { posts { id commentPage(filters: { votes: { gt: $votes } },
    pagination: { limit: $limit, offset: $offset }) { totalCount results { id } } } }`;
  for (const [votes, limit, offset] of [
    [0, 2, 1],
    [0, 2, 1],
    [1, 2, 1],
    [1, 1, 2],
    [2, 3, 1],
    [9, 1, 1],
    [0, 2, 1],
  ]) {
    const variables = { votes, limit, offset };
    expect(await planner.raw(query, variables)).toBe(await layered.raw(query, variables));
  }
  expect(planner.programs.served).toBeGreaterThan(0);
  expect(planner.programs.left).toBe(0);
});

describe("pages of a connection, one after another", () => {
  test.each([
    "{ postConnection(first: $first, after: $after) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } }",
    `{ postConnection(first: $first, after: $after, ordering: [{ votes: DESC }]) { edges { cursor node { id } }
       pageInfo { hasPreviousPage hasNextPage startCursor endCursor } } }`,
  ])("%s", async (selection) => {
    const planner = sketchPlanner({ ...collectionSketch, database });
    const query = `query ($first: Int, $after: String) ${selection}`;
    for (const first of [2, 3, 1]) {
      let after: string | null = null;
      do {
        const answer = await planner.raw(query, { first, after });
        expect(answer).toBe(await layered.raw(query, { first, after }));
        const { hasNextPage, endCursor } = JSON.parse(answer).data.postConnection.pageInfo;
        after = hasNextPage ? endCursor : null;
      } while (after !== null);
    }
    expect(planner.programs.left).toBe(0);
    expect(planner.programs.served).toBeGreaterThanOrEqual(3);
  });
});

test("texts that JSON escapes are in cursors as without a program", async () => {
  await database.run(String.raw`INSERT INTO post VALUES (100, '"', 1, 1), (101, '\', 1, 1), (102, E'\n\x01', 1, 1),
    (103, 'ä🎉', 1, 1), (104, '', 1, 1), (105, repeat('x"', 5000), 1, 1)`);
  try {
    const planner = sketchPlanner({ ...collectionSketch, database });
    const query = `{ postConnection(filters: { id: { gt: 99 } }, ordering: [{ title: DESC }]) { edges { cursor } pageInfo { startCursor endCursor } } }`;
    for (let run = 0; run < 4; run++) {
      expect(await planner.raw(query)).toBe(await layered.raw(query));
    }
    expect(planner.programs).toEqual({ served: 2, left: 0 });
  } finally {
    await database.run("DELETE FROM post WHERE id >= 100");
  }
});

describe("what has none", () => {
  test.each([
    ["{ posts { commentConnection(first: 2) { pageInfo { hasNextPage } } } }", "rows that nobody shows"],
    ["{ posts { commentConnection(last: 2) { nodes { id } } } }", "in another order"],
  ])("%s", async (query, why) => {
    const planner = sketchPlanner({ ...collectionSketch, database });
    const expected = await layered.raw(query);
    for (let run = 0; run < 3; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
    expect((await planner.explain(query)).program).toEqual({ why: expect.stringContaining(why) });
    expect(planner.programs.served).toBe(0);
  });
});
