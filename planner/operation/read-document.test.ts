import { buildSchema, GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { PuffError } from "../../schema/index.ts";
import type { PlannerOptions } from "../contract/planner.ts";
import { readDocument } from "./read-document.ts";

const schema = buildSchema("type Query { a: Int b(text: String): Int }");

/** What is wrong with a document with this many tokens allowed. */
function refusal(text: string, tokens: number): unknown {
  const limits = { tokens, depth: 10, fields: 100, aliases: 100, rootFields: 100, listLength: 100 };
  const options = { schema: { schema, baseScalars: new Map() }, limits, introspection: true, suggestions: false };
  try {
    readDocument(text, options as unknown as PlannerOptions); // as much of them as is read here
    return null;
  } catch (error) {
    return error instanceof PuffError ? error.code : error;
  }
}

const syntaxError = expect.arrayContaining([expect.any(GraphQLError)]);

test.each<[text: string, tokens: number, refused: unknown]>([
  ["{ a }", 3, null],
  ["{ a }", 2, "PUFF_TOO_MANY_TOKENS"],
  ["{ a a", 2, "PUFF_TOO_MANY_TOKENS"],
  ["{ a ?", 2, syntaxError],
  ["{ a ]", 3, syntaxError],
  ["{ a ]", 2, "PUFF_TOO_MANY_TOKENS"],
  ["{ a # contains more than\n ]", 3, syntaxError],
  ['{ b(text: "contains more than) }', 10, syntaxError],
  ["{ a", 2, syntaxError],
  ["", 1, syntaxError],
])("%j may have %i tokens", (text, tokens, refused) => {
  expect(refusal(text, tokens)).toEqual(refused);
});
