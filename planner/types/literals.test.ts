import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitArray, splitRecord } from "./literals.ts";
import { printArray } from "./oids.ts";

describe("Postgres's arrays", () => {
  it("are read back as they were printed", () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.string())), (items) => {
        expect(splitArray(printArray(items))).toEqual(items);
      }),
    );
  });

  it.each([
    ["{}", []],
    ["{1,NULL,3}", ["1", null, "3"]],
    ['{"NULL",null}', ["NULL", null]],
    ["{{1,2},{3,4}}", ["{1,2}", "{3,4}"]],
    ['{{"}",2},{"\\"",4}}', ['{"}",2}', '{"\\"",4}']],
    ["[0:1]={5,6}", ["5", "6"]],
    ["[-1:0][2:3]={{1,2},{3,4}}", ["{1,2}", "{3,4}"]],
    ['{"a \\"quoted\\" \\\\ text",b c}', ['a "quoted" \\ text', "b c"]],
  ])("%s", (text, items) => {
    expect(splitArray(text)).toEqual(items);
  });

  it("of boxes have semicolons", () => {
    expect(splitArray("{(1,1),(0,0);(2,2),(1,1)}", ";")).toEqual(["(1,1),(0,0)", "(2,2),(1,1)"]);
  });

  it.each(["", "{1", "{1}x", '{"a', "1,2", "{{1}", "{,"])("refuses %j", (text) => {
    expect(() => splitArray(text)).toThrow(SyntaxError);
  });
});

describe("composite values", () => {
  it("are read back as they were printed", () => {
    const print = (value: string | null) =>
      value === null ? "" : `"${value.replace(/["\\]/g, (character) => character + character)}"`;
    fc.assert(
      fc.property(fc.array(fc.option(fc.string()), { minLength: 1 }), (values) => {
        expect(splitRecord(`(${values.map(print).join(",")})`)).toEqual(values);
      }),
    );
  });

  it.each([
    ["()", [null]],
    ["(1,)", ["1", null]],
    ['(,"")', [null, ""]],
    ['("a ""quoted"" \\\\ text",b)', ['a "quoted" \\ text', "b"]],
    ['(1,"(2,""x,y"")")', ["1", '(2,"x,y")']],
  ])("%s", (text, values) => {
    expect(splitRecord(text)).toEqual(values);
  });

  it.each(["", "(1", "(1)x", '("a', "1,2"])("refuses %j", (text) => {
    expect(() => splitRecord(text)).toThrow(SyntaxError);
  });
});
