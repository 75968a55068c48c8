/** An empty list of texts, of which only Postgres knows the type: an array, and never a stray text or an object. */
import { afterAll, describe, expect, test } from "vitest";
import { EMPTY_LIST, type Session } from "../../planner/index.ts";
import { textOf } from "../support/planner/rows.ts";
import { createTestDatabase, openTestDatabase } from "../support/servers/postgres.ts";

const own = await createTestDatabase();
const plain = await openTestDatabase(own.url, { poolSize: 2 });
const pooled = await openTestDatabase(own.url, { poolSize: 2, pooler: true });
afterAll(async () => {
  await Promise.all([plain.close(), pooled.close()]);
  await own.drop();
});
await plain.run(`
  CREATE EXTENSION citext;
  CREATE TYPE mood AS ENUM ('glad');
  CREATE DOMAIN label AS text;
  CREATE DOMAIN document AS jsonb;
  CREATE DOMAIN labels AS text[];
`);

/** Where Postgres infers the type from, and what it has then; a pattern: why it is refused. */
const cases: readonly (readonly [text: string, shown: string | RegExp])[] = [
  ["SELECT $1::text[]::text", "{}"],
  ["SELECT $1::int[]::text", "{}"],
  ["SELECT $1::mood[]::text", "{}"],
  ["SELECT $1::labels::text", "{}"],
  ["SELECT ('glad'::mood = ANY ($1))::text", "false"],
  // As the text of any other list.
  ["SELECT $1::text", "{}"],
  ["SELECT $1::varchar", "{}"],
  ["SELECT $1 || 'x'", "{}x"],
  ["SELECT 'x'::text || $1", "x{}"],
  ["SELECT coalesce($1, 'x')", "{}"],
  ["SELECT $1::bytea::text", "\\x7b7d"],
  // As JSON it would be an object.
  ["SELECT $1::jsonb::text", /json/],
  ["SELECT $1::json::text", /json/],
  ["SELECT $1::document::text", /json/],
  ["SELECT $1::citext::text", /an empty list is a parameter where Postgres wants a text/],
  ["SELECT $1::label::text", /an empty list is a parameter where Postgres wants a text/],
];

const shownBy = async (session: Session, text: string, value = EMPTY_LIST): Promise<string | null> =>
  textOf(await session.query({ text, params: [[0, value]] }));

describe.each([
  ["prepared", plain],
  ["behind a pooler", pooled],
])("%s", (_, database) => {
  test.each(cases)("%s", async (text, shown) => {
    const runs = [
      () => shownBy(database, text),
      () => shownBy(database, text),
      () => database.transaction(async (session) => ({ commit: true, result: await shownBy(session, text) })),
      () =>
        database.transaction(
          async (session) => {
            await session.query({ text: "SELECT 1", params: [] });
            return { commit: true, result: await shownBy(session, text) };
          },
          { "app.tenant": "1" },
        ),
    ];
    for (const run of runs) {
      await (typeof shown === "string" ? expect(run()).resolves.toBe(shown) : expect(run()).rejects.toThrow(shown));
    }
  });

  test("the same statement with other values", async () => {
    for (const value of ["{a}", EMPTY_LIST, "{b}", EMPTY_LIST]) {
      const shown = value === EMPTY_LIST ? "{}" : value;
      expect(await shownBy(database, "SELECT $1::varchar(9)", value)).toBe(shown);
    }
  });

  test("many at once, of rows and of streams", async () => {
    const text = "SELECT coalesce($1::text, 'none') FROM generate_series(1, 3)";
    const all = await Promise.all(Array.from({ length: 20 }, () => shownBy(database, text)));
    expect(all).toEqual(all.map(() => "{}"));
    const { signal } = new AbortController();
    const { first } = await database.stream({ text: `${text} --`, params: [[0, EMPTY_LIST]] }, signal);
    expect(textOf(first)).toBe("{}");
  });

  test("a statement whose table has changed since", async () => {
    await plain.run("DROP TABLE IF EXISTS changed; CREATE TABLE changed AS SELECT 'a'::text AS name");
    const text = "SELECT * FROM changed WHERE name <> ALL ($1)";
    expect(await shownBy(database, text)).toBe("a");
    await plain.run("ALTER TABLE changed ALTER name TYPE varchar(1)");
    expect(await shownBy(database, text)).toBe("a");
  });

  test("a statement that is wrong says so", async () => {
    await expect(shownBy(database, "SELECT $1::text FROM nowhere")).rejects.toThrow("nowhere");
  });
});
