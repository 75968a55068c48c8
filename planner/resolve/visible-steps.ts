/**
 * Types of whose objects a caller sees some alone. Python limits the plans of their fields. Where objects are had by other
 * ways, by a global id or as what a filter asks for, the plan of all that the caller sees of a type limits them: a resolver
 * gives it, which no document names.
 */
import { type GraphQLField, GraphQLList, GraphQLObjectType, Kind } from "graphql";
import {
  type CollectionInputs,
  type ExecutableSchema,
  PuffError,
  type Related,
  type SqlPlan,
} from "../../schema/index.ts";
import { toChunk } from "../bytes/chunk.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import { stepsBelow } from "./selections.ts";

/** By type, the step whose plan is all that a caller sees of it. */
export type VisibleSteps = ReadonlyMap<string, FieldStep>;

export function visibleStepsOf({ schema, visible }: ExecutableSchema): VisibleSteps {
  const steps = new Map<string, FieldStep>();
  for (const typeName of visible) {
    const type = schema.getType(typeName);
    if (type instanceof GraphQLObjectType) {
      steps.set(typeName, stepOf(type));
    }
  }
  return steps;
}

function stepOf(type: GraphQLObjectType): FieldStep {
  const owner = new GraphQLObjectType({ name: "Visible", fields: { rows: { type: new GraphQLList(type) } } });
  const definition = owner.getFields()["rows"] as GraphQLField; // it was given this one
  return {
    ...{ key: "rows", opening: toChunk(Buffer.alloc(0)), name: `${type.name}.__visible`, definition, inherited: null },
    nodes: [{ kind: Kind.FIELD, name: { kind: Kind.NAME, value: "rows" } }],
    source: { kind: "resolver", pure: true, plan: null },
    shape: { kind: "list", nonNull: false, item: { kind: "object", nonNull: false } },
    ...{ selection: null, collection: null, sameRow: false, slot: -1, layer: `visible ${type.name}` },
  };
}

/** The steps whose plans the fields of an operation need, at any depth, beside their own. Found once for its plan. */
export function visibleStepsFor(
  steps: readonly FieldStep[],
  visible: VisibleSteps,
  inputs: CollectionInputs,
): readonly FieldStep[] {
  if (visible.size === 0) {
    return none;
  }
  let needed = known.get(steps);
  if (needed === undefined) {
    const types = new Set<string>();
    collect(steps, inputs, types);
    needed = [...visible].flatMap(([typeName, step]) => (types.has(typeName) ? [step] : []));
    known.set(steps, needed);
  }
  return needed;
}

const none: readonly FieldStep[] = [];
const known = new WeakMap<readonly FieldStep[], readonly FieldStep[]>();

function collect(steps: readonly FieldStep[], inputs: CollectionInputs, types: Set<string>): void {
  for (const step of steps) {
    if (step.source.kind === "nodes") {
      for (const typeName of Object.keys(step.source.types)) {
        types.add(typeName);
      }
    }
    for (const typeName of typesAskedOf(step, inputs)) {
      types.add(typeName);
    }
    collect(stepsBelow(step), inputs, types);
  }
}

/** The types of the rows that a collection's filters and orders lead to, where a caller sees some of them alone. */
export function typesAskedOf({ collection }: FieldStep, inputs: CollectionInputs): ReadonlySet<string> {
  const types = new Set<string>();
  const seen = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) {
      return;
    }
    for (const [name, inner] of Object.entries(value)) {
      if (name === "related") {
        for (const typeName of (inner as Related).visible ?? []) {
          types.add(typeName);
        }
      } else if ((name === "filter" || name === "ordering") && typeof inner === "string") {
        enter(name, inner);
      } else {
        visit(inner);
      }
    }
  };
  const enter = (kind: "filter" | "ordering", type: string): void => {
    if (!seen.has(`${kind} ${type}`)) {
      seen.add(`${kind} ${type}`);
      visit(kind === "filter" ? inputs.filters[type] : inputs.orderings[type]);
    }
  };
  if (collection?.filters) {
    enter("filter", collection.filters);
  }
  if (collection?.ordering) {
    enter("ordering", collection.ordering);
  }
  return types;
}

/**
 * The plan of all that a caller sees of a type.
 *
 * @throws PuffError: there is none, and the type's objects must not be shown without.
 */
export function visiblePlan(plans: Plans, steps: VisibleSteps, typeName: string): SqlPlan {
  const step = steps.get(typeName);
  const plan = step === undefined ? undefined : plans.get(step);
  if (plan instanceof Failed) {
    throw plan.error;
  }
  if (plan?.kind !== "sql" || plan.visible?.[typeName] === undefined) {
    throw new PuffError("PUFF_VISIBLE_UNCHECKED", `nothing says which objects of ${typeName} the caller may see`);
  }
  return plan;
}
