/** The symbols of a plan: which columns of its parent it reads. */
import type { SqlPlan } from "../../schema/index.ts";

/** Names of the parents' columns that a plan's symbols stand for. */
export function symbolsOf(plan: SqlPlan): string[] {
  return [...new Set(plan.params.flatMap((param) => ("parent" in param ? [param.parent] : [])))];
}
