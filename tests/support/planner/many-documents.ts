/** A thread of little memory that prepares and runs many large documents. Posts how many were answered. */
import { parentPort } from "node:worker_threads";
import { defaultLimits } from "../../../gateway/options/options.ts";
import { sketchPlanner } from "./planner.ts";

const nothing = () => Promise.reject(new Error("no statement is to run"));
const { run } = sketchPlanner({
  types: { Query: { a: "Query!", b: "Query!", i: "Int", j: "Int" } },
  functions: {
    "Query.a": (parents) => parents.map(() => ({})),
    "Query.b": (parents) => parents.map(() => ({})),
    "Query.i": (parents) => parents.map(() => 1),
    "Query.j": (parents) => parents.map(() => 2),
  },
  database: { query: nothing, stream: nothing, transaction: nothing },
  limits: defaultLimits,
});

/** About 6,000 fields, by fragments that double. */
function expand(number: number): string {
  const fragments = Array.from(
    { length: 10 },
    (_, level) => `fragment f${level} on Query { i j a { ...f${level + 1} } b { ...f${level + 1} } }`,
  );
  return `query q${number} { ...f0 } ${fragments.join(" ")} fragment f10 on Query { i j } # ${"x".repeat(19_000)}`;
}

let answered = 0;
for (let number = 0; number < 40; number++) {
  const { errors } = await run(expand(number));
  answered += errors === undefined ? 1 : 0;
}
parentPort?.postMessage(answered);
