import { describe, expect, it } from "vitest";
import { builtInType, Typed } from "./pg-types.ts";
import { decode } from "./typed-values.ts";

describe("texts", () => {
  it.each([
    [16, "t", true],
    [23, "-5", -5],
    [20, "9007199254740991", 9007199254740991],
    [20, "9007199254740993", 9007199254740993n],
    [701, "-Infinity", Number.NEGATIVE_INFINITY],
    [3802, '{"a": [1]}', { a: [1] }],
    [1700, "1.50", "1.50"],
  ])("of type %i: %s", (oid, text, value) => {
    expect(decode(new Typed(typeOf(oid), text))).toEqual(value);
  });
});

function typeOf(oid: number) {
  const type = builtInType(oid);
  if (type === undefined) {
    throw new TypeError(`${oid} is not built in`);
  }
  return type;
}
