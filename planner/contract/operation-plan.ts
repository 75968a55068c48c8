/** The operation plan: what an operation compiles to, a tree of steps, one a field. */
import type { FieldNode, GraphQLField, getVariableValues } from "graphql";
import type { CollectionDescription, FieldSource } from "../../schema/index.ts";
import type { Chunk } from "../bytes/chunk.ts";
import type { Leaf } from "../bytes/leaves.ts";
import type { LayerFunction } from "./caller.ts";

/** What graphql-js makes of an operation's variables. */
export type VariableValues = NonNullable<ReturnType<typeof getVariableValues>["variableValues"]>;

/** What to write for the objects of a layer, by their concrete type. */
export interface Selection {
  /** Name of the field's type: an object type's, an interface's or a union's. */
  readonly typeName: string;
  readonly byType: ReadonlyMap<string, ObjectPlan>;
  /** The only plan, where the type is an object type. */
  readonly only: ObjectPlan | null;
  /** Number of steps in all plans: slots for their data. */
  readonly slots: number;
}

/** The steps for one concrete type. */
export interface ObjectPlan {
  readonly typeName: string;
  readonly steps: readonly FieldStep[];
}

/** A field with the arguments that it has in a document. */
export interface FieldInDocument {
  readonly definition: GraphQLField;
  /** Some of the nodes that were merged into it, detached; the arguments of all are the same. */
  readonly nodes: readonly [FieldNode, ...FieldNode[]];
}

/** Arguments of the field above that a field's resolver is given. */
export interface Inherited {
  readonly from: FieldInDocument;
  readonly names: readonly string[];
}

/** One field of the response. */
export interface FieldStep extends FieldInDocument {
  /** Response key: the alias, or the field's name. */
  readonly key: string;
  /** What stands before its value: `{"key":` for the first step of a plan, and `,"key":` for those that follow. */
  readonly opening: Chunk;
  /** `Type.field`. */
  readonly name: string;
  /** Null if its resolver is given its own arguments alone. */
  readonly inherited: Inherited | null;
  readonly source: StepSource;
  readonly shape: Shape;
  /** Null if the field is a leaf. */
  readonly selection: Selection | null;
  /** What clients may ask of its plan; null: nothing. */
  readonly collection: CollectionDescription | null;
  /** Whether its objects are its parents' own rows: a page of a collection, and what an edge of it holds. */
  readonly sameRow: boolean;
  /** Its place among the selection's slots. */
  readonly slot: number;
  /** Response path of its layer, list indices left out: `posts.comments`. */
  readonly layer: string;
}

/** Where a step's values come from. */
export type StepSource =
  | FieldSource
  | { readonly kind: "typename" }
  /** `selection`: what is selected of it; null for a leaf. */
  | { readonly kind: "introspection"; readonly selection: Selection | null }
  | { readonly kind: "function"; readonly call: LayerFunction };

/** A field's type as the writer follows it. */
export type Shape =
  | { readonly kind: "leaf"; readonly nonNull: boolean; readonly leaf: Leaf }
  | { readonly kind: "object"; readonly nonNull: boolean }
  | { readonly kind: "list"; readonly nonNull: boolean; readonly item: Shape };
