import { expect, test } from "vitest";
import type { JsonValue } from "../../schema/index.ts";
import { either, flag, list, nullable, number, object, optional, record, text, trusted } from "./kinds.ts";
import { method, methods, variadic } from "./methods.ts";

const call = methods("post", {
  send: method([text, nullable(number)], ([to, weight], { buffers }) => ({ value: [to, weight], buffers })),
  sort: method([list(either(number, text)), optional(flag)], ([items, down = false]) => ({
    value: down ? items.toReversed() : items,
  })),
  label: method([object({ to: text, marks: record(text) })], ([{ to, marks }]) => ({
    value: [to, marks["color"] ?? ""],
  })),
  keep: method([trusted<object>("what puff made")], ([given]) => ({ value: JSON.stringify(given) })),
  sum: variadic(number, (numbers) => ({ value: numbers.reduce((sum, one) => sum + one, 0) })),
});
const { signal } = new AbortController();

test.each<[name: string, args: JsonValue[], value: JsonValue]>([
  ["send", ["Ada", 3], ["Ada", 3]],
  ["send", ["Ada", null], ["Ada", null]],
  ["sort", [[2, "a"]], [2, "a"]],
  ["sort", [[2, "a"], true], ["a", 2]],
  ["label", [{ to: "Ada", marks: { color: "red" } }], ["Ada", "red"]],
  ["keep", [["200 OK", [["a", "b"]]]], '["200 OK",[["a","b"]]]'],
  ["keep", [{ a: 1 }], '{"a":1}'],
  ["sum", [1, 2, 3], 6],
  ["sum", [], 0],
])("%s(%j) is answered", async (name, args, value) => {
  const buffers = [Uint8Array.of(1)];
  expect(await call(name, args, buffers, signal)).toEqual(name === "send" ? { value, buffers } : { value });
});

test.each<[name: string, args: JsonValue[], message: string]>([
  ["burn", [], "the service post has no method burn: it has send, sort, label, keep, sum"],
  ["constructor", [], "the service post has no method constructor: it has send, sort, label, keep, sum"],
  ["send", ["Ada"], "argument 2 of post.send must be a number, or null; it is missing"],
  ["send", [7, 3], "argument 1 of post.send must be a text; it is 7"],
  ["send", ["Ada", 3, 4], "post.send takes 2 arguments, and 3 came"],
  [
    "label",
    [{ to: "secret", marks: { color: 1 } }],
    "argument 1 of post.label must be an object with to (a text), marks (an object whose values are each a text); " +
      "it is a list or an object",
  ],
  ["keep", [7], "argument 1 of post.keep must be what puff made; it is 7"],
  ["sum", [1, "2"], 'argument 2 of post.sum must be a number; it is "2"'],
])("%s(%j) is refused", async (name, args, message) => {
  await expect(call(name, args, [], signal)).rejects.toThrow(message);
});
