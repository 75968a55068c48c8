/** `__schema` and `__type`: graphql-js knows what each of their fields is, and the schema is all that they read. */
import {
  defaultFieldResolver,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from "graphql";
import { PuffError } from "../../schema/index.ts";
import type { FieldStep, ObjectPlan, Selection, Shape, VariableValues } from "../contract/operation-plan.ts";
import { argumentsOf } from "./field-arguments.ts";

/** Values that an answer may have for each name of the schema. The usual query for the whole of it has about 20. */
const VALUES_PER_NAME = 100;

/**
 * Answers an introspection field, as JSON.
 *
 * @throws PuffError `PUFF_TOO_MANY_FIELDS`: the answer would be many times as large as the schema.
 */
export function introspect(schema: GraphQLSchema, step: FieldStep, variables: VariableValues): string {
  return new Introspection(schema, variables).field(null, step);
}

class Introspection {
  readonly #variables: VariableValues;
  readonly #info: GraphQLResolveInfo;
  #left: number;

  constructor(schema: GraphQLSchema, variables: VariableValues) {
    this.#variables = variables;
    this.#info = { schema } as GraphQLResolveInfo; // its resolvers read nothing else
    this.#left = VALUES_PER_NAME * namesOf(schema);
  }

  field(parent: unknown, step: FieldStep): string {
    const { source, definition, shape } = step;
    if (source.kind !== "introspection") {
      throw new TypeError(`${step.name} is not introspection`);
    }
    const args = argumentsOf(step, this.#variables);
    const value: unknown = (definition.resolve ?? defaultFieldResolver)(parent, args, null, this.#info);
    return this.#value(value, shape, source.selection);
  }

  #value(value: unknown, shape: Shape, selection: Selection | null): string {
    this.#left -= 1;
    if (this.#left < 0) {
      throw new PuffError("PUFF_TOO_MANY_FIELDS", "the response would repeat each name of the schema many times", {
        remedy: "Ask for less of __schema at once.",
      });
    }
    if (value === undefined || value === null) {
      return "null";
    }
    if (shape.kind === "list") {
      const items = [...(value as Iterable<unknown>)]; // as the types of graphql-js say
      return `[${items.map((item) => this.#value(item, shape.item, selection)).join()}]`;
    }
    const plan = selection?.only ?? null;
    return plan === null ? JSON.stringify(value) : this.#object(value, plan);
  }

  #object(value: unknown, { steps, typeName }: ObjectPlan): string {
    const fields = steps.map((step) => {
      const text = step.source.kind === "typename" ? JSON.stringify(typeName) : this.field(value, step);
      return `${JSON.stringify(step.key)}:${text}`;
    });
    return `{${fields.join()}}`;
  }
}

/** Types, fields, arguments, values of enums and directives, in all. */
function namesOf(schema: GraphQLSchema): number {
  let names = sizes.get(schema);
  if (names === undefined) {
    names = 0;
    for (const { args } of schema.getDirectives()) {
      names += 1 + args.length;
    }
    for (const type of Object.values(schema.getTypeMap())) {
      names += 1;
      if (isEnumType(type)) {
        names += type.getValues().length;
      } else if (isInputObjectType(type)) {
        names += Object.keys(type.getFields()).length;
      } else if (isObjectType(type) || isInterfaceType(type)) {
        for (const { args } of Object.values(type.getFields())) {
          names += 1 + args.length;
        }
      }
    }
    sizes.set(schema, names);
  }
  return names;
}

const sizes = new WeakMap<GraphQLSchema, number>();
