import { describe, expect, test } from "vitest";
import type { SqlPlan } from "../../schema/index.ts";
import { Base } from "./base.ts";
import { SqlWriter } from "./sql-writer.ts";

function plan(condition: string): SqlPlan {
  return {
    ...{
      kind: "sql",
      text: `SELECT id, post_id FROM comment WHERE ${condition}`,
      params: [{ parent: "id" }, [23, "5"]],
    },
    ...{ parentKeys: ["id"], childKeys: ["post_id"], typeColumn: "__typename", typeNames: null },
  };
}

describe("for one parent, a symbol is", () => {
  test.each([
    ["post_id = ANY($1)", "post_id = puff_parent.k0"],
    ["post_id =any ( $1 ) AND id > $2", "post_id = puff_parent.k0 AND id > $2"],
    ["post_id IN (SELECT unnest($1))", "post_id = puff_parent.k0"],
    ["post_id IN (SELECT unnest($1) AS u)", "post_id = puff_parent.k0"],
    // Compared with the only one, which ANY allows.
    ["post_id >= ANY($1)", "post_id >= puff_parent.k0"],
    ["post_id != ANY($1)", "post_id != puff_parent.k0"],
    // Any other comparison keeps its array.
    ["post_id <> ANY($1)", "post_id <> ANY(ARRAY[puff_parent.k0])"],
    ["post_id = ALL($1)", "post_id = ALL(ARRAY[puff_parent.k0])"],
    ["post_id NOT IN (SELECT unnest($1))", "post_id NOT IN (SELECT unnest(ARRAY[puff_parent.k0]))"],
    ["post_id = ANY($1::int[])", "post_id = ANY(ARRAY[puff_parent.k0]::int[])"],
    ["post_id = ANY($1) AND body <> '= ANY($1)'", "post_id = puff_parent.k0 AND body <> '= ANY($1)'"],
  ])("%s", async (condition, expected) => {
    const { rows } = (await Base.of(plan(condition))).each(new SqlWriter(null));
    expect(rows).toBe(`(SELECT id, post_id FROM comment WHERE ${expected}\n) AS puff_row`);
  });
});

test("the collection's names are none that the plan uses", async () => {
  const base = await Base.of(plan("post_id = ANY($1) AND PUFF_ROW = 1"));
  expect([base.row, base.parent]).toEqual(["puff__row", "puff__parent"]);
});

test("a symbol by which rows don't say whose they are is refused", async () => {
  const base = await Base.of({ ...plan("post_id = ANY($1)"), parentKeys: ["number"] });
  expect(() => base.each(new SqlWriter(null))).toThrow('the plan uses ctx.parents["id"], which is not among its keys');
});
