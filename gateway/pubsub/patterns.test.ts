import { expect, test } from "vitest";
import { matcherOf } from "./patterns.ts";

test.each<[pattern: string, matching: string[], others: string[]]>([
  ["room", ["room"], ["rooms", "a room", ""]],
  ["room.*", ["room.", "room.1", "room.1.2\n"], ["room", "rooms.1"]],
  ["h?llo", ["hello", "h?llo", "hällo", "h😀llo"], ["hllo", "heello"]],
  ["h[ae]llo", ["hello", "hallo"], ["hillo", "h[ae]llo"]],
  ["h[^e]llo", ["hallo"], ["hello"]],
  ["h[a-c]llo", ["hallo", "hbllo"], ["hdllo", "h-llo"]],
  ["h[c-a]llo", ["hbllo"], ["hdllo"]],
  ["h[ab", ["ha", "hb"], ["hab"]],
  ["h\\*", ["h*"], ["hello"]],
  ["[\\]]", ["]"], ["\\"]],
  ["a.b+(c)", ["a.b+(c)"], ["axb+(c)"]],
  ["*", ["", "a", "a\nb"], []],
])("%s", (pattern, matching, others) => {
  const matches = matcherOf(pattern);
  expect(matching.filter((channel) => !matches(channel))).toEqual([]);
  expect(others.filter((channel) => matches(channel))).toEqual([]);
});
