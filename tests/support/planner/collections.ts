/** A schema of collections: posts and their comments, in all forms. */
import type {
  CollectionDescription,
  CollectionInputs,
  Condition,
  PagePart,
  Related,
  SqlFragment,
} from "../../../schema/index.ts";
import { type PlannerSketch, sql } from "./planner.ts";

export const tables = `
  CREATE TABLE post (id int PRIMARY KEY, title text NOT NULL, votes int, author int);
  CREATE TABLE comment (id int PRIMARY KEY, body text NOT NULL, votes int, post_id int REFERENCES post);
`;

const directions = ["ASC", "ASC_NULLS_FIRST", "ASC_NULLS_LAST", "DESC", "DESC_NULLS_FIRST", "DESC_NULLS_LAST"];

const is = (column: string, operator: string, as: "int" | "str" | "int[]" = "int"): Condition => ({
  kind: "sql",
  sql: [
    { row: true },
    `."${column}" ${operator} `,
    ...(as === "int[]" ? ["ANY("] : []),
    { argument: "value", as },
    ...(as === "int[]" ? [")"] : []),
  ],
});

const integers = (column: string): Condition => ({
  kind: "all",
  lookups: {
    exact: is(column, "="),
    gt: is(column, ">"),
    lte: is(column, "<="),
    inList: is(column, "=", "int[]"),
    range: {
      kind: "sql",
      sql: [
        { row: true },
        `."${column}" BETWEEN `,
        { argument: "value.start", as: "int" },
        " AND ",
        { argument: "value.end", as: "int" },
      ],
    },
    isNull: { kind: "boolean", whenTrue: nullTest(column, "IS NULL"), whenFalse: nullTest(column, "IS NOT NULL") },
  },
});

const sumOfVotes: SqlFragment = ["sum(", { row: true }, '."votes")'];
const over = (aggregate: SqlFragment, operator: string): Condition => ({
  kind: "sql",
  sql: [...aggregate, ` ${operator} `, { argument: "value", as: "int" }],
});

function nullTest(column: string, test: string): SqlFragment {
  return [{ row: true }, `."${column}" ${test}`];
}

const comments: Related = { source: ["SELECT * FROM comment"], keys: [["id", "post_id"]], many: true };
const post: Related = { source: ["SELECT * FROM post"], keys: [["post_id", "id"]] };
const column = (name: string, nullable: boolean) =>
  ({ kind: "sql", sql: [{ row: true }, `."${name}"`], nullable }) as const;

const inputs: CollectionInputs = {
  filters: {
    PostFilter: {
      id: integers("id"),
      votes: integers("votes"),
      title: is("title", "=", "str"),
      comments: { kind: "related", related: comments, filter: "CommentFilter" },
      ...{ AND: { kind: "and" }, OR: { kind: "or" }, NOT: { kind: "not" }, DISTINCT: { kind: "distinct" } },
    },
    CommentFilter: {
      id: integers("id"),
      votes: integers("votes"),
      post: { kind: "related", related: post, filter: "PostFilter" },
      ...{ AND: { kind: "and" }, OR: { kind: "or" }, NOT: { kind: "not" } },
    },
    CommentHaving: {
      count: { kind: "all", lookups: { gt: over(["count(*)"], ">"), exact: over(["count(*)"], "=") } },
      sum: { kind: "all", lookups: { sum_votes: { kind: "all", lookups: { gt: over(sumOfVotes, ">") } } } },
      ...{ OR: { kind: "or" }, NOT: { kind: "not" } },
    },
  },
  orderings: {
    PostOrder: { id: column("id", false), votes: column("votes", true), title: column("title", false) },
    CommentOrder: {
      id: column("id", false),
      votes: column("votes", true),
      post: { kind: "related", related: post, ordering: "PostOrder" },
    },
    CommentGroupOrder: {
      count: { kind: "sql", sql: ["count(*)"], nullable: true },
      keys: { kind: "row", ordering: "CommentGroupKeysOrder" },
    },
    CommentGroupKeysOrder: {
      votes: column("votes", true),
      even: { kind: "sql", sql: ["(", { row: true }, '."id" % 2 = 0)'], nullable: true },
    },
  },
};

const collection = (
  form: CollectionDescription["form"],
  type: "Post" | "Comment",
  options: Partial<CollectionDescription> = {},
): CollectionDescription => ({
  form,
  filters: `${type}Filter`,
  ordering: `${type}Order`,
  order: [],
  key: ["id"],
  size: 100,
  max: 100,
  ...options,
});

const argumentsOf = (form: CollectionDescription["form"], type: string): { [argument: string]: string } => ({
  filters: `${type}Filter`,
  ordering: `[${type}Order!]`,
  ...(form === "connection"
    ? { first: "Int", after: "String", last: "Int", before: "String" }
    : { pagination: "OffsetPaginationInput" }),
});

const commentPage = collection("page", "Comment", {
  aggregates: { count: ["count(*)"], sum_votes: ["sum(", { row: true }, '."votes")'] },
  groups: {
    keys: {
      VOTES: { column: "key_votes", sql: [{ row: true }, '."votes"'] },
      EVEN: { column: "key_even", sql: ["(", { row: true }, '."id" % 2 = 0)'] },
    },
    having: "CommentHaving",
    ordering: "CommentGroupOrder",
  },
});

const forms = {
  "Query.posts": collection("list", "Post", { size: null, max: null }),
  "Query.postPage": collection("page", "Post"),
  "Query.postConnection": collection("connection", "Post"),
  "Query.comments": collection("connection", "Comment"),
  "Query.commentPage": commentPage,
  "Post.comments": collection("list", "Comment"),
  "Post.commentPage": commentPage,
  "Post.commentConnection": collection("connection", "Comment"),
} as const;

const page = (type: string): { readonly [field: string]: PagePart } => ({
  [`${type}OffsetPaginated.results`]: "items",
  [`${type}OffsetPaginated.totalCount`]: "totalCount",
  [`${type}OffsetPaginated.pageInfo`]: "pageInfo",
  [`${type}Connection.edges`]: "edges",
  [`${type}Connection.nodes`]: "items",
  [`${type}Connection.totalCount`]: "totalCount",
  [`${type}Connection.pageInfo`]: "pageInfo",
  [`${type}Edge.node`]: "row",
  [`${type}Edge.cursor`]: "cursor",
});

const pageTypes = (type: string) => ({
  [`${type}OffsetPaginated`]: { results: `[${type}!]!`, totalCount: "Int!", pageInfo: "OffsetPaginationInfo!" },
  [`${type}Connection`]: {
    ...{ edges: `[${type}Edge!]!`, nodes: `[${type}!]!`, totalCount: "Int!", pageInfo: "PageInfo!" },
  },
  [`${type}Edge`]: { node: `${type}!`, cursor: "String!" },
});

const allPosts = sql("SELECT id, title, votes, author FROM post");
const allComments = sql("SELECT id, body, votes, post_id FROM comment");
const commentsOf = sql("SELECT id, body, votes, post_id FROM comment WHERE post_id = ANY($1)", {
  ...{ params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["post_id"] },
});

/** What a planner needs for it, but for the database. */
export const collectionSketch: Omit<PlannerSketch, "database"> = {
  types: {
    Query: {
      ...{ posts: "[Post!]!", postPage: "PostOffsetPaginated!", postConnection: "PostConnection!" },
      comments: "CommentConnection!",
      commentPage: "CommentOffsetPaginated!",
    },
    Post: {
      ...{ id: "Int!", title: "String!", votes: "Int", comments: "[Comment!]!" },
      ...{ commentPage: "CommentOffsetPaginated!", commentConnection: "CommentConnection!" },
    },
    CommentGroupedAggregates: { keys: "CommentGroupKeys!", count: "Int!", sum: "CommentSums!" },
    CommentGroupKeys: { votes: "Int", even: "Boolean" },
    Comment: { id: "Int!", body: "String!", votes: "Int", post: "Post" },
    ...pageTypes("Post"),
    ...pageTypes("Comment"),
    CommentOffsetPaginated: {
      ...{ results: "[Comment!]!", totalCount: "Int!", pageInfo: "OffsetPaginationInfo!" },
      aggregates: "CommentAggregates!",
      groupedAggregates: "[CommentGroupedAggregates!]!",
    },
    CommentAggregates: { count: "Int!", sum: "CommentSums!" },
    CommentSums: { sum_votes: "Int" },
    OffsetPaginationInfo: { offset: "Int!", limit: "Int" },
    PageInfo: { hasNextPage: "Boolean!", hasPreviousPage: "Boolean!", startCursor: "String", endCursor: "String" },
  },
  resolvers: {
    "Query.posts": () => allPosts,
    "Query.postPage": () => allPosts,
    "Query.postConnection": () => allPosts,
    "Query.comments": () => allComments,
    "Query.commentPage": () => allComments,
    "Post.comments": () => commentsOf,
    "Post.commentPage": () => commentsOf,
    "Post.commentConnection": () => commentsOf,
    "Comment.post": () =>
      sql("SELECT id, title, votes FROM post WHERE id = ANY($1)", {
        ...{ params: [{ parent: "post_id" }], parentKeys: ["post_id"], childKeys: ["id"] },
      }),
  },
  collections: forms,
  args: {
    ...Object.fromEntries(
      Object.entries(forms).map(([field, { form, filters }]) => [
        field,
        argumentsOf(form, filters?.replace("Filter", "") ?? ""),
      ]),
    ),
    "CommentOffsetPaginated.groupedAggregates": {
      ...{ groupBy: "[CommentGroupBy!]!", having: "CommentHaving", ordering: "[CommentGroupOrder!]" },
      pagination: "OffsetPaginationInput",
    },
  },
  sources: {
    "CommentGroupKeys.votes": { kind: "column", column: "key_votes" },
    "CommentGroupKeys.even": { kind: "column", column: "key_even" },
  },
  parts: {
    ...page("Post"),
    ...page("Comment"),
    "CommentOffsetPaginated.aggregates": "aggregates",
    "CommentOffsetPaginated.groupedAggregates": "groups",
    "CommentAggregates.sum": "row",
    "CommentGroupedAggregates.keys": "row",
    "CommentGroupedAggregates.sum": "row",
  },
  collectionInputs: inputs,
  inputs: {
    PostFilter: {
      ...{ id: "IntLookup", votes: "IntLookup", title: "String", comments: "CommentFilter", DISTINCT: "Boolean" },
      ...{ AND: "PostFilter", OR: "[PostFilter!]", NOT: "PostFilter" },
    },
    CommentFilter: {
      ...{ id: "IntLookup", votes: "IntLookup", post: "PostFilter" },
      ...{ AND: "CommentFilter", OR: "[CommentFilter!]", NOT: "CommentFilter" },
    },
    IntLookup: { exact: "Int", gt: "Int", lte: "Int", inList: "[Int!]", range: "IntRange", isNull: "Boolean" },
    IntRange: { start: "Int", end: "Int" },
    PostOrder: { id: "Ordering", votes: "Ordering", title: "Ordering" },
    CommentOrder: { id: "Ordering", votes: "Ordering", post: "PostOrder" },
    CommentHaving: { count: "IntLookup", sum: "CommentSumHaving", OR: "[CommentHaving!]", NOT: "CommentHaving" },
    CommentSumHaving: { sum_votes: "IntLookup" },
    CommentGroupOrder: { count: "Ordering", keys: "CommentGroupKeysOrder" },
    CommentGroupKeysOrder: { votes: "Ordering", even: "Ordering" },
    OffsetPaginationInput: { offset: "Int", limit: "Int" },
  },
  oneOf: ["PostOrder", "CommentOrder", "CommentGroupOrder", "CommentGroupKeysOrder"],
  enums: { Ordering: directions, CommentGroupBy: ["VOTES", "EVEN"] },
  limits: { depth: 20, fields: 10_000, listLength: 1000, aliases: 100, tokens: 5000 },
};
