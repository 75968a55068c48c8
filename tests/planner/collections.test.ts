/** Collections: filters, orders and pages of a plan, in the one statement. */
import { describe, expect, test } from "vitest";
import { collectionSketch, tables } from "../support/planner/collections.ts";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  ${tables}
  INSERT INTO post SELECT n, 'title ' || n, nullif(n % 3, 0), n % 2 FROM generate_series(1, 6) n;
  INSERT INTO comment SELECT n, 'body ' || n, nullif(n % 4, 0), 1 + n % 5 FROM generate_series(1, 20) n;
`);
const fused = sketchPlanner({ ...collectionSketch, database });
const layered = sketchPlanner({ ...collectionSketch, database, fuse: false });

const cases: readonly (readonly [string, string, unknown])[] = [
  ["a list in its own order", "{ posts { id } }", { posts: ids(1, 2, 3, 4, 5, 6) }],
  ["a part of a list", "{ posts(pagination: { offset: 1, limit: 2 }) { id } }", { posts: ids(2, 3) }],
  ["a filtered list", "{ posts(filters: { votes: { gt: 1 } }) { id } }", { posts: ids(2, 5) }],
  ["a filter of null", "{ posts(filters: { votes: null, title: null }) { id } }", { posts: ids(1, 2, 3, 4, 5, 6) }],
  ["what is null", "{ posts(filters: { votes: { isNull: true } }) { id } }", { posts: ids(3, 6) }],
  ["what is not null", "{ posts(filters: { votes: { isNull: false } }) { id } }", { posts: ids(1, 2, 4, 5) }],
  ["one of a list", "{ posts(filters: { id: { inList: [6, 1] } }) { id } }", { posts: ids(1, 6) }],
  ["one of an empty list", "{ posts(filters: { id: { inList: [] } }) { id } }", { posts: [] }],
  ["a range", "{ posts(filters: { id: { range: { start: 2, end: 4 } } }) { id } }", { posts: ids(2, 3, 4) }],
  ["fields beside each other", "{ posts(filters: { id: { gt: 2 }, votes: { exact: 1 } }) { id } }", { posts: ids(4) }],
  [
    "alternatives of a list",
    "{ posts(filters: { OR: [{ id: { exact: 1 } }, { id: { exact: 6 } }] }) { id } }",
    { posts: ids(1, 6) },
  ],
  ["an empty alternative", "{ posts(filters: { id: { lte: 2 }, OR: [{}] }) { id } }", { posts: ids(1, 2) }],
  [
    "a denial, of what is null too",
    "{ posts(filters: { NOT: { votes: { exact: 1 } } }) { id } }",
    { posts: ids(2, 3, 5, 6) },
  ],
  [
    "a condition of related rows",
    "{ posts(filters: { comments: { votes: { exact: 3 }, id: { gt: 10 } } }) { id } }",
    { posts: ids(1, 2, 5) },
  ],
  ["no such related rows", "{ posts(filters: { NOT: { comments: { id: { gt: 0 } } } }) { id } }", { posts: ids(6) }],
  [
    "no related rows, asked as a null",
    "{ posts(filters: { comments: { id: { isNull: true } } }) { id } }",
    { posts: ids(6) },
  ],
  [
    "a related row for which something does not hold",
    "{ posts(filters: { comments: { NOT: { id: { gt: 4 } } } }) { id } }",
    { posts: ids(2, 3, 4, 5) },
  ],
  ["an order", "{ posts(ordering: [{ votes: DESC }, { id: DESC }]) { id } }", { posts: ids(6, 3, 5, 2, 4, 1) }],
  [
    "an order, nulls last",
    "{ posts(ordering: [{ votes: DESC_NULLS_LAST }]) { id } }",
    { posts: ids(2, 5, 1, 4, 3, 6) },
  ],
  [
    "an order of the related row",
    "{ comments(ordering: [{ post: { id: DESC } }, { id: ASC }], first: 3) { nodes { id } } }",
    { comments: { nodes: ids(4, 9, 14) } },
  ],
  [
    "a page with its facts",
    "{ postPage(pagination: { offset: 4, limit: 10 }) { results { id } totalCount pageInfo { offset limit } } }",
    { postPage: { results: ids(5, 6), totalCount: 6, pageInfo: { offset: 4, limit: 10 } } },
  ],
  ["a number alone", "{ postPage(filters: { id: { gt: 4 } }) { totalCount } }", { postPage: { totalCount: 2 } }],
  [
    "the size of a page alone",
    "{ postPage { pageInfo { limit offset } } }",
    { postPage: { pageInfo: { limit: 100, offset: 0 } } },
  ],
  [
    "a page of each parent",
    "{ posts { id comments(ordering: [{ id: DESC }], pagination: { limit: 2 }) { id } } }",
    {
      posts: [[20, 15], [16, 11], [17, 12], [18, 13], [19, 14], []].map((its, index) => ({
        id: index + 1,
        comments: ids(...its),
      })),
    },
  ],
  [
    "a page of each parent with its number, filtered",
    "{ posts { commentPage(filters: { votes: { gt: 1 } }, pagination: { limit: 1, offset: 1 }) { totalCount results { id } } } }",
    {
      posts: [[2, 15], [2, 11], [2, 7], [2, 18], [2, 19], [0]].map(([totalCount, ...its]) => ({
        commentPage: { totalCount, results: ids(...its) },
      })),
    },
  ],
  [
    "aggregates of each parent",
    "{ posts { commentPage { aggregates { count sum { sum_votes } } } } }",
    {
      posts: [
        [4, 6],
        [4, 6],
        [4, 6],
        [4, 6],
        [4, 6],
        [0, null],
      ].map(([count, sum_votes]) => ({
        commentPage: { aggregates: { count, sum: { sum_votes } } },
      })),
    },
  ],
  [
    "groups by a key, in its order",
    "{ commentPage { groupedAggregates(groupBy: [VOTES]) { keys { votes } count sum { sum_votes } } } }",
    { commentPage: { groupedAggregates: [1, 2, 3, null].map((votes) => groupOf({ votes }, 5, votes && 5 * votes)) } },
  ],
  [
    "groups by two keys, of the filtered rows",
    `{ commentPage(filters: { votes: { gt: 1 } }, pagination: { limit: 1 }) { totalCount results { id }
      groupedAggregates(groupBy: [EVEN, VOTES, EVEN]) { keys { even votes } count } } }`,
    {
      commentPage: {
        ...{ totalCount: 10, results: ids(2) },
        groupedAggregates: [groupOf({ even: false, votes: 3 }, 5), groupOf({ even: true, votes: 2 }, 5)],
      },
    },
  ],
  [
    "a key that groups do not have",
    "{ commentPage { groupedAggregates(groupBy: [EVEN]) { count keys { votes even } } } }",
    {
      commentPage: {
        groupedAggregates: [groupOf({ votes: null, even: false }, 10), groupOf({ votes: null, even: true }, 10)].map(
          ({ keys, count }) => ({ count, keys }),
        ),
      },
    },
  ],
  [
    "some groups, ordered by an aggregate and by a key",
    `{ commentPage(filters: { id: { gt: 2 } }) { groupedAggregates(groupBy: [VOTES], having: { count: { gt: 4 } },
      ordering: [{ count: DESC }, { keys: { votes: DESC_NULLS_LAST } }], pagination: { offset: 1, limit: 2 }) { count keys { votes } } } }`,
    {
      commentPage: {
        groupedAggregates: [{ count: 5, keys: { votes: null } }],
      },
    },
  ],
  [
    "groups of each parent",
    `{ posts(filters: { id: { gt: 4 } }) { commentPage(filters: { id: { gt: 3 } }) { totalCount
      groupedAggregates(groupBy: [EVEN], ordering: [{ keys: { even: DESC } }]) { keys { even } count sum { sum_votes } } } } }`,
    {
      posts: [
        {
          commentPage: {
            totalCount: 4,
            groupedAggregates: [groupOf({ even: true }, 2, 2), groupOf({ even: false }, 2, 4)],
          },
        },
        { commentPage: { totalCount: 0, groupedAggregates: [] } },
      ],
    },
  ],
  [
    "groups of each parent that must have enough",
    `{ posts { commentPage { groupedAggregates(groupBy: [VOTES], having: { OR: [{ sum: { sum_votes: { gt: 2 } } }, { NOT: { count: { gt: 0 } } }] },
      pagination: { limit: 1 }) { keys { votes } } } } }`,
    {
      posts: [1, 2, 3, 4, 5]
        .map(() => ({ commentPage: { groupedAggregates: [{ keys: { votes: 3 } }] } }))
        .concat([{ commentPage: { groupedAggregates: [] } }]),
    },
  ],
  [
    "a connection and what its page says",
    "{ postConnection(first: 2) { totalCount edges { node { id title } } nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
    {
      postConnection: {
        totalCount: 6,
        edges: [{ node: { id: 1, title: "title 1" } }, { node: { id: 2, title: "title 2" } }],
        nodes: ids(1, 2),
        pageInfo: { hasNextPage: true, hasPreviousPage: false },
      },
    },
  ],
  [
    "the last of a connection",
    "{ postConnection(last: 2) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
    { postConnection: { nodes: ids(5, 6), pageInfo: { hasNextPage: false, hasPreviousPage: true } } },
  ],
  [
    "a page's facts alone",
    "{ postConnection(first: 6) { pageInfo { hasNextPage } } posts { commentConnection(first: 3) { pageInfo { hasNextPage } } } }",
    {
      postConnection: { pageInfo: { hasNextPage: false } },
      posts: [true, true, true, true, true, false].map((hasNextPage) => ({
        commentConnection: { pageInfo: { hasNextPage } },
      })),
    },
  ],
  [
    "what is below the items of a page",
    "{ posts(pagination: { limit: 2 }) { commentConnection(first: 1) { edges { node { id post { id title } } } } } }",
    {
      posts: [5, 1].map((id, index) => ({
        commentConnection: { edges: [{ node: { id, post: { id: index + 1, title: `title ${index + 1}` } } }] },
      })),
    },
  ],
  [
    "pages within pages",
    "{ postPage(pagination: { limit: 1 }) { results { commentPage(pagination: { limit: 1 }) { totalCount results { post { comments(pagination: { limit: 2 }) { id } } } } } } }",
    { postPage: { results: [{ commentPage: { totalCount: 4, results: [{ post: { comments: ids(5, 10) } }] } }] } },
  ],
  [
    "several collections, one twice",
    "{ a: postPage(pagination: { limit: 1 }) { results { id } } b: postPage { totalCount } posts(pagination: { limit: 1 }) { __typename commentPage { __typename } } }",
    {
      a: { results: ids(1) },
      b: { totalCount: 6 },
      posts: [{ __typename: "Post", commentPage: { __typename: "CommentOffsetPaginated" } }],
    },
  ],
];

function groupOf(keys: object, count: number, sum_votes?: number | null): { keys: object; count: number } {
  return { keys, count, ...(sum_votes === undefined ? {} : { sum: { sum_votes } }) };
}

function ids(...numbers: number[]): { id: number }[] {
  return numbers.map((id) => ({ id }));
}

describe("a client gets", () => {
  test.each(cases)("%s", async (_, query, data) => {
    expect(await layered.run(query)).toEqual({ status: 200, data });
    expect(await fused.run(query)).toEqual({ status: 200, data });
    expect(await fused.raw(query)).toBe(await layered.raw(query));
    expect(fused.statements.length).toBeLessThan(2);
  });
});

type Connection = {
  readonly nodes: readonly { readonly id: number }[];
  readonly pageInfo: { readonly [fact: string]: string | boolean | null };
};

/** All ids of a connection, a page at a time. */
function walk(arguments_: string, forward: boolean, between: () => Promise<unknown>): Promise<number[]> {
  const read = async (page: string) => {
    const facts = "hasNextPage hasPreviousPage startCursor endCursor";
    const { data, errors } = await fused.run(
      `{ postConnection(${arguments_}${page}) { nodes { id } pageInfo { ${facts} } } }`,
    );
    expect(errors).toBeUndefined();
    return (data as { readonly postConnection: Connection }).postConnection;
  };
  return walkPages(read, forward, between);
}

async function walkPages(
  read: (page: string) => Promise<Connection>,
  forward: boolean,
  between: () => Promise<unknown>,
): Promise<number[]> {
  const found: number[] = [];
  let cursor: string | boolean | null | undefined = null;
  do {
    const at: string = cursor === null ? "" : `, ${forward ? "after" : "before"}: "${cursor}"`;
    const { nodes, pageInfo } = await read(`${forward ? "first" : "last"}: 2${at}`);
    found[forward ? "push" : "unshift"](...nodes.map(({ id }) => id));
    await between();
    const goesOn = pageInfo[forward ? "hasNextPage" : "hasPreviousPage"] === true;
    cursor = goesOn ? pageInfo[forward ? "endCursor" : "startCursor"] : undefined;
  } while (cursor !== undefined);
  return found;
}

test("explain says what went into which part", async () => {
  const { fields } = await fused.explain(
    `{ posts(ordering: [{ votes: DESC_NULLS_LAST }]) { id commentPage(filters: { votes: { gt: 1 } }, pagination: { limit: 2, offset: 1 })
      { totalCount results { id } } } }`,
  );
  const flat = (its: typeof fields): string[] =>
    its.flatMap(({ name, plan, fetch, fields: below }) => [
      `${name} ${plan.kind} ${fetch?.kind ?? "-"} ${plan.why}`,
      ...flat(below),
    ]);
  const where = 'where {"votes":{"gt":1}}';
  expect(flat(fields)).toEqual([
    "Query.posts dynamic fused not @graphql.pure; all items, ordered by votes DESC NULLS LAST, id",
    "Post.id column - ",
    "Post.commentPage dynamic - not @graphql.pure",
    `CommentOffsetPaginated.totalCount page fused over all pages of each parent, ${where}`,
    `CommentOffsetPaginated.results page fused 2 items from 1 of each parent, ${where}, ordered by id`,
    "Comment.id column - ",
  ]);
});

test("a plan may say its own order, which holds where a client asks for none", async () => {
  const order = [{ sql: [{ row: true }, '."votes"'], nullable: true, direction: "DESC_NULLS_LAST" }] as const;
  const resolvers = { "Query.posts": () => sql("SELECT id, title, votes FROM post", { order }) };
  const { run } = sketchPlanner({
    ...collectionSketch,
    database,
    resolvers: { ...collectionSketch.resolvers, ...resolvers },
  });
  expect(await run("{ posts { id } }")).toMatchObject({ data: { posts: ids(2, 5, 1, 4, 3, 6) } });
  expect(await run("{ posts(ordering: [{ id: DESC }]) { id } }")).toMatchObject({
    data: { posts: ids(6, 5, 4, 3, 2, 1) },
  });
});

test.each([1, "1"])("parents that are not rows have pages, too: those whose key is %j", async (key) => {
  const value = [{ o: { id: key, title: "x" }, type: null }];
  const { "Query.posts": _, ...collections } = collectionSketch.collections ?? {};
  const resolvers = {
    ...collectionSketch.resolvers,
    "Query.posts": () => ({ kind: "value", value, parentKeys: [], childKeys: [] }) as const,
  };
  const { run } = sketchPlanner({ ...collectionSketch, collections, resolvers, database });
  const query = `{ posts { comments(pagination: { limit: 2 }) { id } commentPage { totalCount aggregates { count } } } }`;
  expect(await run(query)).toEqual({
    status: 200,
    data: { posts: [{ comments: ids(5, 10), commentPage: { totalCount: 4, aggregates: { count: 4 } } }] },
  });
});

test("a connection without a most tells of a page of any length", async () => {
  const text = "SELECT n AS id, 'x' AS title, n AS votes FROM generate_series(1, 200000) AS n";
  const postConnection = collectionSketch.collections?.["Query.postConnection"];
  const { run } = sketchPlanner({
    ...collectionSketch,
    ...(postConnection === undefined
      ? {}
      : { collections: { "Query.postConnection": { ...postConnection, size: null, max: null } } }),
    resolvers: { ...collectionSketch.resolvers, "Query.postConnection": () => sql(text) },
    limits: { ...collectionSketch.limits, items: 1_000_000 },
    database,
  });
  for (const [args, count] of [
    ["ordering: [{ id: ASC }]", 200_000],
    ["last: 150000", 150_000],
  ] as const) {
    const { data, errors } = await run(`{ postConnection(${args}) { nodes { id } pageInfo { hasNextPage } } }`);
    expect(errors).toBeUndefined();
    const { nodes, pageInfo } = (data as { readonly postConnection: Connection }).postConnection;
    expect([nodes.length, nodes.at(-1), pageInfo]).toEqual([count, { id: 200_000 }, { hasNextPage: false }]);
  }
});

describe("walking a connection by cursors gives each row once", () => {
  const orders = [
    "",
    "ordering: [{ votes: ASC }], ",
    "ordering: [{ votes: DESC }], ",
    "ordering: [{ votes: ASC_NULLS_FIRST }, { title: DESC }], ",
    "ordering: [{ votes: DESC_NULLS_LAST }, { id: DESC }], ",
    "ordering: [{ title: DESC }, { id: DESC }], ",
    "filters: { NOT: { id: { exact: 3 } } }, ordering: [{ votes: DESC }], ",
  ];
  test.each(orders.flatMap((order) => [true, false].map((forward) => [order, forward] as const)))(
    "%s forward: %s",
    async (order, forward) => {
      const { data } = await fused.run(`{ postConnection(${order}first: 100) { nodes { id } } }`);
      const all = (data as { readonly postConnection: Connection }).postConnection.nodes.map(({ id }) => id);
      let next = 100;
      // Rows that are added on the way are found or not, but take none away.
      const insert = () => database.run(`INSERT INTO post VALUES (${next++}, 'title 0', ${next % 4}, 1)`);
      try {
        expect((await walk(order, forward, insert)).filter((id) => id < 100)).toEqual(all);
      } finally {
        await database.run("DELETE FROM post WHERE id >= 100");
      }
    },
  );
});

describe("walking the connection of each parent by cursors gives each of its rows once", () => {
  const orders = ["", "ordering: [{ votes: DESC }], ", "ordering: [{ votes: ASC_NULLS_FIRST }, { id: DESC }], "];
  test.each(orders.flatMap((order) => [true, false].map((forward) => [order, forward] as const)))(
    "%s forward: %s",
    async (order, forward) => {
      let next = 100;
      try {
        for (const [post, count] of [
          [1, 4],
          [2, 4],
          [6, 0],
        ] as const) {
          const field = `posts(filters: { id: { exact: ${post} } }) { commentConnection`;
          const read = async (page: string) => {
            const facts = "hasNextPage hasPreviousPage startCursor endCursor";
            const { data, errors } = await fused.run(
              `{ ${field}(${order}${page}) { nodes { id } pageInfo { ${facts} } } } }`,
            );
            expect(errors).toBeUndefined();
            const { posts } = data as { readonly posts: readonly { readonly commentConnection: Connection }[] };
            return posts[0]?.commentConnection ?? { nodes: [], pageInfo: {} };
          };
          const all = (await read("first: 100")).nodes.map(({ id }) => id).filter((id) => id < 100);
          expect(all).toHaveLength(count);
          const insert = () =>
            database.run(`INSERT INTO comment SELECT ${next++}, 'new', ${next % 5}, id FROM post WHERE id IN (1, 2, 6)
              AND id = ${[1, 2, 6][next % 3]}`);
          const found = await walkPages(read, forward, insert);
          expect(found.filter((id) => id < 100)).toEqual(all);
          expect(new Set(found).size).toBe(found.length);
        }
      } finally {
        await database.run("DELETE FROM comment WHERE id >= 100");
      }
    },
  );
});

test("the cursor of an edge leads to what follows it, within each parent", async () => {
  const { data } = await fused.run("{ posts { commentConnection(first: 1) { edges { cursor node { id } } } } }");
  const { posts } = data as {
    readonly posts: readonly {
      readonly commentConnection: { readonly edges: readonly { readonly cursor: string }[] };
    }[];
  };
  const cursor = posts[0]?.commentConnection.edges[0]?.cursor ?? "";
  expect(
    await fused.run(
      `{ posts(pagination: { limit: 2 }) { commentConnection(first: 2, after: "${cursor}") { nodes { id } pageInfo { hasPreviousPage } } } }`,
    ),
  ).toMatchObject({
    data: {
      posts: [
        { commentConnection: { nodes: ids(10, 15), pageInfo: { hasPreviousPage: true } } },
        { commentConnection: { nodes: ids(6, 11) } },
      ],
    },
  });
});

describe("what a collection refuses", () => {
  const votes = "ordering: [{ votes: DESC }]";
  test.each([
    ["{ postConnection(first: -1) { totalCount nodes { id } } }", "PUFF_PAGE_INVALID", '"first" is -1'],
    ["{ postConnection(first: 1, last: 1) { nodes { id } } }", "PUFF_PAGE_INVALID", "contradict"],
    ["{ postConnection(last: 101) { nodes { id } } }", "PUFF_PAGE_INVALID", "at most 100 items"],
    ["{ postPage(pagination: { offset: -2 }) { totalCount } }", "PUFF_PAGE_INVALID", '"pagination.offset" is -2'],
    ["{ postPage(pagination: { limit: 1000 }) { totalCount } }", "PUFF_PAGE_INVALID", "at most 100 items"],
    ['{ postConnection(after: "no") { nodes { id } } }', "PUFF_CURSOR_INVALID", '"after" is not a cursor'],
    [`{ postConnection(${votes}, before: "no") { nodes { id } } }`, "PUFF_CURSOR_INVALID", '"before" is not a cursor'],
  ])("%s", async (query, code, message) => {
    for (const planner of [fused, layered]) {
      const { errors } = await planner.run(query);
      expect(errors?.map(({ path, extensions }) => [path?.length, extensions.code])).toEqual([[1, code]]);
      expect(errors?.[0]?.message).toContain(message);
    }
  });

  test("a cursor of another order, another filter or another collection", async () => {
    const { data } = await fused.run("{ postConnection(first: 1) { pageInfo { endCursor } } }");
    const { endCursor } = (data as { readonly postConnection: Connection }).postConnection.pageInfo;
    for (const query of [
      `{ postConnection(after: "${endCursor}", ${votes}) { nodes { id } } }`,
      `{ postConnection(after: "${endCursor}", filters: { id: { gt: 0 } }) { nodes { id } } }`,
      `{ comments(after: "${endCursor}") { nodes { id } } }`,
    ]) {
      expect((await fused.run(query)).errors?.[0]?.extensions.code).toBe("PUFF_CURSOR_INVALID");
    }
    expect((await fused.run(`{ postConnection(after: "${endCursor}") { nodes { id } } }`)).errors).toBeUndefined();
  });

  test("a cursor that is cut off behind its mark, or was changed there", async () => {
    const { data } = await fused.run(`{ postConnection(${votes}, first: 1) { pageInfo { endCursor } } }`);
    const { endCursor } = (data as { readonly postConnection: Connection }).postConnection.pageInfo;
    const whole = Buffer.from(String(endCursor), "base64url").toString();
    const mark = whole.slice(0, whole.indexOf("["));
    for (const text of ["", "[", '["1"', '["1"]', '["1", "2", "3"]', '["1", 2]', "{}", "null", '["1", "\\u0000"]']) {
      const cursor = Buffer.from(mark + text).toString("base64url");
      for (const planner of [fused, layered]) {
        const { errors } = await planner.run(`{ postConnection(${votes}, after: "${cursor}") { nodes { id } } }`);
        expect(errors, text).toMatchObject([
          {
            path: ["postConnection"],
            message: expect.stringContaining("broken"),
            extensions: { code: "PUFF_CURSOR_INVALID" },
          },
        ]);
      }
    }
  });

  test("an order of more terms than are allowed", async () => {
    const order = (terms: number) => `ordering: [${"{ votes: DESC } ".repeat(terms)}]`;
    for (const [field, selection] of [
      ["posts", "id"],
      ["postPage", "totalCount results { id }"],
      ["postPage", "totalCount"],
      ["postConnection", "totalCount"],
      ["postConnection", "pageInfo { hasNextPage }"],
    ] as const) {
      const { errors = [] } = await fused.run(`{ ${field}(${order(21)}) { ${selection} } }`);
      expect(errors.slice(0, 1), field).toMatchObject([
        {
          path: expect.arrayContaining([field]),
          message: expect.stringContaining("21 terms, and 20"),
          extensions: { code: "PUFF_PAGE_INVALID" },
        },
      ]);
      expect((await fused.run(`{ ${field}(${order(20)}) { ${selection} } }`)).errors).toBeUndefined();
    }
  });

  test.each(["totalCount", "__typename", "nodes { id }", "pageInfo { endCursor }"])(
    "the same, whatever is asked of the page: %s",
    async (selection) => {
      for (const [argument, code] of [
        ['after: "eyJ9"', "PUFF_CURSOR_INVALID"],
        ['last: 1, before: ""', "PUFF_CURSOR_INVALID"],
        ["first: -1", "PUFF_PAGE_INVALID"],
        [`filters: ${"{ NOT: ".repeat(11)}{ title: "x" }${" }".repeat(11)}`, "PUFF_FILTER_TOO_LARGE"],
      ] as const) {
        for (const planner of [fused, layered]) {
          const { errors } = await planner.run(`{ postConnection(${argument}) { ${selection} } }`);
          expect(errors?.[0], argument).toMatchObject({ path: ["postConnection"], extensions: { code } });
        }
      }
    },
  );

  test("more items than an operation may ask for", async () => {
    const most = 10_000;
    const query = (limit: number) =>
      `{ postPage(pagination: { limit: 100 }) { results { comments(pagination: { limit: ${limit} }) { id } } } }`;
    expect((await fused.run(query(99))).errors).toBeUndefined();
    expect(await fused.run(query(100))).toMatchObject({
      status: 400,
      errors: [
        { message: expect.stringContaining(`up to ${most + 100} items`), extensions: { code: "PUFF_TOO_MANY_ITEMS" } },
      ],
    });
  });

  test.each([
    ["no key", "groupBy: []", '"groupBy" names no key'],
    [
      "an order of another key",
      "groupBy: [VOTES], ordering: [{ keys: { even: ASC } }]",
      '"ordering" names the key EVEN, which "groupBy" does not',
    ],
    ["too many at once", "groupBy: [VOTES], pagination: { limit: 101 }", "a page has at most 100 items"],
    [
      "too long an order",
      `groupBy: [VOTES], ordering: [${"{ count: ASC } ".repeat(21)}]`,
      "21 terms, and 20 are allowed",
    ],
    [
      "too large a condition",
      `groupBy: [VOTES], having: { OR: [${"{ count: { gt: 1 } } ".repeat(201)}] }`,
      "more than 200 conditions",
    ],
  ])("groups that can't be: %s", async (_, argument, message) => {
    for (const planner of [fused, layered]) {
      for (const [around, path] of [
        ["", []],
        ["posts(pagination: { limit: 1 }) { ", ["posts", 0]],
      ] as const) {
        const query = `{ ${around} commentPage { groupedAggregates(${argument}) { count } } ${around && "}"} }`;
        expect((await planner.run(query)).errors, query).toMatchObject([
          { path: [...path, "commentPage", "groupedAggregates"], message: expect.stringContaining(message) },
        ]);
      }
    }
  });

  test("more groups than an operation may ask for", async () => {
    const query = (limit: number) =>
      `{ postPage(pagination: { limit: 100 }) { results { commentPage(pagination: { limit: 1 }) {
        groupedAggregates(groupBy: [VOTES], pagination: { limit: ${limit} }) { count } } } } }`;
    expect((await fused.run(query(98))).errors).toBeUndefined();
    expect((await fused.run(query(99))).errors).toMatchObject([{ extensions: { code: "PUFF_TOO_MANY_ITEMS" } }]);
  });

  test("a filter that is too deep or too large", async () => {
    const deep = `${"{ NOT: ".repeat(11)}{ title: "x" }${" }".repeat(11)}`;
    const large = `{ OR: [${'{ title: "x" } '.repeat(201)}] }`;
    for (const filter of [deep, large]) {
      const { errors } = await fused.run(`{ posts(filters: ${filter}) { id } }`);
      expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([
        [["posts"], "PUFF_FILTER_TOO_LARGE"],
      ]);
    }
  });

  test("a value in the place of a plan", async () => {
    const resolvers = {
      ...collectionSketch.resolvers,
      "Query.posts": () => ({ kind: "value", value: [], parentKeys: [], childKeys: [] }) as const,
    };
    const { errors } = await sketchPlanner({ ...collectionSketch, database, resolvers }).run("{ posts { id } }");
    expect(errors?.[0]).toMatchObject({ path: ["posts"], extensions: { code: "PUFF_PLAN_INVALID" } });
  });
});
