/** What comes back from Postgres is what pg's own client reads, and what went in as a parameter. */
import fc from "fast-check";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PostgresDatabase } from "../../gateway/postgres/index.ts";
import type { RowSet, Statement } from "../../planner/index.ts";
import type { TypedText } from "../../schema/index.ts";
import { textOf, textsOf } from "../support/planner/rows.ts";
import { createTestDatabase, openTestDatabase, type TestDatabase, write } from "../support/servers/postgres.ts";
import { hasPostgres15, type OldPostgres, startPostgres15 } from "../support/servers/postgres-15.ts";

/** A type, its OID, and texts as Postgres prints them. */
const types: readonly (readonly [type: string, oid: number, ...texts: string[]])[] = [
  ["bool", 16, "t", "f"],
  ["bytea", 17, "\\x", "\\x00ff1234"],
  ["int2", 21, "-32768", "0", "32767"],
  ["int4", 23, "-2147483648", "2147483647"],
  ["int8", 20, "-9223372036854775808", "9007199254740993"],
  ["oid", 26, "4294967295"],
  ["float4", 700, "1.1", "-3.4028235e+38", "NaN"],
  ["float8", 701, "0.1", "1e-323", "Infinity", "-0", "1.2345678901234568e+16"],
  ["numeric", 1700, "1.10", "-99999999999999999999999999.000000001", "NaN"],
  ["text", 25, "", "a\tb\nc", "\\ \" ' 🎈", "é".repeat(5000)],
  ["varchar", 1043, "x"],
  ["name", 19, "a_name"],
  ["date", 1082, "2026-11-22", "0044-03-15 BC", "infinity"],
  ["time", 1083, "23:59:59.999999"],
  ["timetz", 1266, "01:02:03+05:30"],
  ["timestamp", 1114, "2026-11-22 01:02:03.000004", "-infinity"],
  ["timestamptz", 1184, "2026-11-22 01:02:03+00", "294276-12-31 23:59:59.999999+00"],
  ["interval", 1186, "P1Y2M3DT4H5M6.789S", "PT0S", "P-1D"],
  ["uuid", 2950, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
  ["json", 114, '{"b": 1,  "a": [null]}'],
  ["jsonb", 3802, '{"a": [null, "ü"]}', "null"],
  ["int4[]", 1007, "{}", "{1,NULL,3}", "{{1,2},{3,4}}"],
  ["int8[]", 1016, "{9223372036854775807}"],
  ["text[]", 1009, '{a,"b,c","\\"",NULL,"NULL",""}'],
  ["float8[]", 1022, "{0.1,NaN}"],
  ["numeric[]", 1231, "{1.0,2}"],
  ["bool[]", 1000, "{t,f}"],
  ["uuid[]", 2951, "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"],
  ["timestamptz[]", 1185, '{"2026-11-22 00:00:00+00"}'],
  ["date[]", 1182, "{2026-11-22}"],
  ["interval[]", 1187, "{PT1S}"],
  ["jsonb[]", 3807, '{"{\\"a\\": 1}"}'],
  ["inet", 869, "192.168.0.1"],
  ["int4range", 3904, "[1,3)"],
  ["point", 600, "(1,2)"],
  ["xml", 142, "<a/>"],
];

describe.each(["of npm", "15"])("Postgres %s", (version) => {
  describe.skipIf(version === "15" && !hasPostgres15)("rows", () => {
    let old: OldPostgres | undefined;
    let test_: TestDatabase;
    let database: PostgresDatabase;
    let reference: pg.Client;

    beforeAll(async () => {
      old = version === "15" ? await startPostgres15() : undefined;
      test_ = await createTestDatabase(old?.url);
      database = await openTestDatabase(test_.url);
      reference = new pg.Client({ connectionString: test_.url });
      await reference.connect();
    });

    afterAll(async () => {
      await reference.end();
      await database.close();
      await test_.drop();
      await old?.stop();
    });

    const query = (text: string, ...params: TypedText[]): Promise<RowSet> => database.query({ text, params });

    test("the server is the one meant", async () => {
      expect(await database.version()).toMatch(version === "15" ? /^15\.\d+$/ : /^18\.\d+$/);
    });

    test.each(types.map(([type, oid, ...texts]) => ({ type, oid, texts })))("$type", async ({ type, oid, texts }) => {
      for (const text of [...texts, null]) {
        const typed = await query(`SELECT $1::${type} AS value`, [oid, text]);
        expect(textOf(typed)).toBe(text);
        expect(typed.columns).toEqual([{ name: "value", oid }]);
        expect(textOf(await query(`SELECT $1::${type}`, [0, text]))).toBe(text);
      }
    });

    test("random rows are what pg's own parser makes of them", async () => {
      const field = fc.option(fc.string({ unit: "grapheme", maxLength: 300 }).filter((text) => !text.includes("\0")));
      const table = fc
        .integer({ min: 1, max: 8 })
        .chain((columns) => fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { minLength: 1 }));
      await fc.assert(
        fc.asyncProperty(table, async (rows) => {
          const width = rows[0]?.length ?? 0;
          const tuple = (_: unknown, row: number): string =>
            `(${row}, ${Array.from({ length: width }, (_, column) => `$${row * width + column + 1}::text`).join()})`;
          const text = `SELECT * FROM (VALUES ${rows.map(tuple).join()}) AS t ORDER BY 1`;
          const values = rows.flat();
          const params = values.map((value): TypedText => [25, value]);
          const expected = await reference.query({ text, values, rowMode: "array" });
          const received = textsOf(await database.query({ text, params }));
          expect(received.map(([, ...fields]) => fields)).toEqual(expected.rows.map(([, ...fields]) => fields));
        }),
        { numRuns: 60 },
      );
    });

    test("rows larger than the socket's buffers come whole, among small ones", async () => {
      const text = `SELECT g, repeat(chr(97 + g % 26), CASE WHEN g % 7 = 0 THEN 200000 ELSE g END) AS filler
                    FROM generate_series(1, 100) AS g`;
      const expected = await reference.query({ text, rowMode: "array" });
      expect(textsOf(await query(text))).toEqual(expected.rows.map(([g, filler]) => [String(g), filler]));
    });

    test("rows stay as they are while others come", async () => {
      const statement: Statement = {
        text: "SELECT repeat($1, 100) FROM generate_series(1, 3000)",
        params: [[25, "a"]],
      };
      const kept = await database.query(statement);
      const before = textsOf(kept);
      await Promise.all("bcdefgh".split("").map((letter) => query(statement.text, [25, letter])));
      expect(textsOf(kept)).toEqual(before);
    });

    test("statements without rows or columns", async () => {
      const rows = await query("SELECT FROM generate_series(1, 3)");
      expect([rows.count, rows.columns]).toEqual([3, []]);
      rows.seek(2);
      expect((await query("SELECT 1 WHERE false")).count).toBe(0);
      await database.run("CREATE TABLE made (id int PRIMARY KEY)");
      expect((await write(database, "INSERT INTO made VALUES (1), (2)")).columns).toEqual([]);
      expect(textsOf(await write(database, "DELETE FROM made RETURNING id"))).toEqual([["1"], ["2"]]);
    });

    test("several columns of one name", async () => {
      const rows = await query("SELECT 1 AS a, 2 AS b, 3 AS a");
      rows.seek(0);
      expect([rows.indexOf("a"), rows.text(rows.indexOf("a")), rows.indexOf("c")]).toEqual([2, "3", -1]);
    });

    test("notices do not disturb", async () => {
      await database.run(`CREATE FUNCTION noisy(n int) RETURNS int LANGUAGE plpgsql AS
        $$ BEGIN RAISE NOTICE 'n is %', n; RAISE WARNING '%', repeat('x', 70000); RETURN n; END $$`);
      expect(textsOf(await query("SELECT noisy(g) FROM generate_series(1, 3) g"))).toEqual([["1"], ["2"], ["3"]]);
    });

    test("a statement is parsed once a connection, and anew when its columns have changed", async () => {
      const one = await openTestDatabase(test_.url, { poolSize: 1 });
      const prepared = {
        text: "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%changing%'",
        params: [],
      };
      await database.run("CREATE TABLE changing AS SELECT 1 AS a");
      const all: Statement = { text: "SELECT * FROM changing", params: [] };
      for (let i = 0; i < 3; i++) {
        expect((await one.query(all)).columns).toHaveLength(1);
      }
      expect(textOf(await one.query(prepared))).toBe("2"); // itself, too
      await database.run("ALTER TABLE changing ADD COLUMN b text DEFAULT 'new'");
      expect(textsOf(await one.query(all))).toEqual([["1", "new"]]);
      await database.run(
        "CREATE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$",
      );
      await one.query({ text: "SELECT forget()", params: [] });
      expect(textsOf(await one.query(all))).toEqual([["1", "new"]]);
      await one.close();
    });

    test("a transaction goes on where a statement of its own was prepared for other columns", async () => {
      const one = await openTestDatabase(test_.url, { poolSize: 1 });
      await database.run("CREATE TABLE altered AS SELECT 1 AS a");
      const add: Statement = { text: "INSERT INTO altered VALUES (2) RETURNING *", params: [] };
      const all: Statement = { text: "SELECT * FROM altered", params: [] };
      const addTwice = () =>
        one.transaction(async (session) => {
          const added = [textsOf(await session.query(add)), textsOf(await session.query(add))];
          return { commit: true, result: [...added, textsOf(await session.query(all))] };
        });
      expect(await addTwice()).toEqual([[["2"]], [["2"]], [["1"], ["2"], ["2"]]]);
      await database.run("DELETE FROM altered WHERE a = 2; ALTER TABLE altered ADD COLUMN b text DEFAULT 'new'");
      const rows = [["2", "new"]];
      expect(await addTwice()).toEqual([rows, rows, [["1", "new"], ...rows, ...rows]]);
      expect((await one.query(all)).count).toBe(3);
      await one.close();
    });

    test("a statement may mean another table for each caller", async () => {
      await database.run(`
        CREATE SCHEMA a CREATE TABLE item (id int);
        CREATE SCHEMA b CREATE TABLE item (id text, more int DEFAULT 1);
        INSERT INTO a.item VALUES (1);
        INSERT INTO b.item VALUES ('x');
      `);
      const several = await openTestDatabase(test_.url, { poolSize: 4 });
      const schemas = Array.from({ length: 400 }, (_, index) => (index % 3 === 0 ? "a" : "b"));
      const answers = await Promise.all(
        schemas.map(async (schema) =>
          textsOf(await several.query({ text: "SELECT * FROM item", params: [] }, { search_path: schema })),
        ),
      );
      expect(answers).toEqual(schemas.map((schema) => (schema === "a" ? [["1"]] : [["x", "1"]])));
      await several.close();
    });

    test("few of many statements stay prepared", async () => {
      const one = await openTestDatabase(test_.url, { poolSize: 1 });
      for (let i = 0; i < 400; i++) {
        await one.query({ text: `SELECT ${i} AS many`, params: [] });
      }
      const count = textOf(await one.query({ text: "SELECT count(*) FROM pg_prepared_statements", params: [] }));
      expect(Number(count)).toBeGreaterThan(100);
      expect(Number(count)).toBeLessThanOrEqual(256);
      expect(textOf(await one.query({ text: "SELECT 0 AS many", params: [] }))).toBe("0");
      await one.close();
    });
  });
});

test("200,000 rows take about the memory of their bytes", async () => {
  const { url, drop } = await createTestDatabase();
  const database = await openTestDatabase(url);
  const text = "SELECT g, md5(g::text), g * 2 FROM generate_series(1, 200000) AS g";
  const before = process.memoryUsage();
  const rows = await database.query({ text, params: [] });
  const after = process.memoryUsage();
  expect(rows.count).toBe(200_000);
  rows.seek(199_999);
  expect(rows.text(0)).toBe("200000");
  const used = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers);
  expect(used / 200_000).toBeLessThan(200); // bytes a row; it has 60 on the wire
  await database.close();
  await drop();
});
