/** Fields that TypeScript resolves, a layer at a time. */
import { getArgumentValues } from "graphql";
import { PuffError } from "../../schema/index.ts";
import type { LayerFunction } from "../contract/caller.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { type Layer, parentReader } from "../layers/layers.ts";
import { plainNumbers } from "../operation/exact-inputs.ts";
import type { Execution } from "./execution.ts";

/**
 * Calls a layer function for the members of a layer: one value for each.
 *
 * @throws PuffError `PUFF_HOST_RESOLVER_FAILED` if it throws, or gives anything but one value for each parent.
 */
export async function callLayerFunction(
  step: FieldStep,
  call: LayerFunction,
  layer: Layer,
  members: readonly number[],
  { variables, context, catalogue }: Pick<Execution, "variables" | "context" | "catalogue">,
): Promise<readonly unknown[]> {
  const args = plainNumbers(getArgumentValues(step.definition, step.nodes[0], variables));
  let values: unknown;
  try {
    values = await call(members.map(parentReader(layer, catalogue)), args, context);
  } catch (error) {
    throw new PuffError("PUFF_HOST_RESOLVER_FAILED", error instanceof Error ? error.message : String(error), {
      place: step.name,
      cause: error,
    });
  }
  if (!Array.isArray(values) || values.length !== members.length) {
    const came = Array.isArray(values) ? `${values.length} values` : typeof values;
    throw new PuffError(
      "PUFF_HOST_RESOLVER_FAILED",
      `the TypeScript resolver of ${step.name} gave ${came} for ${members.length} parents`,
      { remedy: "Return an array with one value for each parent, in their order." },
    );
  }
  return values;
}
