import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integerDigits, itemsOf, membersOf } from "./json-text.ts";

describe("JSON text", () => {
  it("falls into the texts of its parts", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const items = itemsOf(text)?.map((item) => JSON.parse(item));
        expect(items ?? null).toEqual(Array.isArray(value) ? JSON.parse(text) : null);
        const members = Object.entries(membersOf(text) ?? {}).map(([key, member]) => [key, JSON.parse(member)]);
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        expect(members).toEqual(isObject ? Object.entries(JSON.parse(text)) : []);
      }),
    );
  });

  it("keeps the digits of numbers, and the last of equal keys", () => {
    expect(itemsOf("[12.50, 9223372036854775807,1e2]")).toEqual(["12.50", "9223372036854775807", "1e2"]);
    expect({ ...membersOf('{"a": 1.0,"__proto__":2,"a" : "x,\\"}"}') }).toEqual({
      a: '"x,\\"}"',
      ["__proto__"]: "2",
    });
  });

  it("may be deep", () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect(itemsOf(deep)).toEqual([deep.slice(1, -1)]);
  });

  it.each([
    ["5", "5"],
    ["-5.00", "-5"],
    ["9223372036854775807.0", "9223372036854775807"],
    ["5e3", "5000"],
    ["5.5", null],
    ["1e400", null],
  ])("has the integer of %s", (number, digits) => {
    expect(integerDigits(number)).toBe(digits);
  });
});
