import { expect, test } from "vitest";
import { pauseAfter, reconnect } from "./backoff.ts";

test("each pause is twice as long as the one before, up to a bound", () => {
  expect([1, 2, 3, 6, 7, 5_000].map((failures) => pauseAfter(failures, reconnect))).toEqual([
    50, 100, 200, 1_600, 2_000, 2_000,
  ]);
});
