/** A collection's page and number are of the same rows: where these are few, they are found once. */
import { expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { sketchPlanner } from "../support/planner/planner.ts";
import { ownDatabase, watched } from "../support/servers/postgres.ts";

const own = await ownDatabase(`
  ${tables}
  INSERT INTO post SELECT n, 'title ' || n, nullif(n % 3, 0), n % 2 FROM generate_series(1, 3000) n;
  INSERT INTO comment SELECT n, 'body', n % 4, n FROM generate_series(1, 30) n;
`);
const texts: string[] = [];
const planner = sketchPlanner({ ...collectionSketch, database: watched(own, (text) => texts.push(text)) });
const { run } = planner;

/** Runs an operation with each of the variables' values; gives its answers, and whether its statements kept the rows. */
async function ask(query: string, runs: readonly { readonly [name: string]: unknown }[]) {
  const found: { readonly data: unknown; readonly keepsRows: boolean }[] = [];
  for (const variables of runs) {
    texts.length = 0;
    const { data, errors } = await run(query, variables);
    expect(errors).toBeUndefined();
    found.push({ data, keepsRows: texts.at(-1)?.includes("_found") ?? false });
  }
  return found;
}

const ids = (...numbers: number[]) => numbers.map((id) => ({ id }));

test("once their number is known to be small", async () => {
  const query = `query ($id: Int, $offset: Int) { postPage(filters: { id: { gt: $id }, votes: { gt: 1 } },
    ordering: [{ id: DESC }], pagination: { offset: $offset, limit: 2 }) { totalCount results { id comments { id } } } }`;
  const page = (totalCount: number, ...its: number[]) => ({
    postPage: { totalCount, results: its.map((id) => ({ id, comments: [] })) },
  });
  expect(
    await ask(query, [
      { id: 2900, offset: 1 },
      { id: 2950, offset: 1 },
      { id: 2950, offset: 500 }, // which is not on the page
      { id: 5000, offset: 1 },
      { id: 2000, offset: 2 },
    ]),
  ).toEqual([
    { data: page(33, 2996, 2993), keepsRows: false },
    { data: page(17, 2996, 2993), keepsRows: true },
    { data: page(17), keepsRows: true },
    { data: page(0), keepsRows: true },
    { data: page(333, 2993, 2990), keepsRows: true },
  ]);
});

test("by programs as well, until they are many", async () => {
  const query = `query ($id: Int) { postPage(filters: { id: { gt: $id } }, pagination: { limit: 1 }) { totalCount results { id } } }`;
  const keepsRows: boolean[] = [];
  for (const id of [2990, 2990, 2980, 2970, 0, 2990, 2990]) {
    const data = { postPage: { totalCount: 3000 - id, results: ids(id + 1) } };
    expect(JSON.parse(await planner.raw(query, { id }))).toEqual({ data });
    keepsRows.push(texts.at(-1)?.includes("_found") ?? false);
  }
  expect(keepsRows).toEqual([false, true, true, true, true, false, false]);
  expect(planner.programs).toEqual({ served: expect.any(Number), left: 0 });
  expect(planner.programs.served).toBeGreaterThanOrEqual(4);
});

test("no longer once they were many", async () => {
  const query = `query ($id: Int) { postConnection(filters: { id: { gt: $id } }, last: 1) {
    totalCount nodes { id } edges { node { title } } pageInfo { hasPreviousPage } } }`;
  const found = await ask(query, [{ id: 2990 }, { id: 2990 }, { id: 0 }, { id: 2990 }, { id: 2990 }]);
  const connection = (totalCount: number) => ({
    postConnection: {
      totalCount,
      nodes: ids(3000),
      edges: [{ node: { title: "title 3000" } }],
      pageInfo: { hasPreviousPage: true },
    },
  });
  expect(found.map(({ data }) => data)).toEqual([10, 10, 3000, 10, 10].map(connection));
  expect(found.map(({ keepsRows }) => keepsRows)).toEqual([false, true, true, false, false]);
});

test("for each collection of an operation by itself", async () => {
  const one = (alias: string, id: number) =>
    `${alias}: postPage(filters: { id: { gt: ${id} } }, pagination: { limit: 1 }) { totalCount results { id } }`;
  const query = `{ ${one("a", 2998)} ${one("b", 2990)} comments(first: 1, filters: { post: { id: { gt: 28 } } },
    ordering: [{ post: { id: DESC } }]) { totalCount edges { cursor node { id post { title } } } } }`;
  const data = {
    a: { totalCount: 2, results: ids(2999) },
    b: { totalCount: 10, results: ids(2991) },
    comments: {
      totalCount: 2,
      edges: [{ cursor: expect.any(String), node: { id: 30, post: { title: "title 30" } } }],
    },
  };
  expect(await ask(query, [{}, {}])).toEqual([
    { data, keepsRows: false },
    { data, keepsRows: true },
  ]);
});

interface Connection {
  readonly totalCount: number;
  readonly nodes: readonly { readonly id: number }[];
  readonly pageInfo: { readonly endCursor: string; readonly hasNextPage: boolean };
}

test("behind a cursor, where all are counted", async () => {
  const query = `query ($after: String) { postConnection(filters: { id: { gt: 2990 } }, first: 4, after: $after) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`;
  const pages: unknown[] = [];
  let after: string | null = null;
  do {
    const answer = (await ask(query, [{ after }]))[0] ?? { data: null };
    const { postConnection: page } = answer.data as { readonly postConnection: Connection };
    pages.push([page.totalCount, ...page.nodes.map(({ id }) => id)]);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  expect(pages).toEqual([
    [10, 2991, 2992, 2993, 2994],
    [10, 2995, 2996, 2997, 2998],
    [10, 2999, 3000],
  ]);
});
