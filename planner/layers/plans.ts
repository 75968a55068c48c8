/** The plans of one request, by the fields that they answer. */
import type { ResolveResult } from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Failed } from "./values.ts";

/** A plan for each resolver that did not insist on its parents' values. */
export type Plans = ReadonlyMap<FieldStep, ResolveResult | Failed>;
