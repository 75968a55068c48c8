import { expect, test } from "vitest";
import type { Index } from "../../../planner/index.ts";
import { writeDjangoIndex } from "./django-index.ts";

const tables = {
  polls_choice: { model: "polls.Choice", fields: { question_id: "question", Weight: "weight" } },
  Mixed: { model: "polls.Mixed", fields: {} },
};
const index = (table: string, columns: readonly (readonly [string, string])[], method: Index["method"] = "btree") => ({
  ...{ table, method, extension: null },
  columns: columns.map(([sql, suffix]) => ({ sql, suffix })),
});

test.each([
  [
    "columns by their fields, descending ones too",
    index("polls_choice", [["question_id", ""], ["votes", " DESC"], ['"Weight"', ""]]), // biome-ignore format: a table
    'polls.Choice: models.Index(fields=["question", "-votes", "weight"])',
  ],
  ["another method", index("polls_choice", [["tags", ""]], "gin"), 'polls.Choice: GinIndex(fields=["tags"])'],
  ["a table that needs quotes", index('"Mixed"', [["id", ""]]), 'polls.Mixed: models.Index(fields=["id"])'],
  ["an expression", index("polls_choice", [["upper(text)", ""]]), null],
  ["a class of operators", index("polls_choice", [["text", " text_pattern_ops"]]), null],
  ["another table", index("task", [["id", ""]]), null],
])("of %s", (_name, given, expected) => {
  expect(writeDjangoIndex(given, tables)).toBe(expected);
});
