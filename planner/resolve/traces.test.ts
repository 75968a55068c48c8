import { expect, test } from "vitest";
import type { TracedPlan } from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { Traces } from "./traces.ts";

const traced: TracedPlan = {
  kind: "traced",
  plan: {
    kind: "sql",
    text: "SELECT $1",
    params: [[0, null]],
    parentKeys: [],
    childKeys: [],
    typeColumn: "__typename",
    typeNames: null,
  },
  looked: [],
  claims: null,
};

test.each([Infinity, Number.NaN])("a plan that Python made of null is not kept for %s, nor for any number", (value) => {
  const traces = new Traces();
  traces.keep("Query.it", { args: { a: value }, claims: null }, traced);
  const step = { name: "Query.it", definition: { args: [{}] } } as unknown as FieldStep; // all that is read of it
  expect(traces.find(step, { args: { a: value }, claims: null })).toBeNull();
  expect(traces.find(step, { args: { a: 5 }, claims: null })).toBeNull();
  expect(traces.find(step, { args: { a: null }, claims: null })).not.toBeNull();
});
