/** Programs: a second request for an operation is answered by code made for it, and in the very same bytes. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Database } from "../../planner/index.ts";
import { type PlannerSketch, type SketchedPlanner, sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE item (
    id bigint PRIMARY KEY, parent bigint, name text, mood mood, at timestamptz, score float8, data jsonb, fine bool, key text);
`);

const types = {
  Query: { items: "[Item!]!", item: "Item", roots: "[Item!]!", names: "[String]!", strict: "[Strict!]" },
  Item: {
    ...{ id: "BigInt!", name: "String", mood: "Mood", at: "DateTime", score: "Float", data: "JSON", fine: "Boolean" },
    ...{ children: "[Item!]!", parent: "Item", childNames: "[String]!", byKey: "[Item!]!", all: "[Item!]!" },
  },
  Strict: { id: "BigInt!", name: "String!" },
};
const columns = "id, parent, name, mood, at, score, data, fine, key";
const below = (where: string, parentKey: string, childKey: string) => () =>
  sql(`SELECT ${columns} FROM item WHERE ${where} = ANY($1) ORDER BY id`, {
    params: [{ parent: parentKey }],
    parentKeys: [parentKey],
    childKeys: [childKey],
  });

const sketch: PlannerSketch = {
  database,
  types,
  enums: { Mood: ["good", "bad"] },
  maskErrors: false,
  limits: { depth: 20, aliases: 20, rootFields: 20 },
  resolvers: {
    "Query.items": () => sql(`SELECT ${columns} FROM item ORDER BY id`),
    "Query.item": () => sql(`SELECT ${columns} FROM item WHERE id = 1`),
    "Query.roots": () => sql(`SELECT ${columns} FROM item WHERE parent IS NULL ORDER BY id`),
    "Query.names": () => sql("SELECT name FROM item ORDER BY id"),
    "Query.strict": () => sql("SELECT id, name FROM item ORDER BY id"),
    "Item.children": below("parent", "id", "parent"),
    "Item.parent": below("id", "parent", "id"),
    "Item.byKey": below("key", "name", "key"),
    "Item.all": () => sql(`SELECT ${columns} FROM item ORDER BY id`),
    "Item.childNames": () =>
      sql("SELECT parent, name FROM item WHERE parent = ANY($1) ORDER BY id", {
        params: [{ parent: "id" }],
        parentKeys: ["id"],
        childKeys: ["parent"],
      }),
  },
};

interface Counted {
  readonly planner: SketchedPlanner;
  asked(): number;
}

/** A planner, and how often it has asked the database. */
function counted(changes: Partial<PlannerSketch> = {}): Counted {
  let asked = 0;
  const counting: Database = {
    ...database,
    query: (statement, settings) => {
      asked++;
      return database.query(statement, settings);
    },
    stream: (statement, signal, settings) => {
      asked++;
      return database.stream(statement, signal, settings);
    },
  };
  return { planner: sketchPlanner({ ...sketch, database: counting, ...changes }), asked: () => asked };
}

const plain = sketchPlanner({ ...sketch, fuse: false });

async function insert(rows: readonly (readonly (string | null)[])[]): Promise<void> {
  const quote = (value: string | null) => (value === null ? "NULL" : `'${value.replaceAll("'", "''")}'`);
  const values = rows.map((row) => `(${row.map(quote).join()})`);
  await database.run(`TRUNCATE item; ${values.length === 0 ? "" : `INSERT INTO item VALUES ${values.join()}`}`);
}

describe("an operation with a program", () => {
  beforeAll(() =>
    insert([
      ["1", null, "one", "good", "2024-05-01 12:30:00.5+00", "1.5", '{"a":[1,null]}', "t", "x"],
      ["2", "1", 'tw"o\n', "bad", "0044-03-15 00:00:00+00 BC", "-0", "3", "f", "one"],
      ["3", "1", null, null, null, null, null, null, null],
      ["-4", "2", "émoji 😀 \\ \u0001", "good", null, "1e300", '"text"', "t", "one"],
    ]),
  );

  it.each([
    ["rows", "{ items { id name } }"],
    ["values of all kinds", "{ items { mood at score data fine n: name id __typename } }"],
    ["children, and theirs", "{ roots { id children { name children { id children { id } } } } }"],
    ["a parent, which may be missing", "{ items { id parent { name parent { id } } } }"],
    ["an object", "{ item { id name children { id } } }"],
    ["leaves", "{ names items { childNames } }"],
    ["several fields of the root", "{ a: item { id } __typename b: items { name } c: names }"],
    [
      "more layers than a digit counts",
      `{ items { ${[..."abcdefghijkl"].map((name) => `${name}: children { id }`).join(" ")} } }`,
    ],
    ["children by texts", "{ items { id byKey { id name } } }"],
    ["children that all have", "{ items { id all { id children { id } } } }"],
    ["fields that may not be null and are not", "{ strict { id } }"],
  ])("answers as ever: %s", async (_, query) => {
    const { planner, asked } = counted();
    const expected = await plain.raw(query);
    expect(await planner.raw(query)).toBe(expected);
    const { program } = await planner.explain(query);
    expect(program).toEqual({ why: null });
    const before = asked();
    for (let run = 0; run < 3; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
    expect(asked() - before).toBe(3);
    expect(planner.programs).toEqual({ served: expect.any(Number), left: 0 });
    expect(planner.programs.served).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ["a null if none may be", "{ strict { id name } }"],
    ["a value that does not fit", "{ items { id score } }"],
  ])("hands its rows on where it can't answer: %s", async (_, query) => {
    await database.run("UPDATE item SET score = 'NaN' WHERE id = 3");
    const { planner, asked } = counted();
    const expected = await plain.raw(query);
    expect(JSON.parse(expected)).toHaveProperty("errors");
    expect(await planner.raw(query)).toBe(expected);
    expect(await planner.raw(query)).toBe(expected);
    const [before, left] = [asked(), planner.programs.left];
    expect(await planner.raw(query)).toBe(expected);
    expect(asked() - before).toBe(1);
    expect(planner.programs.left).toBe(left + 1);
    await database.run("UPDATE item SET score = NULL WHERE id = 3");
  });

  it.each([
    [
      "Item.byKey belongs to its parents by a key that is not an integer, a text or a UUID",
      "{ items { byKey { id } } }",
      { "Item.byKey": below("score", "score", "score") },
    ],
    ["Query.item is not answered by SQL", "{ item { id } }", { "Query.item": () => ({ kind: "value", value: null }) }],
  ] as const)("says why there is none: %s", async (why, query, resolvers) => {
    const { planner } = counted({ resolvers: { ...sketch.resolvers, ...resolvers } as never });
    await planner.raw(query);
    expect((await planner.explain(query)).program).toEqual({ why });
  });

  it("compares no texts where a collation takes different ones for equal", async () => {
    const { planner } = counted();
    const query = "{ items { byKey { id } } }";
    await database.run("CREATE COLLATION blurred (provider = icu, locale = 'und', deterministic = false)");
    const expected = await plain.raw(query);
    for (let run = 0; run < 4; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
    expect(planner.programs).toEqual({ served: 0, left: 0 });
    await database.run("DROP COLLATION blurred");
  });

  it("serves keys of many digits, and UUIDs", async () => {
    await database.run(`
      CREATE TABLE long (id bigint PRIMARY KEY, parent bigint, uuid uuid, other uuid);
      INSERT INTO long SELECT 9007199254740990 + i, 9007199254740990 + i / 2, md5((i / 3)::text)::uuid, md5(i::text)::uuid
      FROM generate_series(1, 40) AS i;
    `);
    const link = (parentKey: string, childKey: string) => () =>
      sql(`SELECT id, parent, uuid, other FROM long WHERE ${childKey} = ANY($1) ORDER BY id DESC`, {
        ...{ params: [{ parent: parentKey }], parentKeys: [parentKey], childKeys: [childKey] },
      });
    const resolvers = {
      ...{ "Query.items": () => sql("SELECT id, parent, uuid, other FROM long ORDER BY id") },
      ...{ "Item.children": link("id", "parent"), "Item.byKey": link("other", "uuid") },
    };
    const { planner } = counted({ resolvers });
    const query = "{ items { id children { id } byKey { id } } }";
    const expected = await sketchPlanner({ ...sketch, resolvers, fuse: false }).raw(query);
    expect(expected).toContain('"byKey":[{');
    for (let run = 0; run < 10; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
    expect(planner.programs).toEqual({ served: 5, left: 4 });
  });

  it("asks Postgres no more often where its statement fails, and tells the same", async () => {
    let fails = false;
    const { planner, asked } = counted({
      resolvers: {
        ...sketch.resolvers,
        "Query.items": () => sql("SELECT 1 / (1 - $1) AS id", { params: [[23, fails ? "1" : "0"]] }),
      },
    });
    const query = "{ items { id } }";
    await planner.raw(query);
    await planner.raw(query);
    fails = true;
    const before = asked();
    const failed = await planner.raw(query);
    expect(JSON.parse(failed).errors).toMatchObject([{ path: ["items"], extensions: { code: "PUFF_SQL_FAILED" } }]);
    expect(asked() - before).toBe(1);
  });

  it("goes on where a table was altered", async () => {
    await database.run("CREATE TABLE altered (id int, name text); INSERT INTO altered VALUES (1, '2')");
    const { planner } = counted({
      resolvers: { "Query.items": () => sql("SELECT id, name FROM altered") },
    });
    const query = "{ items { id name } }";
    const expected = '{"data":{"items":[{"id":"1","name":"2"}]}}';
    for (let run = 0; run < 3; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
    await database.run("ALTER TABLE altered ALTER id TYPE bigint, ALTER name TYPE int USING name::int");
    for (let run = 0; run < 3; run++) {
      expect(await planner.raw(query)).toBe(expected);
    }
  });
});

it("answers in the same bytes for any rows", { timeout: 120_000 }, async () => {
  const { planner } = counted();
  const query = "{ items { id name parent { name } children { id name mood data } childNames } }";
  const id = fc.oneof(
    { weight: 90, arbitrary: fc.bigInt({ min: -9n, max: 9n }) },
    // Keys that fall together, and those that no number holds.
    { weight: 30, arbitrary: fc.bigInt({ min: -20n, max: 20n }).map((step) => step * 4_294_967_296n) },
    { weight: 1, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  );
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((value) => value.replaceAll("\0", ""));
  // Postgres refuses NUL and halves of characters.
  const json = fc
    .jsonValue()
    .map((value) => JSON.stringify(value))
    .filter((value) => !value.includes("\\u"));
  const option = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
  const rows = fc.uniqueArray(
    fc.tuple(id, option(id), option(text), option(fc.constantFrom("good", "bad")), option(json)),
    { selector: ([own]) => own, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(rows, async (drawn) => {
      await insert(
        drawn.map(([own, parent, name, mood, data]) => [
          ...[
            String(own),
            parent === null ? null : String(parent),
            name === null ? null : Buffer.from(name).toString(),
          ],
          ...[mood, null, null, data, null, null],
        ]),
      );
      expect(await planner.raw(query)).toBe(await plain.raw(query));
    }),
    { numRuns: 150 },
  );
  const { served, left } = planner.programs;
  expect(served).toBeGreaterThan(left);
});
