/** In production a client learns nothing about the Python code from a value that has no form in the answer. */
import { expect, test } from "vitest";
import type { WireError } from "../../schema/index.ts";
import { sketchPlanner } from "../support/planner/planner.ts";

const traceback =
  'Traceback (most recent call last):\n  File "/srv/schema.py", line 98, in value\nValueProblem: secret\n';

const nothing = () => Promise.reject(new Error("no statement is to run"));

function failing(error: Partial<WireError>, maskErrors: boolean) {
  const whole: WireError = {
    ...{
      type: "ValueProblem",
      message: "a secret is not a scalar",
      traceback,
      code: "PUFF_VALUE_INVALID",
      safe: false,
    },
    ...{ extensions: null, ...error },
  };
  return sketchPlanner({
    types: { Query: { value: "String" } },
    resolvers: { "Query.value": () => ({ kind: "failure", error: whole }) },
    database: { query: nothing, stream: nothing, transaction: nothing },
    maskErrors,
  });
}

test.each([
  ["PUFF_VALUE_INVALID", "The value does not fit the field's type"],
  ["PUFF_PLAN_INVALID", "Internal server error"],
  [null, "Internal server error"],
] as const)("%s", async (code, message) => {
  const { run, reported } = failing({ code }, true);
  const { errors } = await run("{ value }");
  expect(errors).toMatchObject([{ message, path: ["value"] }]);
  expect(JSON.stringify(errors)).not.toMatch(/secret|srv|Traceback/);
  expect(reported).toHaveLength(1); // the log has it all
});

test("a developer sees the message and the traceback", async () => {
  const { errors } = await failing({}, false).run("{ value }");
  expect(errors).toMatchObject([{ message: "a secret is not a scalar", extensions: { traceback } }]);
});

test("a client's argument that its type refuses is told", async () => {
  const { run, reported } = failing({ type: "ArgumentProblem", message: "no such day", safe: true }, true);
  const { errors } = await run("{ value }");
  expect(errors).toMatchObject([{ message: "no such day", extensions: { code: "PUFF_VALUE_INVALID" } }]);
  expect(JSON.stringify(errors)).not.toContain("srv");
  expect(reported).toEqual([]);
});
