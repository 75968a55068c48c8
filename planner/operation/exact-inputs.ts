/** Variables whose numbers have kept their digits: each scalar is given the form that it takes. */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isListType,
  isNonNullType,
  typeFromAST,
  type VariableDefinitionNode,
} from "graphql";
import { exactInteger, isExactNumber } from "../../schema/index.ts";
import type { PlannerOptions } from "../contract/planner.ts";

type Inputs = { readonly [name: string]: unknown };
type BaseScalars = ReadonlyMap<string, string>;

/**
 * Gives the variables that graphql-js coerces: JSON, Decimal and BigInt take exact numbers as they are, an ID takes
 * the text of an integer, all others the JavaScript number.
 */
export function readInputs(
  { schema, baseScalars }: Pick<PlannerOptions["schema"], "schema" | "baseScalars">,
  definitions: readonly VariableDefinitionNode[],
  inputs: Inputs,
): Inputs {
  let read: { [name: string]: unknown } | null = null;
  for (const { variable, type } of definitions) {
    const name = variable.name.value;
    const value = Object.hasOwn(inputs, name) ? inputs[name] : null;
    if (typeof value !== "object" || value === null) {
      continue; // the usual case: a number, a text
    }
    const inputType = inputTypeOf(schema, type);
    const exact = inputType === null ? value : readInput(value, inputType, baseScalars);
    if (exact !== value) {
      read ??= { ...inputs };
      read[name] = exact;
    }
  }
  return read ?? inputs;
}

function inputTypeOf(schema: GraphQLSchema, node: Parameters<typeof typeFromAST>[1]): GraphQLInputType | null {
  return (typeFromAST(schema, node) ?? null) as GraphQLInputType | null; // the document is valid
}

/** The value itself where nothing in it changes. */
function readInput(value: unknown, type: GraphQLInputType, baseScalars: BaseScalars): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (isNonNullType(type)) {
    return readInput(value, type.ofType, baseScalars);
  }
  if (isListType(type)) {
    return Array.isArray(value)
      ? readItems(value, type.ofType, baseScalars)
      : readInput(value, type.ofType, baseScalars);
  }
  if (isInputObjectType(type) && !isExactNumber(value)) {
    return readFields(value as Inputs, type.getFields(), baseScalars); // an object that is not an array
  }
  return isExactNumber(value) ? numberFor(baseScalars.get(type.name), value.rawJSON, value) : value;
}

function readItems(items: readonly unknown[], type: GraphQLInputType, baseScalars: BaseScalars): readonly unknown[] {
  const read = items.map((item) => readInput(item, type, baseScalars));
  return read.some((item, index) => item !== items[index]) ? read : items;
}

/** Unknown fields of an object that are refused: the error of each shows the whole object. */
const SHOWN_UNKNOWN = 3;

function readFields(
  values: Inputs,
  fields: { readonly [name: string]: { readonly type: GraphQLInputType } },
  baseScalars: BaseScalars,
): Inputs {
  let read: { [name: string]: unknown } | null = null;
  let unknown = 0;
  for (const [name, value] of Object.entries(values)) {
    const type = Object.hasOwn(fields, name) ? fields[name]?.type : undefined;
    if (type === undefined && ++unknown > SHOWN_UNKNOWN) {
      read ??= { ...values };
      delete read[name];
      continue;
    }
    const exact = type === undefined ? value : readInput(value, type, baseScalars);
    if (exact !== value) {
      read ??= { ...values };
      read[name] = exact;
    }
  }
  return read ?? values;
}

function numberFor(scalar: string | undefined, text: string, exact: unknown): unknown {
  switch (scalar) {
    case "JSON":
    case "Decimal":
    case "BigInt":
      return exact;
    case "ID":
      return exactInteger(text) ?? (Number(text) || exact); // 0 only where it is written so
    case "Int":
    case "Float":
      return Number.isFinite(Number(text)) ? Number(text) : text; // which is refused, as it was written
    default:
      return Number(text);
  }
}

/** Arguments for TypeScript's resolvers, to which a number is a JavaScript number. */
export function plainNumbers(args: Inputs): Inputs {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, plainNumber(value)]));
}

function plainNumber(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (isExactNumber(value)) {
    return Number(value.rawJSON);
  }
  return Array.isArray(value) ? value.map(plainNumber) : plainNumbers(value as Inputs); // an object that is not an array
}
