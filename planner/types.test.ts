import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText, parseArray, printArray } from "./types.ts";

describe("Postgres's arrays", () => {
  it("are read back as they were printed", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string())), (items) => {
        expect(parseArray(printArray(items))).toEqual(items);
      }),
    );
  });

  it.each([
    ["{}", []],
    ["{1,NULL,3}", ["1", null, "3"]],
    ['{"NULL",null}', ["NULL", null]],
    [
      "{{1,2},{3,4}}",
      [
        ["1", "2"],
        ["3", "4"],
      ],
    ],
    ["[0:1]={5,6}", ["5", "6"]],
    ['{"a \\"quoted\\" \\\\ text",b c}', ['a "quoted" \\ text', "b c"]],
  ])("%s", (text, items) => {
    expect(parseArray(text)).toEqual(items);
  });

  it.each(["", "{1", "{1}x", '{"a', "1,2"])("refuses %j", (text) => {
    expect(() => parseArray(text)).toThrow(SyntaxError);
  });
});

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
    expect(decodeText(oid, text)).toEqual(value);
  });
});
