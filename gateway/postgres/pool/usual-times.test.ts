import { expect, test } from "vitest";
import { UsualTimes } from "./usual-times.ts";

const { POSITIVE_INFINITY: never } = Number;

test.each([
  ["nothing is known", [], never],
  ["one run", [3], 3],
  ["most runs waited for a busy machine", [30, 2, 25, 60, 2, 40, 3, 18], 3],
  ["one run in eight was quick", [0.2, 50, 50, 50, 50, 50, 50, 50], 50],
  ["one was slow", [1, 1, 1, 200, 1], never],
  ["one failed", [1, never, 1], never],
  ["what is slow is long ago", [200, never, ...Array.from({ length: 8 }, () => 1)], 1],
])("where %s", (_, runs, expected) => {
  const times = new UsualTimes();
  for (const elapsed of runs) {
    times.note("SELECT 1", elapsed);
  }
  expect(times.of("SELECT 1")).toBe(expected);
});

test("a statement whose locks others would hold is never quick", () => {
  const times = new UsualTimes();
  const text = "SELECT pg_advisory_xact_lock(1)";
  times.note(text, 1);
  times.note(text, 1);
  expect(times.of(text)).toBe(never);
});
