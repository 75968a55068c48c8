/** What `explain` says of each way in which a field can be planned and fetched. */
import { describe, expect, it } from "vitest";
import type { ExplainedField } from "../../planner/index.ts";
import type { ResolveResult, ResolverCall } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE post (id int PRIMARY KEY, title text);
  INSERT INTO post SELECT n, 'title ' || n FROM generate_series(1, 3) n;
  CREATE TABLE comment (id int PRIMARY KEY, post_id int, body text);
  INSERT INTO comment SELECT n, 1 + n % 3, 'body ' || n FROM generate_series(1, 6) n;
`);

const posts = sql("SELECT id, title FROM post ORDER BY id");
const comments = sql("SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id", {
  params: [{ parent: "id" }],
  parentKeys: ["id"],
  childKeys: ["post_id"],
});

function sketch(resolvers: PlannerSketch["resolvers"] = {}, more: Partial<PlannerSketch> = {}) {
  return sketchPlanner({
    types: {
      Query: { posts: "[Post!]!" },
      Mutation: { addPost: "Post" },
      Post: { id: "Int!", title: "String", comments: "[Comment!]!" },
      Comment: { id: "Int!", body: "String" },
    },
    args: { "Query.posts": { limit: "Int" } },
    resolvers: {
      "Query.posts": () => posts,
      "Post.comments": () => comments,
      "Mutation.addPost": insert,
      ...resolvers,
    },
    database,
    ...more,
  });
}

const insert = () => sql("INSERT INTO post VALUES (4, 'new') RETURNING id, title");
const query = "{ posts(limit: 20) { id comments { body } } }";

/** `key: plan (why), fetch (why), rows`, a line a field that is not a column. */
function lines(fields: readonly ExplainedField[], indent = ""): string[] {
  return fields
    .filter(({ plan }) => plan.kind !== "column")
    .flatMap(({ key, plan, fetch, rows, fields: below }) => [
      `${indent}${key}: ${plan.kind} (${plan.why})${fetch === null ? "" : `, ${fetch.kind} (${fetch.why}), ${rows} rows`}`,
      ...lines(below, `${indent}  `),
    ]);
}

/** A resolver that wants its parents' values first. */
const looking = (call: ResolverCall): ResolveResult =>
  call.parents === "symbols" ? { kind: "needs", columns: ["id"] } : comments;

const traced = (looked: string[]) => (): ResolveResult => ({ kind: "traced", plan: posts, looked, claims: null });

describe("each field says how it was planned and fetched, and why", () => {
  it.each<[string, ReturnType<typeof sketch>, string[]]>([
    [
      "fused",
      sketch(),
      [
        "posts: dynamic (not @graphql.pure), fused (one statement with posts.comments), 3 rows",
        "  comments: dynamic (not @graphql.pure), fused (one statement with posts), 6 rows",
      ],
    ],
    [
      "layered, since the resolver looked at its parents",
      sketch({ "Post.comments": looking }, { pure: true }),
      [
        "posts: dynamic (@graphql.pure, but it gave different plans for the same arguments), single (no other statement to fuse it with), 3 rows",
        "  comments: dynamic (@graphql.pure, but it looked at its parents' values), layered (the resolver looked at its parents' values: id), 6 rows",
      ],
    ],
    [
      "layered, since its parents are objects",
      sketch({ "Query.posts": () => value([{ o: { id: 1 }, type: null }]) }),
      [
        "posts: dynamic (not @graphql.pure)",
        "  comments: dynamic (not @graphql.pure), layered (its parents are objects, not rows of a statement), 2 rows",
      ],
    ],
    [
      "layered, since its keys are not columns of its parents",
      sketch({ "Post.comments": () => ({ ...comments, parentKeys: ["id"], childKeys: [] }) }),
      [
        "posts: dynamic (not @graphql.pure), single (no other statement to fuse it with), 3 rows",
        "  comments: dynamic (not @graphql.pure), layered (its keys and symbols are not all columns of its parents' rows), 6 rows",
      ],
    ],
    [
      "traced",
      sketch({ "Query.posts": traced([]), "Post.comments": () => value(null) }, { pure: true }),
      [
        "posts: traced (called once with symbols, and kept), single (no other statement to fuse it with), 3 rows",
        "  comments: dynamic (@graphql.pure, but it returned a value and no SQL)",
      ],
    ],
    [
      "traced for one value",
      sketch({ "Query.posts": traced(["limit"]), "Post.comments": () => value(null) }, { pure: true }),
      [
        "posts: traced (called once with symbols, and kept, for limit=20), single (no other statement to fuse it with), 3 rows",
        "  comments: dynamic (@graphql.pure, but it returned a value and no SQL)",
      ],
    ],
  ])("%s", async (_, { explain }, expected) => {
    expect(lines((await explain(query)).fields)).toEqual(expected);
  });

  it("a statement that is not a subquery, in Postgres's words", async () => {
    const { explain } = sketch({ "Query.posts": () => sql("SHOW server_version") });
    expect((await explain(query)).fields[0]?.fetch).toEqual({
      kind: "layered",
      why: 'it can\'t be a subquery: syntax error at or near ")"',
    });
  });

  it("a trace that was kept", async () => {
    const { explain, run } = sketch({ "Query.posts": traced(["limit"]) }, { pure: true });
    await run("{ posts(limit: 20) { id } }");
    const { fields, steps } = await explain("{ posts(limit: 20) { id } }");
    expect(fields[0]?.plan).toEqual({ kind: "traced", why: "kept since an earlier call, for limit=20" });
    expect(steps.map(({ kind }) => kind)).toEqual(["statement"]);
  });
});

it("counts each layer's rows and their bytes", async () => {
  const { steps } = await sketch().explain("{ posts { title comments { id } } }");
  const statement = steps.find((step) => step.kind === "statement");
  expect(statement).toMatchObject({
    rows: 9,
    layers: [
      { path: "posts", rows: 3 },
      { path: "posts.comments", rows: 6 },
    ],
  });
  // Ids and tags are a digit each, and the titles have seven letters.
  expect(statement?.kind === "statement" && statement.bytes).toBeGreaterThanOrEqual(9 + 3 * 7 + 6);
});

it("tells the settings that Postgres must explain the statements under", async () => {
  const { explain } = sketch({}, { pgSettings: () => ({ "app.tenant": "a" }) });
  expect((await explain(query)).settings).toEqual({ "app.tenant": "a" });
  expect((await sketch().explain(query)).settings).toBe(null);
});

it("rolls a mutation back", async () => {
  const planner = sketch({ "Query.posts": () => sql("SELECT id, title FROM post WHERE id = 4") });
  const { fields, response } = await planner.explain("mutation { addPost { title } }");
  expect(lines(fields)).toEqual([
    "addPost: dynamic (not @graphql.pure), single (a mutation's own statement runs by itself), 1 rows",
  ]);
  expect(response.body.toString()).toBe('{"data":{"addPost":{"title":"new"}}}');
  expect((await planner.run("{ posts { id } }")).data).toEqual({ posts: [] });
});

function value(answer: Extract<ResolveResult, { kind: "value" }>["value"]): ResolveResult {
  return { kind: "value", value: answer, parentKeys: [], childKeys: [] };
}
