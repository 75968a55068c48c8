/** Statements that become one: each form of SQL must answer as it does layer by layer. */
import { describe, expect, it } from "vitest";
import type { SqlPlan } from "../../schema/index.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN short AS varchar(5);
    CREATE TABLE post (id int PRIMARY KEY, title text, author int, mood mood, flag boolean, code char(4), at timestamptz,
      price numeric(10, 2), tags text[], data jsonb, nick short, "Mixed Case" int, host inet DEFAULT '10.0.0.1', cash money DEFAULT 12.5);
    INSERT INTO post SELECT n, 'title ' || n, n % 3, CASE WHEN n % 2 = 0 THEN 'glad' ELSE 'sad' END::mood, n % 2 = 0,
      'a' || n, '2024-01-01 00:00:00+00'::timestamptz + n * interval '1 hour', n / 4.0, ARRAY['x', 'y "' || n],
      jsonb_build_object('n', n), 'n' || n, n * 2 FROM generate_series(1, 9) n;
    CREATE TABLE puff0 AS SELECT 1 AS id, 'of the user' AS body, 2 AS post_id;
    CREATE TABLE comment (id int PRIMARY KEY, body text, post_id int, reply_to int);
    INSERT INTO comment SELECT n, 'body ' || n, 1 + n % 5, nullif(n / 3, 0) FROM generate_series(1, 20) n;
  `);

const types = {
  Query: { posts: "[Post!]!", first: "Post", names: "[String!]!", nodes: "[Node]!" },
  Mutation: { addPost: "Post" },
  Post: {
    ...{ id: "Int!", title: "String", author: "Int", mood: "String", flag: "Boolean", code: "String", at: "DateTime" },
    ...{ price: "Decimal", tags: "[String!]", data: "JSON", nick: "String", comments: "[Comment!]!", same: "Post" },
    ...{ host: "String", cash: "String" },
    latest: "Comment",
  },
  Comment: { id: "Int!", body: "String", replies: "[Comment!]!", bodies: "[String]!" },
  Node: { id: "Int" },
  Cat: { id: "Int", comments: "[Comment!]!" },
  Dog: { id: "Int", comments: "[Comment!]!" },
};

const posts = (text = "SELECT * FROM post ORDER BY id") => sql(text);
const comments = (text = "SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id DESC") =>
  sql(text, { params: [{ parent: "id" }], parentKeys: ["id"], childKeys: ["post_id"] });
const replies = sql("SELECT id, body, reply_to FROM comment WHERE reply_to = ANY($1) ORDER BY id", {
  params: [{ parent: "id" }],
  parentKeys: ["id"],
  childKeys: ["reply_to"],
});

const nested = "{ posts { id title comments { id body replies { id replies { id } } } } }";
const flat = "{ posts { id comments { id body } } }";

describe("a tree of plans is one statement", () => {
  it.each<[string, string, PlannerSketch["resolvers"]]>([
    ["four layers deep", nested, {}],
    [
      "with columns of many types",
      "{ posts { id title author mood flag code at price tags data nick host cash comments { id } } }",
      {},
    ],
    ["with several root fields", `{ a: posts { id comments { id } } first { id } names }`, {}],
    ["with a field twice", "{ posts { x: comments { id } y: comments { body } comments { replies { id } } } }", {}],
    ["with single objects", "{ posts { latest { id replies { id } } same { id same { id } } } }", {}],
    ["with leaves", "{ posts { comments { bodies } } names }", {}],
    ["of a WITH query", flat, plans({ root: "WITH p AS (SELECT * FROM post) SELECT id FROM p ORDER BY id" })],
    [
      "of a query with a table of our names",
      flat,
      plans({ root: "WITH puff0 AS (SELECT 1 AS id) SELECT id FROM puff0" }),
    ],
    [
      "of a child with a table of our names",
      flat,
      plans({
        child:
          "WITH puff0 AS (SELECT 99 AS id) SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id",
      }),
    ],
    [
      "of a child with a table of our names in capitals",
      flat,
      plans({ child: "SELECT * FROM PUFF0 WHERE post_id = ANY($1)" }),
    ],
    [
      "where a NULL among the keys would matter",
      "{ posts { id comments { id body } } }",
      {
        "Query.posts": () => sql("SELECT id, nullif(id, 2) AS author FROM post ORDER BY id"),
        "Post.comments": () =>
          sql("SELECT id, (99 = ANY($1))::text AS body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id", {
            params: [{ parent: "author" }],
            parentKeys: ["author"],
            childKeys: ["post_id"],
          }),
      },
    ],
    [
      "where a value without its key would count for the LIMIT",
      "{ posts { id comments { id } } }",
      {
        "Query.posts": () => sql("SELECT id, id AS author, nullif(id, 1) AS price FROM post ORDER BY id"),
        "Post.comments": () =>
          sql("SELECT id, post_id FROM comment WHERE post_id = ANY($1) ORDER BY post_id, id LIMIT 5", {
            params: [{ parent: "author" }],
            parentKeys: ["price"],
            childKeys: ["post_id"],
          }),
      },
    ],
    [
      "of thousands of parameters",
      flat,
      {
        "Query.posts": () =>
          sql(
            `SELECT id FROM post WHERE id IN (${Array.from({ length: 5000 }, (_, index) => `$${index + 1}`).join()})`,
            {
              params: Array.from({ length: 5000 }, (_, index) => [23, String(index)] as const),
            },
          ),
      },
    ],
    [
      "of a child that Django or SQLAlchemy wrote",
      flat,
      plans({
        child: "SELECT id, body, post_id FROM comment WHERE post_id IN (SELECT unnest($1)) ORDER BY id",
      }),
    ],
    [
      "of a UNION",
      flat,
      plans({ root: "SELECT id FROM post WHERE id < 3 UNION ALL SELECT id FROM post WHERE id > 7 ORDER BY id" }),
    ],
    ["of VALUES", flat, plans({ root: "SELECT * FROM (VALUES (3), (1), (3), (NULL)) v(id) WHERE id IS NOT NULL" })],
    [
      "with window functions",
      flat,
      plans({ root: "SELECT rank() OVER (ORDER BY price)::int AS id FROM post ORDER BY 1" }),
    ],
    ["with functions that return sets", flat, plans({ root: "SELECT generate_series(1, 4) AS id" })],
    [
      "with LIMIT in a child",
      flat,
      plans({ child: "SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id LIMIT 7" }),
    ],
    [
      "with IN (SELECT unnest)",
      flat,
      plans({ child: "SELECT id, body, post_id FROM comment WHERE post_id IN (SELECT unnest($1)) ORDER BY id" }),
    ],
    [
      "that joins unnest",
      flat,
      plans({
        child:
          "SELECT c.id, body, post_id FROM unnest($1::int[]) AS u(p) JOIN comment c ON c.post_id = u.p ORDER BY c.id",
      }),
    ],
    [
      "with comments and semicolons",
      flat,
      plans({
        root: "SELECT id -- all of them\nFROM post ORDER BY id ; ;",
        child: "SELECT id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id -- $2",
      }),
    ],
    [
      "with $1 in strings",
      flat,
      plans({
        child: "SELECT id, 'cost $1' || $q$ $2 $q$ AS body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id",
      }),
    ],
    [
      "with a parameter used twice",
      flat,
      {
        "Query.posts": () =>
          sql("SELECT id FROM post WHERE $1::text IS NULL OR title = $1 ORDER BY id", { params: [[0, "title 3"]] }),
      },
    ],
    ["with quoted columns", flat, plans({ root: 'SELECT "Mixed Case" AS id FROM post ORDER BY 1' })],
    ["with non-ASCII text", flat, plans({ root: "SELECT id, 'ünï $1 🐙' AS title FROM post ORDER BY id /* 🐙 */" })],
  ])("%s", async (_, query, resolvers) => {
    const fused = sketch(resolvers);
    const layered = sketch(resolvers, { fuse: false });
    const answer = await fused.run(query);
    expect(answer.errors).toBeUndefined();
    expect(answer).toEqual(await layered.run(query));
    expect(fused.statements).toHaveLength(1);
    expect(layered.statements.length).toBeGreaterThan(1);
  });

  it.each<[columns: string, expected: readonly string[]]>([
    ["body, id, post_id", ["body 20", "body 15", "body 10", "body 5"]], // the first that is not a key
    ["post_id, body, id, 1.5 AS last", ["body 20", "body 15", "body 10", "body 5"]],
    ["id, body, post_id, 'named' AS bodies", ["named", "named", "named", "named"]],
    ["id::text || body, post_id, body", ["20body 20", "15body 15", "10body 10", "5body 5"]],
  ])("with leaves that are one of several columns: %s", async (columns, expected) => {
    const bodies = sql(`SELECT ${columns} FROM comment WHERE post_id = ANY($1) ORDER BY id DESC`, {
      params: [{ parent: "id" }],
      parentKeys: ["id"],
      childKeys: ["post_id"],
    });
    const resolvers = {
      "Query.posts": () => posts("SELECT id, title FROM post WHERE id = 1"),
      "Post.bodies": () => bodies,
      "Query.names": () => sql("SELECT title, id FROM post WHERE id < 3 ORDER BY id"),
    };
    for (const fuse of [true, false]) {
      const { run } = sketch(resolvers, { fuse, types: { ...types, Post: { ...types.Post, bodies: "[String!]!" } } });
      for (let time = 1; time <= 2; time++) {
        const { data, errors } = await run("{ names posts { id bodies } }");
        expect(errors).toBeUndefined();
        expect(data).toEqual({ names: ["title 1", "title 2"], posts: [{ id: 1, bodies: expected }] });
      }
    }
  });

  it("with two keys, given to unnest as aligned lists", async () => {
    const same = sql(
      "SELECT p.* FROM unnest($1::int[], $2::text[]) u(a, t) JOIN post p ON p.id = u.a AND p.title = u.t",
      {
        params: [{ parent: "id" }, { parent: "title" }],
        parentKeys: ["id", "title"],
        childKeys: ["id", "title"],
      },
    );
    const { run, statements } = sketch({ "Post.same": () => same });
    const { data } = await run("{ posts { id same { id } } }");
    expect(data).toEqual({
      posts: Array.from({ length: 9 }, (_, index) => ({ id: index + 1, same: { id: index + 1 } })),
    });
    expect(statements).toHaveLength(1);
  });

  it("for each concrete type of an interface, with only its own parents", async () => {
    const options: Partial<PlannerSketch> = { interfaces: { Node: ["Cat", "Dog"] } };
    const resolvers: PlannerSketch["resolvers"] = {
      "Query.nodes": () =>
        sql("SELECT n AS id, CASE WHEN n % 2 = 0 THEN 'c' ELSE 'Dog' END AS kind FROM generate_series(1, 4) n", {
          typeColumn: "kind",
          typeNames: { c: "Cat" },
        }),
      "Cat.comments": () => comments(),
      "Dog.comments": () =>
        comments("SELECT id, 'dog' AS body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY id"),
    };
    const query = "{ nodes { __typename id ... on Cat { comments { id body } } ... on Dog { comments { body } } } }";
    const fused = sketch(resolvers, options);
    expect(await fused.run(query)).toEqual(await sketch(resolvers, { ...options, fuse: false }).run(query));
    expect(fused.statements).toHaveLength(1);
  });

  it.each([
    ["a boolean", "n > 2", { t: "Cat", f: "Dog" }],
    [
      "an address",
      "('10.0.0.' || n)::inet",
      { "10.0.0.1": "Dog", "10.0.0.2": "Dog", "10.0.0.3": "Cat", "10.0.0.4": "Cat" },
    ],
  ])("for concrete types that %s tells", async (_, kind, typeNames) => {
    const options: Partial<PlannerSketch> = { interfaces: { Node: ["Cat", "Dog"] } };
    const resolvers: PlannerSketch["resolvers"] = {
      "Query.nodes": () =>
        sql(`SELECT n AS id, ${kind} AS kind FROM generate_series(1, 4) n`, { typeColumn: "kind", typeNames }),
      "Cat.comments": () => comments(),
      "Dog.comments": () => comments(),
    };
    const query = "{ nodes { __typename ... on Cat { comments { id } } ... on Dog { comments { body } } } }";
    const fused = sketch(resolvers, options);
    expect(await fused.run(query)).toEqual(await sketch(resolvers, { ...options, fuse: false }).run(query));
    expect(fused.statements).toHaveLength(1);
  });

  it("below a mutation's own statement, in its transaction", async () => {
    const { run, statements } = sketch({
      "Mutation.addPost": () => sql("INSERT INTO post (id, title) VALUES (100, 'new') RETURNING id, title"),
      "Post.same": () =>
        sql("SELECT * FROM post WHERE id = ANY($1)", {
          params: [{ parent: "id" }],
          parentKeys: ["id"],
          childKeys: ["id"],
        }),
    });
    expect(await run("mutation { addPost { id same { title comments { id } } } }")).toEqual({
      status: 200,
      data: { addPost: { id: 100, same: { title: "new", comments: [] } } },
    });
    expect(statements).toEqual(["addPost", "addPost.same, addPost.same.comments"]);
    await database.run("DELETE FROM post WHERE id = 100");
  });
});

describe("tables that change while they are asked", () => {
  const things: Partial<PlannerSketch> = {
    types: {
      Query: { things: "[Thing!]" },
      Thing: { id: "Int!", parts: "[Part!]" },
      Part: { size: "Int", label: "String" },
    },
    resolvers: {
      "Query.things": () => sql("SELECT id FROM thing"),
      "Thing.parts": () =>
        sql("SELECT * FROM part WHERE thing_id = ANY($1)", {
          params: [{ parent: "id" }],
          parentKeys: ["id"],
          childKeys: ["thing_id"],
        }),
    },
  };
  const query = "{ things { parts { size label } } }";

  it.each([
    ["a type of the same place", "bigint", "3000000000"],
    ["a type of another place", "numeric", "3000000000"],
  ])("to %s answer as they are now, and are fused again", async (_, type, size) => {
    await database.run(`
      DROP TABLE IF EXISTS thing, part;
      CREATE TABLE thing AS SELECT 1 AS id;
      CREATE TABLE part AS SELECT 1 AS thing_id, 5 AS size, 'a' AS label;
    `);
    const fused = sketch({}, things);
    expect((await fused.run(query)).data).toEqual({ things: [{ parts: [{ size: 5, label: "a" }] }] });
    await database.run(`ALTER TABLE part ALTER size TYPE ${type} USING ${size}`);
    for (let run = 1; run <= 2; run++) {
      const { data, errors } = await fused.run(query);
      expect(data).toEqual({ things: [{ parts: [{ size: null, label: "a" }] }] });
      expect(errors?.map(({ path }) => path)).toEqual([["things", 0, "parts", 0, "size"]]);
    }
    expect(fused.statements).toEqual(["things, things.parts"]);
  });

  it("and are missing for a moment are fused again", async () => {
    await database.run("DROP TABLE IF EXISTS thing, part; CREATE TABLE thing AS SELECT 1 AS id");
    const fused = sketch({}, things);
    expect((await fused.run(query)).errors).toHaveLength(1);
    for (let run = 1; run <= 2; run++) {
      await database.run("CREATE TABLE part AS SELECT 1 AS thing_id, 5 AS size, 'a' AS label");
      expect((await fused.run(query)).errors).toBeUndefined();
      expect(fused.statements).toEqual(["things, things.parts"]);
      await database.run("DROP TABLE part");
      expect((await fused.run(query)).errors).toHaveLength(1);
    }
  });
});

describe("what can't be fused answers layer by layer", () => {
  it("where a statement can't stand as a subquery", async () => {
    const resolvers = plans({ root: "SHOW server_version_num", child: "SELECT 1 AS id, 1 AS post_id" });
    const { run } = sketch({ ...resolvers, "Query.posts": () => sql("SHOW server_version_num") });
    const { errors } = await run("{ posts { title } names }");
    expect(errors?.[0]?.extensions.code).toBe("PUFF_PLAN_COLUMN_MISSING");
  });

  it("where a value makes the statement fail, with the error at its own field alone", async () => {
    const failing = "SELECT 10 / (post_id - 3) AS id, body, post_id FROM comment WHERE post_id = ANY($1)";
    const { run } = sketch(plans({ child: failing }));
    const { data, errors } = await run("{ first { id title } posts { id comments { id } } }");
    expect(data).toBeNull(); // comments and posts are not nullable
    expect(errors).toEqual([
      expect.objectContaining({ path: ["posts", 0, "comments"], message: expect.stringContaining("division by zero") }),
    ]);
  });

  it("and a mutation whose children fail says which one did", async () => {
    const { run } = sketch({
      "Mutation.addPost": () => sql("INSERT INTO post (id, title) VALUES (101, 'new') RETURNING id, title"),
      "Post.latest": () =>
        sql("SELECT 1 / (id - 101) AS id, id AS key FROM post WHERE id = ANY($1)", {
          params: [{ parent: "id" }],
          parentKeys: ["id"],
          childKeys: ["key"],
        }),
    });
    const { errors } = await run("mutation { addPost { id latest { id } comments { id } } }");
    expect(errors?.map(({ path }) => path)).toEqual([["addPost", "latest"]]);
    expect((await database.query({ text: "SELECT 1 FROM post WHERE id = 101", params: [] })).count).toBe(0);
  });
});

function plans({ root, child }: { root?: string; child?: string }): PlannerSketch["resolvers"] {
  return { "Query.posts": () => posts(root), "Post.comments": () => comments(child) };
}

function sketch(resolvers: PlannerSketch["resolvers"] = {}, options: Partial<PlannerSketch> = {}) {
  const own = (text: string, child: string): SqlPlan =>
    sql(text, { params: [{ parent: "id" }], parentKeys: ["id"], childKeys: [child] });
  return sketchPlanner({
    types,
    database,
    resolvers: {
      "Query.posts": () => posts(),
      "Query.first": () => posts("SELECT id, title FROM post ORDER BY id LIMIT 1"),
      "Query.names": () => sql("SELECT title FROM post ORDER BY id"),
      "Query.nodes": () => sql("SELECT 1 AS id"),
      "Post.comments": () => comments(),
      "Post.latest": () =>
        own(
          "SELECT DISTINCT ON (post_id) id, body, post_id FROM comment WHERE post_id = ANY($1) ORDER BY post_id, id DESC",
          "post_id",
        ),
      "Post.same": () => own("SELECT * FROM post WHERE id = ANY($1)", "id"),
      "Comment.replies": () => replies,
      "Comment.bodies": () =>
        own("SELECT body, reply_to FROM comment WHERE reply_to = ANY($1) ORDER BY id", "reply_to"),
      ...resolvers,
    },
    ...options,
  });
}
