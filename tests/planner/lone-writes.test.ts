/** Mutations of one statement are committed in its flight, and answer, fail and roll back as in a transaction. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../planner/index.ts";
import { PuffError, type ResolveResult } from "../../schema/index.ts";
import { type PlannerSketch, type SketchedPlanner, sketchPlanner, sql } from "../support/planner/planner.ts";
import { textsOf } from "../support/planner/rows.ts";
import { ownDatabase, write } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE item (
    id serial PRIMARY KEY, name text, at timestamptz, score float8, number int, fine bool,
    parent int REFERENCES item DEFERRABLE INITIALLY DEFERRED
  );
  CREATE UNIQUE INDEX only_name ON item (name);
  CREATE TABLE tried (what text);
  CREATE FUNCTION note_try() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO tried VALUES ('item'); RETURN NULL; END $$;
  CREATE TRIGGER tries AFTER INSERT OR UPDATE ON item FOR EACH STATEMENT EXECUTE FUNCTION note_try();
`);

beforeEach(() => database.run("TRUNCATE item, tried RESTART IDENTITY; INSERT INTO item (name) VALUES ('first')"));

const types = {
  Query: { item: "Item" },
  Mutation: { add: "Item!", maybe: "Item", many: "[Item!]!", strict: "Strict!", count: "Int" },
  Item: { id: "Int!", name: "String", at: "DateTime", score: "Float", fine: "Boolean", children: "[Item!]!" },
  Strict: { name: "String!", number: "Int", at: "DateTime!" },
};
const all = "id, name, at, score, number, fine";

/** How often each way into the database was taken. */
interface Counted {
  readonly planner: SketchedPlanner;
  readonly taken: { committed: number; transactions: number };
}

function counted(texts: { readonly [field: string]: string }, changes: Partial<PlannerSketch> = {}): Counted {
  const taken = { committed: 0, transactions: 0 };
  const { commit } = database;
  if (commit === undefined) {
    throw new Error("there is no pooler");
  }
  const watched: Database = {
    query: (...given) => database.query(...given),
    stream: (...given) => database.stream(...given),
    transaction(...given) {
      taken.transactions++;
      return database.transaction(...given);
    },
    commit(...given) {
      taken.committed++;
      return commit(...given);
    },
  };
  const resolvers = Object.fromEntries(
    Object.entries(texts).map(([field, text]) => [field, (): ResolveResult => sql(text)] as const),
  );
  const planner = sketchPlanner({
    ...{ types, database: watched, maskErrors: false, limits: { rootFields: 9 } },
    ...changes,
    resolvers: { ...resolvers, ...changes.resolvers },
  });
  return { planner, taken };
}

async function state(): Promise<unknown> {
  const ask = async (text: string) => textsOf(await database.query({ text, params: [] }));
  return [
    await ask("SELECT name, at, score, number, fine, parent FROM item ORDER BY id"),
    await ask("SELECT count(*) FROM tried"),
  ];
}

const selections: { readonly [field: string]: string } = {
  add: "{ id name at score fine __typename }",
  maybe: "{ id name at score }",
  many: "{ id name at }",
  strict: "{ name number at }",
  count: "",
};

/** What a mutation answers and leaves, each time, in its own transaction: the database has no other way then. */
async function inTransactions(
  mutation: string,
  texts: { readonly [field: string]: string },
  prepare: readonly string[],
) {
  const { planner } = counted(texts, { database: withoutCommit });
  return await runs(planner, mutation, prepare);
}

const withoutCommit: Database = {
  query: (...given) => database.query(...given),
  stream: (...given) => database.stream(...given),
  transaction: (...given) => database.transaction(...given),
};

/** Runs it once for each script, which goes before. */
async function runs(planner: SketchedPlanner, mutation: string, scripts: readonly string[]): Promise<unknown[]> {
  await database.run("TRUNCATE item, tried RESTART IDENTITY; INSERT INTO item (name) VALUES ('first')");
  const answers: unknown[] = [];
  for (const script of scripts) {
    await database.run(script);
    answers.push([JSON.parse(await planner.raw(mutation)), await state()]);
  }
  return answers.map(withoutIds);
}

/** What is rolled back has used numbers all the same. */
function withoutIds(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer).replace(/"id":\d+/g, '"id":0'));
}

const none = "SELECT";
const value = (name: string, sqlText: string) =>
  `CREATE OR REPLACE FUNCTION given_${name}() RETURNS ${types_[name]} LANGUAGE sql AS $$ SELECT ${sqlText} $$`;
const types_: { readonly [name: string]: string } = {
  ...{ name: "text", at: "timestamptz", score: "float8", number: "int" },
};
const usual = ["name", "at", "score", "number"].map((name) =>
  value(name, name === "name" ? "md5(random()::text)" : name === "at" ? "timestamptz '2026-01-02 03:04:05Z'" : "1"),
);
const insert = `INSERT INTO item (name, at, score, number) VALUES (given_name(), given_at(), given_score(), given_number()) RETURNING ${all}`;

describe("a mutation of one statement", () => {
  beforeEach(() => database.run(usual.join(";")));

  it.each([
    ["an object", "add", insert],
    ["an object that may be null", "maybe", insert],
    ["a list", "many", insert],
    ["an update", "many", `UPDATE item SET score = 2 RETURNING ${all};`],
    [
      "one with WITH, a comment and a semicolon",
      "add",
      `WITH n AS (SELECT 'x' || random() AS x) INSERT INTO item (name) SELECT x FROM n RETURNING ${all}; -- done`,
    ],
    ["one that writes no row", "maybe", `UPDATE item SET score = 2 WHERE false RETURNING ${all}`],
  ])("takes one flight from the second time on: %s", async (_what, field, text) => {
    const { planner, taken } = counted({ [`Mutation.${field}`]: text });
    for (let time = 0; time < 3; time++) {
      const { data, errors } = JSON.parse(await planner.raw(`mutation { ${field} ${selections[field]} }`));
      expect(errors).toBeUndefined();
      expect(data).toHaveProperty(field);
    }
    expect(taken).toEqual({ committed: 2, transactions: 1 });
    expect(textsOf(await database.query({ text: "SELECT count(*) FROM tried", params: [] }))).toEqual([["4"]]);
  });

  it.each([
    ["a null where none may be", "strict", insert, [none, value("name", "NULL::text"), usual[0] ?? ""]],
    [
      "a null where one may be",
      "add",
      insert,
      [none, value("at", "NULL::timestamptz"), value("score", "NULL::float8")],
    ],
    [
      "a time without a form",
      "strict",
      insert,
      [
        none,
        value("at", "timestamptz 'infinity'"),
        value("at", "timestamptz '0044-03-15 12:00:00Z BC'"),
        usual[1] ?? "",
      ],
    ],
    [
      "a number without a form",
      "add",
      insert,
      [none, value("score", "float8 'NaN'"), value("score", "float8 '-Infinity'"), usual[2] ?? ""],
    ],
    [
      "no row where there must be one",
      "add",
      `INSERT INTO item (name, at) SELECT given_name(), given_at() WHERE given_score() = 1 RETURNING ${all}`,
      [none, value("score", "2"), value("score", "1")],
    ],
    [
      "no row where there may be none",
      "maybe",
      `INSERT INTO item (name, at) SELECT given_name(), given_at() WHERE given_score() = 1 RETURNING ${all}`,
      [none, value("score", "2"), value("score", "1")],
    ],
    [
      "a null in the second row, which is not shown",
      "maybe",
      `INSERT INTO item (id, name, at) VALUES (10 * (SELECT count(*) FROM item), given_name(), NULL), (1 + 10 * (SELECT count(*) FROM item), NULL, NULL) RETURNING ${all}`,
      [none, none, none],
    ],
    ["a constraint", "add", insert, [none, value("name", "'first'"), usual[0] ?? ""]],
    [
      "a constraint that is looked at when it is committed",
      "add",
      `INSERT INTO item (name, at, parent) VALUES (given_name(), given_at(), given_number()) RETURNING ${all}`,
      [none, value("number", "999"), value("number", "1")],
    ],
    [
      "a division by zero of its own",
      "add",
      insert.replace("given_score()", "1 / given_score()::int"),
      [none, value("score", "0"), value("score", "1")],
    ],
    [
      "a column of another type",
      "strict",
      insert,
      [
        none,
        none,
        "ALTER TABLE item ALTER number TYPE bigint USING 1e12",
        "ALTER TABLE item ALTER number TYPE int USING 1",
      ],
    ],
    [
      "the number of an insert",
      "count",
      "INSERT INTO item (name) VALUES (given_name()) RETURNING id AS count",
      [none, none],
    ],
    [
      "always a failure",
      "strict",
      insert.replace("RETURNING", "RETURNING 1 AS one,"),
      [value("name", "NULL::text"), none, none, none, none, usual[0] ?? "", none],
    ],
  ])("answers and rolls back as in a transaction: %s", async (_what, field, text, scripts) => {
    const mutation = `mutation { ${field} ${selections[field]} }`;
    const texts = { [`Mutation.${field}`]: text };
    const fixed = text.includes("given_name()") ? [value("name", "'n' || (SELECT count(*) FROM tried)")] : [];
    const replaced = scripts.map((script) => (script === usual[0] ? (fixed[0] ?? none) : script));
    const all = [[...usual, ...fixed].join(";"), ...replaced];
    const expected = await inTransactions(mutation, texts, all);
    const { planner } = counted(texts);
    expect(await runs(planner, mutation, all)).toEqual(expected);
  });

  it("is not committed at once where others follow it, or its answer needs more", async () => {
    const { planner, taken } = counted(
      { "Mutation.add": insert },
      {
        resolvers: {
          "Item.children": () =>
            sql(`SELECT ${all}, parent FROM item WHERE parent = ANY($1)`, {
              params: [{ parent: "id" }],
              parentKeys: ["id"],
              childKeys: ["parent"],
            }),
        },
      },
    );
    for (let time = 0; time < 3; time++) {
      await planner.raw("mutation { add { id children { id } } }");
    }
    expect(taken).toEqual({ committed: 0, transactions: 3 });
  });

  it("has the caller's settings", async () => {
    let tenant = "one";
    const { planner, taken } = counted(
      {
        "Mutation.add": `INSERT INTO item (name) VALUES (current_setting('app.tenant') || ' ' || random()) RETURNING ${all}`,
      },
      { pgSettings: () => ({ "app.tenant": tenant }) },
    );
    const names: string[] = [];
    for (tenant of ["one", "two", "three"]) {
      names.push(JSON.parse(await planner.raw("mutation { add { name } }")).data.add.name);
    }
    expect(names.map((name) => name.split(" ")[0])).toEqual(["one", "two", "three"]);
    expect(taken.committed).toBe(2);
  });

  it("is stopped at once where it is given up, and leaves nothing", async () => {
    const text = `INSERT INTO item (name) SELECT md5(random()::text) FROM pg_sleep(given_score()) RETURNING ${all}`;
    await database.run(value("score", "0"));
    const controller = new AbortController();
    const { planner, taken } = counted({ "Mutation.add": text });
    await planner.raw("mutation { add { id } }");
    const before = await state();
    await database.run(value("score", "60"));
    const prepared = planner.planner.prepare("mutation { add { id } }", null);
    if (prepared.kind === "refused") {
      throw new Error("it is valid");
    }
    const running = planner.planner.execute(
      prepared.operation,
      {},
      { headers: {}, authToken: null },
      { signal: controller.signal },
    );
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
    const sleeping = async () => (await database.query({ text: waiting, params: [] })).count;
    await expect.poll(sleeping).toBe(1);
    controller.abort(new PuffError("PUFF_REQUEST_DEADLINE", "too late"));
    expect((await running).body.toString()).toContain("too late");
    await expect.poll(sleeping).toBe(0);
    expect(taken.committed).toBe(1);
    expect(await state()).toEqual(before);
    await write(database, "SELECT 1"); // the connection serves on
  });
});
