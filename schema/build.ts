/** From a schema description to the GraphQLSchema that everything else works with. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  buildASTSchema,
  type GraphQLScalarType,
  type GraphQLSchema,
  parse,
  specifiedScalarTypes,
  validateSchema,
} from "graphql";
import type { CollectionInputs } from "./collections.ts";
import type { CachePolicy, FieldDescription, ScalarDescription, SchemaDescription } from "./description.ts";
import { PuffError } from "./errors.ts";
import { deriveScalar, scalars } from "./scalars/scalars.ts";
import { printDescription } from "./sdl.ts";

/** A schema that can be executed: graphql-js's types, and for each field where its value comes from. */
export interface ExecutableSchema {
  /** Name of the schema, as configured; `default` where there is one alone. */
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly hasAuth: boolean;
  /** By `Type.field`. */
  readonly fields: ReadonlyMap<string, FieldDescription>;
  /** By enum, from what the database or Python holds, as text, to the GraphQL name. */
  readonly enums: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** From each scalar to the built-in one whose form its values have. */
  readonly baseScalars: ReadonlyMap<string, string>;
  /** By constraint, what clients are told. */
  readonly constraints: ReadonlyMap<string, string>;
  /** Whether clients are told what functions raise. */
  readonly raisedMessages: boolean;
  /** Of all resolvers that have none of their own; null: none. */
  readonly cache: CachePolicy | null;
  /** What clients may ask of the fields that are collections. */
  readonly collections: CollectionInputs;
  /** Object types of whose objects a caller sees some alone. */
  readonly visible: ReadonlySet<string>;
}

/**
 * Validates a description and builds its schema.
 *
 * @throws PuffError `PUFF_SCHEMA_INVALID` naming the place, the cause and the remedy.
 * @example const { schema } = buildExecutableSchema("default", python.schemas.get("default"));
 */
export function buildExecutableSchema(name: string, description: SchemaDescription): ExecutableSchema {
  const fields = new Map<string, FieldDescription>();
  const enums = new Map<string, ReadonlyMap<string, string>>();
  const usedScalars = usedScalarsOf(description);
  const baseScalars = new Map<string, string>();
  for (const scalar of [...specifiedScalarTypes, ...scalars.values()]) {
    baseScalars.set(scalar.name, scalar.name);
  }
  for (const type of description.types) {
    if (type.kind === "object" || type.kind === "interface") {
      for (const field of type.fields) {
        fields.set(`${type.name}.${field.name}`, field);
      }
    } else if (type.kind === "enum") {
      // A value wins over a name, since a member's name may be another member's value.
      enums.set(
        type.name,
        new Map([
          ...type.values.map((value) => [value.name, value.name] as const),
          ...type.values.map((value) => [String(value.value), value.name] as const),
        ]),
      );
    } else if (type.kind === "scalar") {
      usedScalars.set(type.name, deriveScalar(baseOf(type), type.name, type.description, type.specifiedBy));
      baseScalars.set(type.name, type.basedOn);
    }
  }
  const limited = description.types.filter((type) => type.kind === "object" && type.visible !== undefined);
  const schema = buildSchema(description, usedScalars);
  const { hasAuth, constraints = {}, raisedMessages = false, collections = noInputs, cache = null } = description;
  const said = { constraints: new Map(Object.entries(constraints)), raisedMessages };
  const visible = new Set(limited.map((type) => type.name));
  return { name, schema, hasAuth, fields, enums, baseScalars, collections, cache, visible, ...said };
}

const noInputs: CollectionInputs = { filters: {}, orderings: {} };

/** Only the scalars that the schema mentions, so that `schema print` shows no stranger. */
function usedScalarsOf(description: SchemaDescription): Map<string, GraphQLScalarType> {
  const used = new Map<string, GraphQLScalarType>();
  for (const type of description.types) {
    for (const field of "fields" in type ? type.fields : []) {
      for (const { type: reference } of [field, ...("args" in field ? field.args : [])]) {
        const name = reference.replace(/[[\]!]/g, "");
        const scalar = scalars.get(name);
        if (scalar !== undefined) {
          used.set(name, scalar);
        }
      }
    }
  }
  return used;
}

function buildSchema(description: SchemaDescription, used: ReadonlyMap<string, GraphQLScalarType>): GraphQLSchema {
  const sdl = printDescription(
    description,
    [...used.keys()].filter((name) => scalars.has(name)),
  );
  try {
    const schema = makeExecutableSchema({
      // Given the text, it would add roots by their names: a type Subscription is none unless the description says so.
      typeDefs: buildASTSchema(parse(sdl)),
      resolvers: Object.fromEntries(used),
    });
    const [error] = validateSchema(schema);
    if (error !== undefined) {
      throw error;
    }
    return schema;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const place = placeOf(message, description);
    throw new PuffError("PUFF_SCHEMA_INVALID", message, { cause: error, ...(place === null ? {} : { place }) });
  }
}

function baseOf(type: ScalarDescription): GraphQLScalarType {
  const base = scalars.get(type.basedOn) ?? specifiedScalarTypes.find((scalar) => scalar.name === type.basedOn);
  if (base === undefined) {
    throw new PuffError(
      "PUFF_SCHEMA_INVALID",
      `scalar ${type.name} is based on ${type.basedOn}, which is not a built-in scalar`,
      {
        ...(type.place === null ? {} : { place: type.place }),
        remedy: `Base it on one of ${[...specifiedScalarTypes.map((scalar) => scalar.name), ...scalars.keys()].join(", ")}.`,
      },
    );
  }
  return base;
}

/**
 * The Python place that a message of graphql-js speaks of: where the unknown type that it names is used, else the
 * first `Type.field` or type that it names.
 */
function placeOf(message: string, description: SchemaDescription): string | null {
  const unknown = /Unknown type:? "(\w+)"/.exec(message)?.[1];
  const named: readonly string[] = message.match(/[A-Za-z_]\w*(\.\w+)?/g) ?? [];
  for (const type of description.types) {
    for (const field of "fields" in type ? type.fields : []) {
      const types = [field, ...("args" in field ? field.args : [])].map((item) => item.type.replace(/[[\]!]/g, ""));
      if (unknown === undefined ? named.includes(`${type.name}.${field.name}`) : types.includes(unknown)) {
        return ("place" in field ? field.place : null) ?? type.place;
      }
    }
  }
  return description.types.find((type) => named.includes(type.name))?.place ?? null;
}
