import { executeSync, Kind } from "graphql";
import type { FieldStep } from "./compile.ts";
import type { CompiledOperation } from "./documents.ts";
import type { PlannerOptions } from "./planner.ts";

/** graphql-js answers `__schema` and `__type`: the schema is all they read. */
export function introspect(
  options: Pick<PlannerOptions, "schema">,
  operation: CompiledOperation,
  step: FieldStep,
  variableValues: { readonly [name: string]: unknown },
): string {
  const { data, errors } = executeSync({
    schema: options.schema.schema,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        { ...operation.definition, selectionSet: { kind: Kind.SELECTION_SET, selections: [...step.nodes] } },
        ...operation.document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION),
      ],
    },
    variableValues,
  });
  const [error] = errors ?? [];
  if (error !== undefined) {
    throw error;
  }
  return JSON.stringify(data?.[step.key] ?? null);
}
