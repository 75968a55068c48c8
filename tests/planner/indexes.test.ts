/** Which filters, orders and pages of collections an index serves, and which index would. */
import { describe, expect, test } from "vitest";
import { findMissingIndexes, type IndexReport, type Need, writeIndex } from "../../planner/index.ts";
import type { CollectionDescription, CollectionInputs, Condition, ScalarKind, SqlPlan } from "../../schema/index.ts";
import { type PlannerSketch, sketchSchema, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE post (
    id int PRIMARY KEY, title text COLLATE "und-x-icu" NOT NULL, slug varchar(50), votes int, author int, created timestamptz NOT NULL,
    tags text[], data jsonb, during int4range, public boolean NOT NULL
  );
  CREATE TABLE comment (id int PRIMARY KEY, body text NOT NULL, votes int, post_id int REFERENCES post);
  CREATE TABLE tag (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE post_tags (id int PRIMARY KEY, post_id int NOT NULL, tag_id int NOT NULL, UNIQUE (post_id, tag_id));
`);

const where = (before: string, as: ScalarKind | "int[]" | "str[]", after = ""): Condition => ({
  kind: "sql",
  sql: [...place(before), { argument: "value", as }, after],
});
const place = (text: string) =>
  text.split("row.").flatMap((part, index) => (index === 0 ? [part] : [{ row: true } as const, `.${part}`]));
const isNull: Condition = {
  kind: "boolean",
  whenTrue: [{ row: true }, ".votes IS NULL"],
  whenFalse: [{ row: true }, ".votes IS NOT NULL"],
};
const term = (text: string, nullable = false) => ({ kind: "sql", sql: place(text), nullable }) as const;
const comments = { source: ["SELECT * FROM comment"], keys: [["id", "post_id"]], many: true } as const;
const post = { source: ["SELECT * FROM post"], keys: [["post_id", "id"]] } as const;

const inputs: CollectionInputs = {
  filters: {
    PostFilter: {
      id: where("row.id = ", "int"),
      globalId: where("row.id = ", "str"),
      globalIds: where("row.id = ANY(", "str[]", ")"),
      votes: {
        kind: "all",
        lookups: { exact: where("row.votes = ", "int"), inList: where("row.votes = ANY(", "int[]", ")"), isNull },
      },
      title: {
        kind: "all",
        lookups: {
          contains: where("row.title LIKE '%' || ", "str", "::text || '%'"),
          iContains: where("UPPER(row.title::text) LIKE UPPER('%' || ", "str", "::text || '%')"),
          startsWith: where("row.title LIKE ", "str", "::text || '%'"),
        },
      },
      slug: where("row.slug = ", "str"),
      tags: where("row.tags @> ", "str[]"),
      data: where("row.data @> ", "json"),
      during: where("row.during && int4range(1, ", "int", ")"),
      month: where("EXTRACT(MONTH FROM row.created AT TIME ZONE 'UTC') = ", "int"),
      day: where("row.created::date = ", "date"),
      other: where("row.votes <> ", "int"),
      comments: { kind: "related", related: comments, filter: "CommentFilter" },
      ...{ AND: { kind: "and" }, OR: { kind: "or" }, NOT: { kind: "not" }, DISTINCT: { kind: "distinct" } },
    },
    CommentFilter: {
      votes: where("row.votes = ", "int"),
      post: { kind: "related", related: post, filter: "PostFilter" },
    },
    VotesFilter: { votes: where("row.votes = ", "int") },
    BrokenFilter: { votes: where("row.nothing = ", "int") },
  },
  orderings: {
    PostOrder: { id: term("row.id"), votes: term("row.votes", true), title: term("lower(row.title)") },
    CommentOrder: { votes: term("row.votes", true), post: { kind: "related", related: post, ordering: "PostOrder" } },
  },
};

const needs = { kind: "needs", columns: [] } as const;

/** Collections by their fields. A plan of null: the resolver has none. */
type Checked = { readonly [field: string]: Partial<CollectionDescription> & { readonly plan: SqlPlan | null } };

const posts = sql("SELECT * FROM post");
const commentsOf = sql("SELECT id, body, votes, post_id FROM comment WHERE post_id = ANY($1)", {
  ...{ params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["post_id"] },
});

/** What is found where the database has some indexes, too. */
async function check(checked: Checked, indexes = ""): Promise<IndexReport> {
  const names = Object.keys(checked).map((name) => name.split(".") as [string, string]);
  const fieldsOf = (type: string) =>
    Object.fromEntries(names.filter(([owner]) => owner === type).map(([, field]) => [field, "[Post!]!"]));
  const sketch: PlannerSketch = {
    database,
    types: { Query: { ...fieldsOf("Query"), all: "[Post!]!" }, Post: { ...fieldsOf("Post"), id: "Int!" } },
    resolvers: Object.fromEntries(Object.entries(checked).map(([name, { plan }]) => [name, () => plan ?? needs])),
    collectionInputs: inputs,
    collections: Object.fromEntries(
      Object.entries(checked).map(([name, { plan: _plan, ...options }]) => [name, { ...collection, ...options }]),
    ),
  };
  await database.run(indexes);
  try {
    const resolver = {
      resolve: async ({ calls }: { calls: readonly { field: string }[] }) => ({
        ...{ auth: null, denied: null },
        results: calls.map(({ field }) => checked[field]?.plan ?? needs),
      }),
    };
    return await findMissingIndexes({ schema: sketchSchema(sketch), resolver, database }, AbortSignal.timeout(60_000));
  } finally {
    const names = [...indexes.matchAll(/INDEX (\w+)/g)].map(([, name]) => name);
    await database.run(names.map((name) => `DROP INDEX ${name};`).join(" "));
  }
}

const collection: CollectionDescription = {
  ...{ form: "list", filters: null, ordering: null, order: [], key: ["id"], size: 10, max: 10 },
};

/** Of each need that is not served: the statements that would serve it, or what Postgres does. */
function unserved({ missing, unservable }: IndexReport): { readonly [need: string]: readonly string[] | string } {
  const needs: { [need: string]: string[] | string } = {};
  const nameOf = ({ field, asked }: Pick<Need, "field" | "asked">) => `${field} ${asked}`.trim();
  for (const { index, needs: its } of missing) {
    for (const need of its) {
      needs[nameOf(need)] = [...(needs[nameOf(need)] ?? []), ...writeIndex(index)];
    }
  }
  return { ...needs, ...Object.fromEntries(unservable.map((need) => [nameOf(need), need.why])) };
}

const postFilters = { "Query.posts": { plan: posts, filters: "PostFilter" } };
const trigrams = "CREATE EXTENSION IF NOT EXISTS pg_trgm;";

describe("filters", () => {
  test("without indexes, each has one that Postgres was seen to use, or none that could serve", async () => {
    const report = await check(postFilters);
    expect(unserved(report)).toMatchObject({
      "Query.posts filters.votes.exact": ["CREATE INDEX ON post (votes);"],
      "Query.posts filters.votes.inList": ["CREATE INDEX ON post (votes);"],
      "Query.posts filters.votes.isNull": ["CREATE INDEX ON post (votes);"],
      "Query.posts filters.title.contains": [trigrams, "CREATE INDEX ON post USING gin (title gin_trgm_ops);"],
      "Query.posts filters.title.iContains": [
        trigrams,
        "CREATE INDEX ON post USING gin ((upper(title)) gin_trgm_ops);",
      ],
      "Query.posts filters.title.startsWith": ["CREATE INDEX ON post (title text_pattern_ops);"],
      "Query.posts filters.slug": ["CREATE INDEX ON post (slug);"],
      "Query.posts filters.tags": ["CREATE INDEX ON post USING gin (tags);"],
      "Query.posts filters.data": ["CREATE INDEX ON post USING gin (data);"],
      "Query.posts filters.during": ["CREATE INDEX ON post USING gist (during);"],
      "Query.posts filters.month": ["CREATE INDEX ON post ((EXTRACT(month FROM (created AT TIME ZONE 'UTC'::text))));"],
      "Query.posts filters.day": "reads all of post", // a time's day depends on the session's zone
      "Query.posts filters.other": "reads all of post",
      "Query.posts filters.comments.votes": ["CREATE INDEX ON comment (votes);"],
      "Query.posts filters.comments.post.slug": ["CREATE INDEX ON post (slug);", "CREATE INDEX ON comment (post_id);"],
    });
    for (const asked of ["id", "globalId", "globalIds"]) {
      expect(unserved(report)).not.toHaveProperty([`Query.posts filters.${asked}`]);
    }
    expect(report.missing.every(({ tried }) => tried)).toBe(true);
    expect(report.unchecked).toEqual([]);
  });

  test("with those indexes, nothing is missing", async () => {
    const report = await check(
      postFilters,
      `CREATE EXTENSION pg_trgm;
       CREATE INDEX a ON post (votes); CREATE INDEX b ON post USING gin (title gin_trgm_ops);
       CREATE INDEX c ON post USING gin (upper(title) gin_trgm_ops); CREATE INDEX d ON post (slug);
       CREATE INDEX e ON post USING gin (tags); CREATE INDEX f ON post USING gin (data);
       CREATE INDEX g ON post USING gist (during); CREATE INDEX h ON comment (votes); CREATE INDEX i ON comment (post_id);
       CREATE INDEX j ON post (EXTRACT(month FROM created AT TIME ZONE 'UTC'));`,
    );
    expect(report.missing).toEqual([]);
    expect(new Set(report.unservable.map(({ asked }) => asked.split(".").at(-1)))).toEqual(
      new Set(["day", "other", "isNull"]),
    );
  });

  test("an index does not serve a condition of its second column", async () => {
    const options = { plan: posts, filters: "VotesFilter" };
    expect(unserved(await check({ "Query.posts": options }, "CREATE INDEX a ON post (author, votes)"))).toEqual({
      "Query.posts filters.votes": ["CREATE INDEX ON post (votes);"],
    });
  });

  test("a condition of the plan's own that an index serves does not make one of the client's served", async () => {
    const plan = sql("SELECT * FROM post WHERE author = 1");
    expect(
      unserved(await check({ "Query.posts": { plan, filters: "VotesFilter" } }, "CREATE INDEX a ON post (author)")),
    ).toEqual({ "Query.posts filters.votes": ["CREATE INDEX ON post (votes);"] });
  });

  test("of each parent's rows, those that lead to other rows are looked at", async () => {
    const plan = { plan: commentsOf, filters: "CommentFilter" };
    const report = await check({ "Post.comments": plan });
    expect(unserved(report)).toMatchObject({
      "Post.comments filters.post.comments.votes": expect.arrayContaining([
        expect.stringMatching(/^CREATE INDEX ON comment \(post_id/),
      ]),
    });
    expect(unserved(await check({ "Post.comments": plan }, "CREATE INDEX a ON comment (post_id, id)"))).toEqual({});
  });
});

describe("orders", () => {
  const ordered = { "Query.posts": { plan: posts, ordering: "PostOrder" } };

  test("the client's and the collection's own are served by indexes that end with the key", async () => {
    const order = [{ sql: place("row.created"), nullable: false, direction: "DESC" as const }];
    expect(unserved(await check({ "Query.posts": { ...ordered["Query.posts"], order } }))).toEqual({
      "Query.posts": ["CREATE INDEX ON post (created DESC, id);"],
      "Query.posts ordering.votes": ["CREATE INDEX ON post (votes, id);"],
      "Query.posts ordering.title": ["CREATE INDEX ON post ((lower(title)), id);"],
    });
  });

  test("an index that has a part of the order serves it", async () => {
    const indexes = "CREATE INDEX a ON post (votes); CREATE INDEX b ON post (lower(title), id);";
    expect(await check(ordered, indexes)).toMatchObject({ served: 4, missing: [], unservable: [] });
  });

  test("no index has the order of a related row", async () => {
    const plan = sql("SELECT * FROM comment");
    const report = await check({ "Query.comments": { plan, ordering: "CommentOrder" } });
    expect(unserved(report)).toMatchObject({
      "Query.comments ordering.votes": ["CREATE INDEX ON comment (votes, id);"],
      "Query.comments ordering.post.votes": "sorts all rows by post.votes, comment.id",
    });
  });

  test("an index for an order serves a filter as well", async () => {
    const both = { "Query.posts": { plan: posts, filters: "VotesFilter", ordering: "PostOrder" } };
    const { missing } = await check(both);
    expect(missing.map(({ index }) => writeIndex(index))).toEqual([
      ["CREATE INDEX ON post (votes, id);"],
      ["CREATE INDEX ON post ((lower(title)), id);"],
    ]);
    expect(missing[0]?.needs.map(({ asked }) => asked)).toEqual(["filters.votes", "ordering.votes"]);
  });

  test("an index for an order serves it backwards as well", async () => {
    const order = [
      { sql: place("row.votes"), nullable: true, direction: "DESC" as const },
      { sql: place("row.id"), nullable: false, direction: "DESC" as const },
    ];
    const { missing } = await check({ "Query.posts": { ...ordered["Query.posts"], order } });
    expect(missing.map(({ index, needs }) => [writeIndex(index), needs.map(({ asked }) => asked)])).toEqual([
      [["CREATE INDEX ON post (votes, id);"], ["", "ordering.votes"]],
      [["CREATE INDEX ON post ((lower(title)), id);"], ["ordering.title"]],
    ]);
  });
});

describe("pages of each parent", () => {
  const order = [{ sql: place("row.votes"), nullable: true, direction: "DESC" as const }];
  const comments = { "Post.comments": { plan: commentsOf, order } };
  const wanted = { "Post.comments": ["CREATE INDEX ON comment (post_id, votes DESC, id);"] };

  test.each([
    ["no index", "", "reads all of comment for each parent"],
    ["one of the key", "CREATE INDEX a ON comment (post_id)", "sorts all rows of each parent"],
    ["one of the order", "CREATE INDEX a ON comment (votes DESC, id)", "reads all of comment for each parent"],
  ])("are not served by %s", async (_name, indexes, why) => {
    const report = await check(comments, indexes);
    expect(unserved(report)).toEqual(wanted);
    expect(report.missing[0]?.needs).toEqual([{ field: "Post.comments", kind: "page", asked: "", why }]);
  });

  test("are served by one of the key and the order", async () => {
    const report = await check(comments, "CREATE INDEX a ON comment (post_id, votes)");
    expect(report).toMatchObject({ served: 1, missing: [], unservable: [] });
  });

  test("through a table between are served in the order of the key, and sorted in another one", async () => {
    const plan = sql(
      "SELECT t.*, x.post_id AS parent FROM tag t JOIN post_tags x ON x.tag_id = t.id WHERE x.post_id = ANY($1)",
      { params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["parent"] },
    );
    const named = [{ sql: place("row.name"), nullable: false, direction: "ASC" as const }];
    const report = await check({ "Post.tags": { plan }, "Post.tagsByName": { plan, order: named } });
    expect(unserved(report)).toEqual({ "Post.tagsByName": "sorts all rows of each parent" });
  });
});

describe("what can't be told or tried", () => {
  test("a statement that names its table's schema: the index is given untried", async () => {
    const plan = sql("SELECT * FROM public.post");
    const report = await check({ "Query.posts": { plan, filters: "VotesFilter" } });
    expect(unserved(report)).toEqual({ "Query.posts filters.votes": ["CREATE INDEX ON post (votes);"] });
    expect(report.missing[0]?.tried).toBe(false);
  });

  test("a statement that Postgres refuses, and a resolver that looks at its parents", async () => {
    const report = await check({
      "Query.posts": { plan: posts, filters: "BrokenFilter" },
      "Post.comments": { plan: null },
    });
    expect(report).toEqual({
      ...{ served: 1, missing: [], unservable: [] },
      unchecked: [
        { field: "Post.comments", asked: "", why: "its resolver looks at its parents' values" },
        { field: "Query.posts", asked: "filters.votes", why: expect.stringContaining("nothing does not exist") },
      ],
    });
  });

  test("nothing of it is left in the database", async () => {
    const tables = await database.query({
      ...{
        text: "SELECT count(*)::text FROM pg_class WHERE relname LIKE 'puff_index_%' OR relpersistence = 't'",
        params: [],
      },
    });
    tables.seek(0);
    expect(tables.text(0)).toBe("0");
  });
});
