import { expect, test } from "vitest";
import type { Need } from "../../../planner/index.ts";
import { drawIndexes, summarizeIndexes } from "./missing-indexes.ts";

const need = (field: string, asked: string, why = "reads all of polls_choice"): Need => ({
  ...{ field, asked, why, kind: "filter" },
});
const column = (sql: string) => ({ sql, suffix: "" });

const report = {
  served: 3,
  missing: [
    {
      index: { table: "polls_choice", method: "btree", columns: [column("question_id")], extension: null },
      tried: false,
      needs: [
        ...["exact", "gt", "gte", "lt"].map((lookup) => need("Query.choices", `filters.question_id.${lookup}`)),
        need("Question.choices", "", "reads all of polls_choice for each parent"),
      ],
    },
  ],
  unservable: [need("Query.choices", "filters.a.b"), need("Query.a", ""), need("Query.b", ""), need("Query.c", "")],
  unchecked: [{ field: "Query.mine", asked: "", why: "auth refuses" }],
  tables: { polls_choice: { model: "polls.Choice", fields: { question_id: "question" } } },
} as const;

test("a report is put shortly, with SQL and what Django calls it", () => {
  expect(drawIndexes(report)).toEqual([
    "✗ Query.choices(filters.question_id.exact|gt|gte and 1 more): reads all of polls_choice",
    "  Question.choices: reads all of polls_choice for each parent",
    "    CREATE INDEX ON polls_choice (question_id);",
    '    polls.Choice: models.Index(fields=["question"])',
    "    not tried: Postgres can't make a temporary copy that the statement reads",
    "! Query.choices(filters.a.b), Query.a and 2 more: reads all of polls_choice; no index is known to help",
    "? Query.mine: not checked: auth refuses",
  ]);
  expect(summarizeIndexes(report)).toBe(
    "1 missing index; of filters, orders and pages 3 served, 4 without a known index, 1 not checked",
  );
});
