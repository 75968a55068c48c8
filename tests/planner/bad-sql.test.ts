/** SQL that can't be run is told with its field, and with its place in the SQL, fused or not. */
import { describe, expect, test } from "vitest";
import { sketchPlanner, sql } from "../support/planner/planner.ts";
import { ownDatabase } from "../support/servers/postgres.ts";

const database = await ownDatabase(`
  CREATE TABLE item (id int);
  INSERT INTO item VALUES (1);
  CREATE FUNCTION grow() RETURNS SETOF item LANGUAGE sql AS 'INSERT INTO item VALUES (2) RETURNING id';
`);

const cases: readonly (readonly [text: string, code: string, line: number | undefined, column: number | undefined])[] =
  [
    ["SELEC id FROM item", "PUFF_SQL_FAILED", 1, 1],
    ["SELECT id\n  FROM items", "PUFF_SQL_FAILED", 2, 8],
    ["SELECT id FROM item WHERE id = 'ä' || '", "PUFF_SQL_FAILED", 1, 39],
    ["SELECT id FROM item) AS x, (SELECT 1", "PUFF_SQL_FAILED", 1, 20],
    ["SELECT id FROM item; SELECT 2", "PUFF_PLAN_STATEMENTS", 1, 22],
    ["SELECT ';ä' AS id; -- ;\n DROP TABLE item", "PUFF_PLAN_STATEMENTS", 2, 2],
    ["COMMIT; SELECT id FROM item", "PUFF_PLAN_STATEMENTS", 1, 9],
    ["", "PUFF_PLAN_STATEMENTS", undefined, undefined],
    ["INSERT INTO item VALUES (3) RETURNING id", "PUFF_PLAN_WRITES", 1, 1],
    ["WITH gone AS (\n  DELETE FROM item RETURNING id)\nSELECT id FROM gone", "PUFF_PLAN_WRITES", 2, 3],
    ["SELECT id FROM item FOR UPDATE", "PUFF_PLAN_WRITES", 1, 25],
    ["DROP TABLE item", "PUFF_PLAN_WRITES", 1, 1],
    ["SELECT id FROM grow()", "PUFF_PLAN_WRITES", undefined, undefined],
    ["SET search_path = nowhere", "PUFF_PLAN_STATEMENTS", undefined, undefined],
    ["LISTEN news", "PUFF_PLAN_STATEMENTS", undefined, undefined],
    ["DISCARD ALL", "PUFF_PLAN_STATEMENTS", undefined, undefined],
  ];

describe.each(cases)("%j", (text, code, line, column) => {
  const resolvers = {
    "Query.items": () => sql("SELECT id FROM item"),
    "Query.bad": () => sql(text),
    "Item.bad": () => sql(text),
  };
  const types = { Query: { items: "[Item!]", bad: "[Item!]" }, Item: { id: "Int", bad: "[Item!]" } };

  test.each([
    ["{ items { id } bad { id } }", "Query.bad", ["bad"]],
    ["{ bad { id bad { id } } }", "Query.bad", ["bad"]],
    ["{ items { id bad { id } } }", "Item.bad", ["items", 0, "bad"]],
  ])("%s", async (query, field, path) => {
    const { run, reported } = sketchPlanner({ types, resolvers, database });
    for (let time = 0; time < 2; time++) {
      const { errors, status } = await run(query);
      expect(status).toBe(200);
      expect(errors).toMatchObject([{ path, extensions: { code } }]);
      expect(errors?.[0]?.message).toMatch(new RegExp(`^${field}: `));
      expect([errors?.[0]?.extensions["line"], errors?.[0]?.extensions["column"]]).toEqual([line, column]);
    }
    expect(reported[0]).toMatchObject({ code, place: field });
    expect((await run("{ items { id } }")).data).toEqual({ items: [{ id: 1 }] });
  });
});
