/** Rows find their parents by keys that are equal in SQL: for every pair of types, what Postgres's `=` says is the truth. */
import { describe, expect, it } from "vitest";
import { createEvents } from "../support/planner/events.ts";
import { type PlannerSketch, sketchPlanner, sql } from "../support/planner/planner.ts";
import { textsOf } from "../support/planner/rows.ts";
import { ownDatabase, watched } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
    CREATE EXTENSION citext;
    CREATE EXTENSION hstore;
    CREATE EXTENSION ltree;
    CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE COLLATION numeric_order (provider = icu, locale = 'und-u-kn');
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN short AS varchar(5);
    CREATE DOMAIN email AS citext;
    CREATE DOMAIN amount AS numeric;
    CREATE DOMAIN folded AS text COLLATE nocase;
    CREATE TYPE pair AS (a numeric, b citext);
    CREATE TABLE member (name citext PRIMARY KEY);
    CREATE TABLE note (member citext REFERENCES member, text text);
    INSERT INTO member VALUES ('Bob'), ('ann');
    INSERT INTO note VALUES ('bob', 'one'), ('Bob', 'two'), ('ANN', 'three');
    CREATE TABLE tag (slug text COLLATE nocase PRIMARY KEY, plain text);
    INSERT INTO tag VALUES ('Red', 'Red'), ('ÉTÉ', 'ÉTÉ');
    CREATE TABLE use (slug text COLLATE nocase, plain text, id int);
    INSERT INTO use VALUES ('red', 'red', 1), ('RED', 'Red', 2), ('été', 'x', 3);
  `);

/** By type: texts of values, some equal to others of the same or of another type. */
const values: { readonly [type: string]: readonly string[] } = {
  int2: ["0", "1", "-5", "300"],
  int4: ["0", "1", "-5", "300", "100000"],
  int8: ["0", "1", "300", "1000000000000000", "9007199254740993"],
  numeric: ["0", "0.0", "1.00", "-5.000", "1e15", "9007199254740993", "0.1", "NaN", "300.5"],
  amount: ["1.0", "0.10"],
  float4: ["0", "-0", "1", "0.1", "1e15", "NaN", "300"],
  float8: ["0", "-0", "1", "0.1", "1e15", "9007199254740992", "NaN", "Infinity", "300"],
  oid: ["1", "300"],
  money: ["1", "300"],
  bool: ["true", "false"],
  text: ["a", "A", "a  ", "", "2024-01-01", "1", "é", "e\u0301", "sad"],
  varchar: ["a", "A", "a  ", "sad"],
  "char(4)": ["a", "A", "", "sad"],
  bpchar: ["a", "a "],
  name: ["a", "A"],
  '"char"': ["a", "b"],
  short: ["a", "A"],
  citext: ["a", "A", "a  ", "Sad", "É"],
  email: ["a", "A"],
  'text COLLATE "nocase"': ["a", "A", "É", "é", "a  "],
  'varchar COLLATE "nocase"': ["a", "A"],
  'text COLLATE "numeric_order"': ["a", "A", "01", "1"],
  folded: ["a", "A"],
  mood: ["sad", "glad"],
  uuid: ["1b671a64-40d5-491e-99b0-da01ff1f3341", "00000000-0000-0000-0000-000000000001"],
  date: ["2024-01-01", "2024-01-02", "infinity", "0044-03-15 BC"],
  timestamp: ["2024-01-01 00:00", "2024-01-01 00:00:00.5", "infinity"],
  timestamptz: ["2024-01-01 00:00+00", "2024-01-01 02:00+02", "2024-01-01 00:00:00.5+00", "infinity"],
  time: ["12:00", "24:00", "00:00"],
  timetz: ["12:00+00", "13:00+01"],
  interval: ["24 hours", "1 day", "1 month", "30 days", "-1 day", "0"],
  inet: ["10.0.0.1", "10.0.0.1/32", "10.0.0.0/8", "::1"],
  cidr: ["10.0.0.1/32", "10.0.0.0/8", "::1/128"],
  macaddr: ["08:00:2b:01:02:03", "08002b:010203"],
  bytea: ["\\x00", "\\x", "abc"],
  bit: ["1", "0"],
  varbit: ["1", "01", ""],
  jsonb: ["1", "1.0", '"a"', '{"a": 1, "b": 2}', '{"b": 2, "a": 1.0}', "[1]", "null", "true"],
  "int4[]": ["{1,2}", "{}", "[0:1]={1,2}", "{{1},{2}}"],
  "numeric[]": ["{1.0,2}", "{1,2.0}"],
  "text[]": ["{a}", "{A}", '{"a  "}'],
  "citext[]": ["{a}", "{A}"],
  "mood[]": ["{sad}", "{sad,glad}"],
  pair: ["(1,a)", "(1.0,A)", "(2,)"],
  int4range: ["[1,5)", "(0,4]", "empty"],
  numrange: ["[1,5)", "[1.0,5.0)"],
  hstore: ["a=>1, b=>2", "b=>2, a=>1"],
  ltree: ["a.b", "a.c"],
  tsvector: ["a b", "b a"],
  point: ["(1,2)"],
  json: ["1"],
};

const types = {
  Query: { parents: "[Parent!]!" },
  Parent: { id: "Int!", rows: "[Row!]!", ids: "[Int!]!" },
  Row: { id: "Int!" },
};

function listed(type: string): string {
  const [name = "", collation] = type.split(" COLLATE ");
  const items = values[type] ?? [];
  const cast = (text: string) => `('${text}'::${name})${collation === undefined ? "" : ` COLLATE ${collation}`}`;
  return items.map((text, index) => `SELECT ${index + 1} AS id, ${cast(text)} AS key`).join(" UNION ALL ");
}

/** For each parent's number the numbers of the rows that equal it; null where these types have no `=`. */
async function truth(parent: string, child: string): Promise<Map<number, number[]> | null> {
  const text = `SELECT p.id, c.id FROM (${listed(parent)}) p JOIN (${listed(child)}) c ON p.key = c.key ORDER BY c.id`;
  const rows = await database.query({ text, params: [] }).catch(() => null);
  const pairs = new Map<number, number[]>();
  for (const [parentId, childId] of rows === null ? [] : textsOf(rows)) {
    pairs.set(Number(parentId), [...(pairs.get(Number(parentId)) ?? []), Number(childId)]);
  }
  return rows === null ? null : pairs;
}

const names = Object.keys(values);

describe.each(names)("keys of type %s", (parent) => {
  it("find rows whose keys equal them, of every type", async () => {
    for (const child of names) {
      const expected = await truth(parent, child);
      if (expected === null) {
        continue;
      }
      const rows = sql(`SELECT id, key AS parent FROM (${listed(child)}) c`, {
        parentKeys: ["key"],
        childKeys: ["parent"],
      });
      const resolvers: PlannerSketch["resolvers"] = {
        "Query.parents": () => sql(`SELECT id, key FROM (${listed(parent)}) p`),
        "Parent.rows": () => rows,
        "Parent.ids": () => rows,
      };
      for (const fuse of [true, false]) {
        const answer = await sketchPlanner({ types, resolvers, database, fuse }).run(
          "{ parents { id rows { id } ids } }",
        );
        const wanted = (values[parent] ?? []).map((_, index) => {
          const ids = expected.get(index + 1) ?? [];
          return { id: index + 1, rows: ids.map((id) => ({ id })), ids };
        });
        expect(answer, `${parent} and ${child}, ${fuse ? "fused" : "layered"}`).toEqual({
          status: 200,
          data: { parents: wanted },
        });
      }
    }
  });
});

const members = {
  Query: { members: "[Member!]!", tags: "[Tag!]!" },
  Mutation: { add: "Member" },
  Subscription: { member: "[Member!]!" },
  Member: { name: "String!", notes: "[Note!]!", texts: "[String!]!" },
  Note: { text: "String!", author: "Member" },
  Tag: { slug: "String!", uses: "[Use!]!" },
  Use: { id: "Int!" },
};

const notes = sql("SELECT member, text FROM note WHERE member = ANY($1::citext[]) ORDER BY text", {
  params: [{ parent: "name" }],
  parentKeys: ["name"],
  childKeys: ["member"],
});

function membersOf(resolvers: PlannerSketch["resolvers"], options: Partial<PlannerSketch> = {}) {
  const all: PlannerSketch["resolvers"] = {
    "Query.members": () => sql("SELECT name FROM member ORDER BY name"),
    "Member.notes": () => notes,
    "Member.texts": () => notes,
    "Note.author": () =>
      sql("SELECT name FROM member WHERE name = ANY($1::citext[])", {
        params: [{ parent: "member" }],
        parentKeys: ["member"],
        childKeys: ["name"],
      }),
    ...resolvers,
  };
  return sketchPlanner({ types: members, resolvers: all, database, ...options });
}

const answer = [
  { name: "ann", texts: ["three"], notes: [{ text: "three", author: { name: "ann" } }] },
  {
    name: "Bob",
    texts: ["one", "two"],
    notes: ["one", "two"].map((text) => ({ text, author: { name: "Bob" } })),
  },
];
const fields = "name texts notes { text author { name } }";

describe.each([true, false])("with fusing %s", (fuse) => {
  it("a foreign key of another case finds its row, at each layer", async () => {
    expect(await membersOf({}, { fuse }).run(`{ members { ${fields} } }`)).toEqual({
      status: 200,
      data: { members: answer },
    });
  });

  it("computed objects find rows, and rows find computed objects", async () => {
    const named = (name: string) => ({ o: { name }, type: null });
    const value = { kind: "value", value: ["aNN", "BOB", "x"].map(named), parentKeys: [], childKeys: [] } as const;
    const { run } = membersOf({ "Query.members": () => value }, { fuse });
    expect((await run("{ members { name texts } }")).data).toEqual({
      members: [
        { name: "aNN", texts: ["three"] },
        { name: "BOB", texts: ["one", "two"] },
        { name: "x", texts: [] },
      ],
    });
    const written = [
      { o: { member: "BOB", text: "1" }, type: null },
      { o: { member: "bob", text: "2" }, type: null },
    ];
    const computed = { kind: "value", value: written, parentKeys: ["name"], childKeys: ["member"] } as const;
    expect(
      (await membersOf({ "Member.notes": () => computed }, { fuse }).run("{ members { notes { text } } }")).data,
    ).toEqual({ members: [{ notes: [] }, { notes: [{ text: "1" }, { text: "2" }] }] });
  });

  it("several keys are compared one by one", async () => {
    const resolvers = {
      "Query.members": () =>
        sql("SELECT name, date '2024-01-01' + n AS day FROM member, generate_series(0, 1) n ORDER BY 1, 2"),
      "Member.texts": () =>
        sql("SELECT text, upper(member::text)::citext AS m, timestamp '2024-01-02' AS at FROM note ORDER BY text", {
          parentKeys: ["name", "day"],
          childKeys: ["m", "at"],
        }),
    };
    expect((await membersOf(resolvers, { fuse }).run("{ members { name texts } }")).data).toEqual({
      members: [
        { name: "ann", texts: [] },
        { name: "ann", texts: ["three"] },
        { name: "Bob", texts: [] },
        { name: "Bob", texts: ["one", "two"] },
      ],
    });
  });

  it.each([
    ["a column", "slug", "slug", [[1, 2], [3]]],
    ["one side", "plain", "slug", [[1, 2], [3]]],
    ["the other side", "slug", "plain", [[1, 2], []]],
    ["an expression", `plain COLLATE "nocase"`, "plain", [[1, 2], []]],
    ["no side", "plain", "plain", [[2], []]],
  ])("a collation of %s decides what is equal", async (_, parentKey, childKey, ids) => {
    const resolvers = {
      "Query.tags": () =>
        sql(`SELECT slug, ${parentKey} AS key FROM tag WHERE slug <> $1 ORDER BY slug DESC`, { params: [[0, "x"]] }),
      "Tag.uses": () =>
        sql(`SELECT id, ${childKey} AS key FROM use ORDER BY id`, { parentKeys: ["key"], childKeys: ["key"] }),
    };
    const { data } = await sketchPlanner({ types: members, resolvers, database, fuse }).run("{ tags { uses { id } } }");
    const found = (data as { tags: { uses: { id: number }[] }[] }).tags.map(({ uses }) => uses.map(({ id }) => id));
    expect(found.toSorted((one, other) => (one[0] ?? 9) - (other[0] ?? 9))).toEqual(ids);
  });

  it("a mutation's row finds those below it, within its transaction", async () => {
    const { run } = membersOf(
      { "Mutation.add": () => sql("UPDATE member SET name = 'BOB' WHERE name = 'bob' RETURNING name") },
      { fuse },
    );
    expect((await run("mutation { add { name texts } }")).data).toEqual({
      add: { name: "BOB", texts: ["one", "two"] },
    });
    await database.run("UPDATE member SET name = 'Bob' WHERE name = 'bob'");
  });
});

it("subscribers that are answered together get the rows whose keys equal theirs", async () => {
  const planner = membersOf(
    {
      "Subscription.member": ({ args }) => ({
        kind: "stream",
        source: "channel",
        channel: "members",
        live: true,
        latest: false,
        plan: { ...sql("SELECT name FROM member WHERE name = $1::citext"), params: [[0, String(args["name"])]] },
      }),
    },
    { events: await createEvents(), args: { "Subscription.member": { name: "String!" } } },
  );
  const query = `subscription ($name: String!) { member(name: $name) { ${fields} } }`;
  const subscribers = await Promise.all(["ANN", "bob", "BOB"].map((name) => planner.subscribe(query, { name })));
  const answers = await Promise.all(subscribers.map((subscriber) => subscriber.next()));
  expect(answers).toEqual([answer[0], answer[1], answer[1]].map((member) => ({ data: { member: [member] } })));
  await Promise.all(subscribers.map((subscriber) => subscriber.leave()));
});

it("keys of which texts tell cost no further statement", async () => {
  const texts: string[] = [];
  for (const type of ["int", "uuid", "timestamptz", "numeric", "mood", "date", "boolean", "text"]) {
    const resolvers = {
      "Query.parents": () => sql(`SELECT 1 AS id, NULL::${type} AS key`),
      "Parent.ids": () => sql(`SELECT 1 AS id, NULL::${type} AS key`, { parentKeys: ["key"], childKeys: ["key"] }),
    };
    const { run } = sketchPlanner({ types, resolvers, database: watched(database, (text) => texts.push(text)) });
    await run("{ parents { ids } }"); // what is asked once
    texts.length = 0;
    expect((await run("{ parents { ids } }")).data).toEqual({ parents: [{ ids: [] }] });
    expect(texts, type).toHaveLength(1);
  }
});
