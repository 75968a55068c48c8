/** The arguments of a field, for given variables. */
import { getArgumentValues, Kind, type ValueNode } from "graphql";
import type { Arguments, CollectionDescription } from "../../schema/index.ts";
import type { FieldInDocument, FieldStep, VariableValues } from "../contract/operation-plan.ts";

/** A step's coerced arguments. Throws a GraphQLError where they can't be had. */
export function argumentsOf(step: FieldInDocument, variables: VariableValues): Arguments {
  if (step.definition.args.length === 0) {
    return noArguments;
  }
  const known = constantArguments.get(step);
  if (known !== undefined) {
    return known;
  }
  // Coerced by our own scalars, all of which yield JSON.
  const args = getArgumentValues(step.definition, step.nodes[0], variables) as Arguments;
  if (step.nodes[0].arguments?.every(({ value }) => isConstant(value)) ?? true) {
    constantArguments.set(step, args);
  }
  return args;
}

/** Those that the step's resolver is given: those of the field above are among them, what is asked of a collection is not. */
export function resolverArgumentsOf(step: FieldStep, variables: VariableValues): Arguments {
  const own = ownArgumentsOf(step, variables);
  if (step.inherited === null) {
    return own;
  }
  const { from, names } = step.inherited;
  const above = Object.entries(argumentsOf(from, variables)).filter(([name]) => names.includes(name));
  return { ...own, ...Object.fromEntries(above) };
}

function ownArgumentsOf(step: FieldStep, variables: VariableValues): Arguments {
  const args = argumentsOf(step, variables);
  if (step.collection === null) {
    return args;
  }
  const known = ownArguments.get(args);
  if (known !== undefined) {
    return known;
  }
  const asked = collectionArguments(step.collection);
  const own = Object.entries(args).filter(([name]) => !asked.includes(name));
  const kept = own.length === 0 ? noArguments : Object.fromEntries(own);
  ownArguments.set(args, kept);
  return kept;
}

/** Of arguments that the document holds, found once. */
const ownArguments = new WeakMap<Arguments, Arguments>();

function collectionArguments({ form, filters, ordering }: CollectionDescription): string[] {
  return [
    ...(filters === null ? [] : ["filters"]),
    ...(ordering === null ? [] : ["ordering"]),
    ...(form === "connection" ? ["first", "after", "last", "before"] : ["pagination"]),
  ];
}

/** Whether {@link resolverArgumentsOf} gives the same for every request. Known once it was asked for them. */
export function hasConstantArguments(step: FieldStep): boolean {
  return isConstantIn(step) && (step.inherited === null || isConstantIn(step.inherited.from));
}

function isConstantIn(field: FieldInDocument): boolean {
  return field.definition.args.length === 0 || constantArguments.has(field);
}

const noArguments: Arguments = Object.freeze({});

/** Arguments that the document itself holds are the same for every request. */
const constantArguments = new WeakMap<FieldInDocument, Arguments>();

function isConstant(value: ValueNode): boolean {
  switch (value.kind) {
    case Kind.VARIABLE:
      return false;
    case Kind.LIST:
      return value.values.every(isConstant);
    case Kind.OBJECT:
      return value.fields.every((field) => isConstant(field.value));
    default:
      return true;
  }
}
