/** Variables as a client bent on harm sends them: coercing them takes little, and refusing them is not a failure. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { defaultLimits } from "../../gateway/options/options.ts";
import { sketchPlanner } from "../support/planner/planner.ts";

/** Milliseconds of CPU that 10 kB of variables may take, on an idle core; machines that run tests are slow and busy. */
const BOUND = 50;
const ALLOWANCE = 10;

const scalars = [
  "Int",
  "Float",
  "String",
  "Boolean",
  "ID",
  "BigInt",
  "Decimal",
  "DateTime",
  "Date",
  "Time",
  "Duration",
  "UUID",
  "Bytes",
  "JSON",
];
const args = Object.fromEntries(
  scalars.flatMap((name) => [
    [`${name}s`, `[${name}]`],
    [name, name],
  ]),
);
const nothing = () => Promise.reject(new Error("no statement is to run"));
const { run, reported } = sketchPlanner({
  types: { Query: { it: "Int" } },
  args: { "Query.it": args },
  functions: { "Query.it": () => [1] },
  database: { query: nothing, stream: nothing, transaction: nothing },
  limits: defaultLimits,
});

const pieces = [
  "0",
  "9",
  "00:",
  "2024-01-01T",
  "-",
  ".",
  "e",
  "E+",
  "P",
  "1D",
  "T1H",
  "+",
  "=",
  "A",
  "a1",
  " ",
  "\\",
  "\u{1f600}",
  "\ud800",
  "\0",
  "n",
  "Z",
];
const word = fc
  .tuple(
    fc.array(fc.constantFrom(...pieces), { maxLength: 4 }),
    fc.constantFrom(...pieces),
    fc.integer({ min: 0, max: 5000 }),
    fc.constantFrom("", ...pieces),
  )
  .map(([start, piece, times, end]) => start.join("") + piece.repeat(times) + end);
const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(1e308, -1e308, 2 ** 53, 2 ** 31, -0, 1e-320));
const leaf = fc.oneof(word, number, fc.boolean(), fc.constant(null));
const many = fc
  .tuple(leaf, fc.integer({ min: 0, max: 10_001 }))
  .map(([item, times]) => Array.from({ length: times }, () => item));
const deep = fc.tuple(leaf, fc.integer({ min: 0, max: 195 }), fc.boolean()).map(([item, levels, isList]) => {
  let value: unknown = item;
  for (let level = 0; level < levels; level++) {
    value = isList ? [value] : { [`k${level}`]: value };
  }
  return value;
});
const wide = fc
  .tuple(leaf, fc.integer({ min: 0, max: 2000 }))
  .map(([item, times]) => Object.fromEntries(Array.from({ length: times }, (_, index) => [`key${index}`, item])));
const value = fc.oneof(leaf, many, deep, wide);

it("Variables of any kind are coerced or refused in time", async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(args)), value, fc.boolean(), async (name, given, extra) => {
      const variables = { v: given, ...(extra ? { other: given } : {}) };
      const bytes = JSON.stringify(variables).length;
      const before = process.cpuUsage();
      const { status, errors = [] } = await run(`query($v: ${args[name]}) { it(${name}: $v) }`, variables);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(Math.max(1, bytes / 10_000) * BOUND * ALLOWANCE);
      expect(status).toBe(errors.length === 0 ? 200 : 400);
      expect(errors.map(({ extensions }) => extensions.code).filter((code) => !allowed.has(code))).toEqual([]);
      expect(JSON.stringify(errors).length).toBeLessThan(20_000);
      expect(reported).toEqual([]);
    }),
    { numRuns: 60, seed: 20261130 },
  );
});

const allowed = new Set<unknown>(["PUFF_VARIABLES_INVALID", "PUFF_LIST_TOO_LONG"]);
