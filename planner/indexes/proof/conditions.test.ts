import { describe, expect, test } from "vitest";
import { comparisonsOf, isOf, normalize, withoutAlias } from "./conditions.ts";

describe("comparisonsOf", () => {
  test.each([
    ["(post.votes > 1)", [["votes", ">"]]],
    ["((post.votes >= 1) AND (post.votes <= 2))", [["votes", ">="], ["votes", "<="]]], // biome-ignore format: a table
    ["(post.votes = ANY ('{1,2}'::integer[]))", [["votes", "="]]],
    ["(post.votes IS NULL)", [["votes", "IS NULL"]]],
    ["(upper(post.title) ~~ '% AND (%'::text)", [["upper(title)", "~~"]]],
    ["((post.slug)::text = 'a = b'::text)", [["slug", "="]]],
    ["((post.created)::date = '2001-02-03'::date)", [["(created)::date", "="]]],
    ['(post."order" = 1)', [['"order"', "="]]],
    ["post.public", [["public", ""]]],
    ["(NOT post.public)", [["public", ""]]],
    ["(k.k0 = post.id)", [["id", "="]]],
    ["(post.id = comment.post_id)", [["id", "="]]],
    ["((post.a = 1) OR (post.b = 2))", []],
    ["(post.tags @> '{a}'::text[])", [["tags", "@>"]]],
    ["((post.data ->> 'key'::text) = 'x'::text)", [["data ->> 'key'::text", "="]]],
    ["(public.folded(post.title) = 'x'::text)", []],
  ])("of %s", (condition, expected) => {
    expect(comparisonsOf(condition, "post").map(({ sql, operator }) => [sql, operator])).toEqual(expected);
  });
});

test("an alias that needs quotes", () => {
  expect(comparisonsOf('("Post".votes > 1)', "Post")).toEqual([{ sql: "votes", operator: ">" }]);
});

test("an expression of several tables is of none", () => {
  expect(isOf("(post.a + comment.b)", "post")).toBe(false);
  expect(isOf("lower(post.a)", "post")).toBe(true);
  expect(isOf("'post.a'::text", "post")).toBe(false);
});

test("an alias that ends with another one's name stays", () => {
  expect(withoutAlias("repost.votes + post.votes", "post")).toBe("repost.votes + votes");
});

test("parentheses, casts and case make no other expression", () => {
  expect(normalize("upper((title)::text)")).toBe(normalize("UPPER(title::character varying)"));
  expect(normalize("(moment)::date")).not.toBe(normalize("(moment)::time"));
});
