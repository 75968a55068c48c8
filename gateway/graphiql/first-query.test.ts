import { buildSchema, parse, validate } from "graphql";
import { expect, test } from "vitest";
import { firstQuery } from "./first-query.ts";

test.each<readonly [what: string, sdl: string, query: string]>([
  [
    "the first list with its leaves",
    `type Query { version: String, post(id: ID!): Post, posts(limit: Int = 20): [Post!]!, authors: [Author] }
     type Post { id: ID!, tags: [String!]!, author: Author, excerpt(length: Int!): String, state: State }
     type Author { name: String }
     enum State { DRAFT }`,
    "{ posts { id tags state } }",
  ],
  [
    "a list without required arguments",
    "type Query { named(name: String!): [Post] all: [Post] } type Post { id: ID }",
    "{ all { id } }",
  ],
  ["a list of leaves", "type Query { tags: [String] }", "{ tags }"],
  ["an interface's leaves", "type Query { nodes: [Node] } interface Node { id: ID }", "{ nodes { id } }"],
  ["a union", "type Query { found: [Found] } union Found = Post type Post { id: ID }", "{ found { __typename } }"],
  [
    "objects without leaves",
    "type Query { posts: [Post] } type Post { comments: [Comment] } type Comment { id: ID }",
    "{ posts { __typename } }",
  ],
  ["no list", "type Query { me: Author } type Author { name: String }", "{ me { name } }"],
  ["no field without required arguments", "type Query { post(id: ID!): ID }", "{ __typename }"],
])("%s", (_, sdl, query) => {
  const schema = buildSchema(sdl);
  const offered = firstQuery(schema);
  expect(offered.replace(/\s+/g, " ").trim()).toBe(query);
  expect(validate(schema, parse(offered))).toEqual([]);
});
