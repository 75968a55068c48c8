/** From a schema description to the GraphQLSchema that everything else works with. */
import type { GraphQLSchema } from "graphql";
import type { FieldDescription, SchemaDescription } from "./description.ts";

/** A schema that can be executed: graphql-js's types, and for each field where its value comes from. */
export interface ExecutableSchema {
  /** Name of the schema, as configured; `default` where there is one alone. */
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly hasAuth: boolean;
  /** By `Type.field`. */
  readonly fields: ReadonlyMap<string, FieldDescription>;
}

/**
 * Validates a description and builds its schema.
 *
 * @throws PuffError `PUFF_SCHEMA_INVALID` naming the place, the cause and the remedy.
 */
export function buildExecutableSchema(_name: string, _description: SchemaDescription): ExecutableSchema {
  throw new Error("to be written");
}
