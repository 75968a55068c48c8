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

describe("what has none", () => {
  test.each([
    ["{ postConnection(first: 2) { edges { cursor node { id } } } }", "tells of a place in an order"],
    ["{ posts { commentConnection(first: 2) { nodes { id } pageInfo { hasNextPage } } } }", "shows other rows"],
    ["{ posts { commentConnection(last: 2) { nodes { id } } } }", "in another order"],
    ["{ postPage { totalCount results { id } } }", "depends on how many rows"],
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
