import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { exactInteger, fitsDouble, isExactNumber, parseExact } from "./exact-numbers.ts";

/** A number as JSON may write it. */
const numbers = fc
  .tuple(
    fc.constantFrom("", "-"),
    fc.oneof(fc.constantFrom("0"), fc.stringMatching(/^[1-9]\d{0,25}$/)),
    fc.option(fc.stringMatching(/^\d{1,25}$/)),
    fc.option(fc.stringMatching(/^[eE][+-]?\d{1,2}$/)),
  )
  .map(
    ([sign, whole, fraction, exponent]) => `${sign}${whole}${fraction === null ? "" : `.${fraction}`}${exponent ?? ""}`,
  );

describe("parseExact", () => {
  it("keeps each number's text", () => {
    fc.assert(
      fc.property(numbers, (number) => {
        for (const json of [`[${number}]`, `{"a":${number}}`]) {
          expect(JSON.stringify(parseExact(json))).toBe(json);
        }
      }),
    );
  });

  it("gives all else as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        const plain = JSON.stringify(parseExact(json), (_, value) =>
          isExactNumber(value) ? Number(value.rawJSON) : value,
        );
        expect(plain).toBe(JSON.stringify(JSON.parse(json)));
      }),
    );
  });

  it("refuses numbers that Python would not read", () => {
    expect(() => parseExact(`[${"9".repeat(5000)}]`)).toThrow("a number has 5000 digits");
  });
});

test("exactInteger agrees with arithmetic", () => {
  fc.assert(
    fc.property(
      fc.bigInt(),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 0, max: 30 }),
      (value, zeros, exponent) => {
        expect(exactInteger(String(value))).toBe(String(value));
        expect(exactInteger(`${value}.${"0".repeat(zeros + 1)}`)).toBe(String(value));
        expect(exactInteger(`${value}e${exponent}`)).toBe(String(value * 10n ** BigInt(exponent)));
        expect(exactInteger(`${value * 10n ** BigInt(exponent)}e-${exponent}`)).toBe(String(value));
        expect(exactInteger(`${value}.${"0".repeat(zeros)}1`)).toBeNull();
      },
    ),
  );
});

test.each([
  ["1e308", true],
  ["0", true],
  ["0.000", true],
  ["1e400", false],
  ["-1e999", false],
  ["1e-400", false],
])("fitsDouble of %s is %s", (number, fits) => {
  expect(fitsDouble(number)).toBe(fits);
});
