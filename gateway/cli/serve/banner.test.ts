import { buildSchema } from "graphql";
import { expect, test } from "vitest";
import { suggestQuery } from "./banner.ts";

const cases: readonly [sdl: string, query: string | null][] = [
  ["type Query { hello(name: String = null): String }", "{ hello }"],
  ["type Query { post(id: ID!): String all: [Int!]! }", "{ all }"],
  ["type Query { post(id: ID!): String }", null],
  [
    "type Query { posts: [Post!]! } type Post { id: ID! by(n: Int!): Int a: Int b: Int c: Int author: Author }" +
      " type Author { posts: [Post] name: String }",
    "{ posts { id a b author { name } } }",
  ],
  ["type Query { me: Me } type Me { you: You } type You { name: String }", "{ me { you { name } } }"],
  ["type Query { me: Me } type Me { me: Me }", null],
  ["type Query { any: Any ok: Int } union Any = A type A { a: Int }", "{ ok }"],
];

test.each(cases)("a first query for %s", (sdl, query) => {
  expect(suggestQuery(buildSchema(sdl))).toBe(query);
});
