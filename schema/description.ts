/**
 * The schema description: what Python says of its types, fields, arguments and resolvers, read once when an
 * interpreter starts. It crosses the bridge as JSON, and {@link validateDescription} checks it on arrival.
 */
import type { CollectionDescription, CollectionInputs, PagePart } from "./collections.ts";
import type { ParametricPlan, SqlFragment } from "./plan.ts";
import type { JsonValue } from "./scalars/json.ts";

/** One schema class of the user's, described. */
export interface SchemaDescription {
  readonly version: 1;
  /** Name of the root object types among {@link types}. */
  readonly query: string;
  readonly mutation: string | null;
  readonly subscription: string | null;
  readonly types: readonly TypeDescription[];
  /** Whether the class has `auth(headers)`, which then runs before an operation's resolvers. */
  readonly hasAuth: boolean;
  /** What clients are told where a constraint refuses a row, by the constraint's name. Default: none. */
  readonly constraints?: { readonly [name: string]: string };
  /** Whether clients are told what functions and triggers raise without a SQLSTATE of their own. Default: false. */
  readonly raisedMessages?: boolean;
  /** Of the fields that are collections. Default: none. */
  readonly collections?: CollectionInputs;
  /** Of all resolvers that have none of their own. Default: none. */
  readonly cache?: CachePolicy;
  /** By table, the Django model that has it. Default: none. */
  readonly tables?: { readonly [table: string]: TableDescription };
}

/** For how long responses may be kept, and for whom. */
export interface CachePolicy {
  /** 0: not at all. */
  readonly seconds: number;
  readonly scope: "public" | "caller";
}

export interface TableDescription {
  /** With its application: `polls.Choice`. */
  readonly model: string;
  /** By column, the model's field, where that has another name. */
  readonly fields: { readonly [column: string]: string };
}

export type TypeDescription =
  | ObjectDescription
  | InterfaceDescription
  | UnionDescription
  | EnumDescription
  | InputDescription
  | ScalarDescription;

interface NamedDescription {
  /** GraphQL name. */
  readonly name: string;
  readonly description: string | null;
  /** `file:line` of the Python definition, for error messages; null for what Python made up. */
  readonly place: string | null;
}

export interface ObjectDescription extends NamedDescription {
  readonly kind: "object";
  readonly interfaces: readonly string[];
  readonly fields: readonly FieldDescription[];
  /**
   * Of a type of whose objects a caller sees some alone: where that is said, for people. Each plan of such a type says that
   * it gives no others ({@link SqlPlan.visible}), and the resolver `Type.__visible` gives all that the caller sees.
   */
  readonly visible?: string;
}

export interface InterfaceDescription extends NamedDescription {
  readonly kind: "interface";
  readonly interfaces: readonly string[];
  readonly fields: readonly FieldDescription[];
}

export interface UnionDescription extends NamedDescription {
  readonly kind: "union";
  readonly members: readonly string[];
}

export interface EnumDescription extends NamedDescription {
  readonly kind: "enum";
  readonly values: readonly EnumValueDescription[];
}

export interface EnumValueDescription {
  /** GraphQL name, which is the Python member's name (or the literal of a `Literal["a", "b"]`). */
  readonly name: string;
  /** What the database and Python values hold for it: the Python member's value. */
  readonly value: string | number | boolean;
  readonly description: string | null;
  readonly deprecation: string | null;
}

export interface InputDescription extends NamedDescription {
  readonly kind: "input";
  readonly fields: readonly ArgumentDescription[];
  /** Whether a value has exactly one of the fields: `@oneOf`. Default: false. */
  readonly oneOf?: boolean;
}

export interface ScalarDescription extends NamedDescription {
  readonly kind: "scalar";
  /** The built-in scalar that its values travel as: `String`, `Int`, `DateTime`, … */
  readonly basedOn: string;
  readonly specifiedBy: string | null;
}

export interface FieldDescription {
  /** GraphQL name. */
  readonly name: string;
  /** In GraphQL's notation, such as `[Post!]!`. */
  readonly type: string;
  readonly description: string | null;
  /** Reason of its deprecation, null if it is not deprecated. */
  readonly deprecation: string | null;
  readonly args: readonly ArgumentDescription[];
  readonly source: FieldSource;
  readonly place: string | null;
  /**
   * Arguments of the field above that the resolver is given beside its own: of the field whose objects are its parents, or
   * that of the page that they are a part of. Default: none.
   */
  readonly parentArguments?: readonly string[];
  /**
   * For a resolver of whose plan clients may ask a part. Its arguments `filters`, `ordering`, `pagination`, `first`,
   * `after`, `last` and `before` are the planner's; the resolver is given the others.
   */
  readonly collection?: CollectionDescription;
  /** Of a resolver or an instance method. Default: that of the schema. */
  readonly cache?: CachePolicy;
}

/** Where a field's value comes from. */
export type FieldSource =
  /**
   * A column of the parent's row, or an attribute of the parent's Python object, of this name. `globalId`: an id that is
   * shown with this type's name, as base64 of `Type:id`.
   */
  | { readonly kind: "column"; readonly column: string; readonly globalId?: string }
  /**
   * A classmethod or staticmethod: called once for its whole layer. `pure`: its plan depends on its arguments alone.
   * `plan`: what decorates it, so that it is not called at all. `borrows`: its own statements are part of the operation's
   * transaction.
   */
  | {
      readonly kind: "resolver";
      readonly pure: boolean;
      readonly plan: ParametricPlan | null;
      readonly borrows?: boolean;
    }
  /** An instance method: called for each object of its layer, all in one entry into Python. */
  | { readonly kind: "method" }
  /** The objects of the global ids in the argument `id`, or in the list `ids`, by their types. */
  | { readonly kind: "nodes"; readonly types: { readonly [typeName: string]: NodeType } }
  /** A part of a page, or of what a page consists of. */
  | { readonly kind: "page"; readonly part: PagePart };

/** Rows that have global ids. */
export interface NodeType {
  /** A SELECT without parameters, but for constants. */
  readonly source: SqlFragment;
  /** Its column that the ids are of. */
  readonly key: string;
}

export interface ArgumentDescription {
  /** GraphQL name. */
  readonly name: string;
  readonly type: string;
  readonly description: string | null;
  readonly deprecation: string | null;
  /** The default as JSON (an enum's is its GraphQL name); absent where there is none. */
  readonly defaultValue?: JsonValue;
}
