import { describe, expect, it } from "vitest";
import { scalars } from "./scalars.ts";

/** Of each scalar: a value, and what a client gets of it; null: an error. */
const cases: { readonly [scalar: string]: readonly (readonly [value: unknown, shown: string | null])[] } = {
  DateTime: [
    ["2024-05-01 12:30:00+00", "2024-05-01T12:30:00Z"],
    ["2024-05-01 12:30:00.123456+00", "2024-05-01T12:30:00.123456Z"],
    ["2024-05-01T12:30:00+00:00", "2024-05-01T12:30:00Z"],
    ["2024-05-01 14:30:00.5+02", "2024-05-01T12:30:00.5Z"],
    ["2024-01-01 00:30:00+05:30", "2023-12-31T19:00:00Z"],
    ["2024-12-31 23:30:00-05", "2025-01-01T04:30:00Z"],
    ["1850-01-01 00:53:28+00:53:28", "1850-01-01T00:00:00Z"],
    ["0001-01-01 00:30:00+01", "0001-12-31T23:30:00Z BC"],
    ["0044-03-15 12:00:00+00 BC", "0044-03-15T12:00:00Z BC"],
    ["4713-01-01 00:00:00+01 BC", "4714-12-31T23:00:00Z BC"],
    ["294276-12-31 23:59:59.999999-01", "294277-01-01T00:59:59.999999Z"],
    ["12024-05-01 12:30:00+00", "12024-05-01T12:30:00Z"],
    ["2024-05-01 12:30:00", "2024-05-01T12:30:00"],
    ["2024-05-01T12:30", "2024-05-01T12:30:00"],
    ["2024-05-01", "2024-05-01T00:00:00"],
    ["infinity", "infinity"],
    ["-infinity", "-infinity"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(Number.NaN), null],
    ["12:30:00", null],
    ["2024-13-01 00:00:00", null],
    ["2023-02-29 00:00:00+00", null],
    ["2024-05-01 25:00:00", null],
    ["nonsense", null],
    ["", null],
    [5, null],
    [true, null],
  ],
  Date: [
    ["2024-02-29", "2024-02-29"],
    ["5874897-12-31", "5874897-12-31"],
    ["0044-03-15 BC", "0044-03-15 BC"],
    ["0001-02-29 BC", "0001-02-29 BC"],
    ["infinity", "infinity"],
    [new Date(0), "1970-01-01"],
    ["2023-02-29", null],
    ["2024-05-01 12:30:00+00", null],
    ["2024-05-01T12:30:00", null],
    ["20240501", null],
    ["12:30:00", null],
    [5, null],
  ],
  Time: [
    ["12:30:00", "12:30:00"],
    ["24:00:00", "24:00:00"],
    ["12:30:00.5+05:30", "12:30:00.5+05:30"],
    ["12:30:00+00", "12:30:00Z"],
    ["24:00:01", null],
    ["12:61:00", null],
    ["2024-05-01 12:30:00Z", null],
    ["1 day", null],
  ],
  Duration: [
    ["P1Y2M-3DT4H5M6.789S", "P1Y2M-3DT4H5M6.789S"],
    ["PT-0.5S", "PT-0.5S"],
    ["PT0S", "PT0S"],
    ["infinity", "infinity"],
    ["1 day", null],
    ["P", null],
    ["P1DT", null],
    ["12:30:00", null],
  ],
  UUID: [
    ["1b671a64-40d5-491e-99b0-da01ff1f3341", "1b671a64-40d5-491e-99b0-da01ff1f3341"],
    ["nonsense", null],
    ["1b671a64-40d5-491e-99b0-da01ff1f334", null],
    [7, null],
  ],
  Bytes: [
    ["\\x68656c6c6f", "aGVsbG8="],
    [Buffer.from("hello"), "aGVsbG8="],
    ["\\x6", null],
    ["\\xzz", null],
    ["aGVsbG8=", null],
  ],
};

describe.each(Object.entries(cases))("%s", (name, values) => {
  it.each(values)("%j is shown as %j", (value, shown) => {
    const show = () => scalars.get(name)?.coerceOutputValue(value);
    if (shown === null) {
      expect(show).toThrow(`${name} cannot represent value: `);
    } else {
      expect(show()).toBe(shown);
    }
  });
});
