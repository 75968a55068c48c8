import { expect, test } from "vitest";
import { cutSql, fillSql } from "./sql-text.ts";

test.each([
  ["SELECT $1, '$2', \"$3\" /* $4 */ -- $5", "SELECT <1>, '$2', \"$3\" /* $4 */ -- $5"],
  ["SELECT $1 ;; ", "SELECT <1> "],
  ["SELECT 'ünï 🐙', $12", "SELECT 'ünï 🐙', <12>"],
  ["SELECT $tag$ $1 $tag$, $2", "SELECT $tag$ $1 $tag$, <2>"],
  // What JSON has to escape.
  ["SELECT '\u0001\u001f\u007f\u0085', $1", "SELECT '\u0001\u001f\u007f\u0085', <1>"],
  ["SELECT '\t\n\r\v\f\b\\\"', $1", "SELECT '\t\n\r\v\f\b\\\"', <1>"],
  ["SELECT\t$1\n,\f$2 -- \u0002", "SELECT\t<1>\n,\f<2> -- \u0002"],
])("%j is cut at its parameters", async (text, filled) => {
  expect(fillSql(await cutSql(text), ({ number }) => `<${number}>`)).toBe(filled);
});
