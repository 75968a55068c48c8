/**
 * Plans and the messages that ask for them: pure data, the same on both sides of the bridge. It knows neither
 * Python nor Postgres's driver. The planner runs plans; the bridge gets them from Python.
 */
import type { JsonValue } from "./scalars/json.ts";

/** A value in Postgres's text format with its type's OID (0: let Postgres infer it). The text null is SQL's NULL. */
export type TypedText = readonly [oid: number, text: string | null];

/** A parameter `$n` of a plan: a value, or a symbol for the distinct non-null values of a column of the parents. */
export type PlanParameter = TypedText | { readonly parent: string };

/** Which SQL answers a field, for all the objects of its layer at once. */
export interface SqlPlan {
  readonly kind: "sql";
  readonly text: string;
  readonly params: readonly PlanParameter[];
  /** Columns of the parent and, in the same order, the columns of this statement that equal them. Empty: every parent gets all rows. */
  readonly parentKeys: readonly string[];
  readonly childKeys: readonly string[];
  /** The column that names each row's object type, where the field's type is an interface or a union. */
  readonly typeColumn: string;
  /** From a value of {@link typeColumn} to a GraphQL type name; null: the column holds the names themselves. */
  readonly typeNames: { readonly [value: string]: string } | null;
  /** Of a collection's plan: its order where a client asks for none. Absent: that of the collection. */
  readonly order?: readonly OrderTerm[];
  /** What clients are told where an object or a leaf has no row. Absent: it is null. */
  readonly absent?: string;
  /** Types of whose objects it gives those alone that the caller may see, each with where that is said. Absent: none. */
  readonly visible?: VisibleTypes;
  /** By `Type.field`, columns that the caller may not have: what it is told, null where that is nothing. Absent: none. */
  readonly denied?: DeniedFields;
}

export type VisibleTypes = { readonly [typeName: string]: string };

export type DeniedFields = { readonly [field: string]: string | null };

/**
 * SQL with places in it: a text is SQL, `{row: true}` is the alias of the collection's row, a pair of type and text is a
 * constant, and what is left is the value that the client gave (`argument: "value"`) or a part of it (`"value.start"`).
 *
 * @example [{ row: true }, '."votes" >= ', { argument: "value", as: "int" }]
 */
export type SqlFragment = readonly (string | { readonly row: true } | TypedText | FragmentValue)[];

type FragmentValue = Extract<RequestParameter, { readonly argument: string }>;

/** One term of an order. */
export interface OrderTerm {
  readonly sql: SqlFragment;
  /** Whether it can be NULL. */
  readonly nullable: boolean;
  readonly direction: Direction;
}

/** Postgres's own place of nulls where none is said: last when ascending, first when descending. */
export type Direction = "ASC" | "ASC_NULLS_FIRST" | "ASC_NULLS_LAST" | "DESC" | "DESC_NULLS_FIRST" | "DESC_NULLS_LAST";

/** A value that Python computed: the same for every parent, or a list correlated by keys as in {@link SqlPlan}. */
export interface ValuePlan {
  readonly kind: "value";
  readonly value: WireValue;
  readonly parentKeys: readonly string[];
  readonly childKeys: readonly string[];
  /** As {@link SqlPlan.visible}. */
  readonly visible?: VisibleTypes;
  readonly denied?: DeniedFields;
}

export type Plan = SqlPlan | ValuePlan;

/** How a value is typed as a parameter; docs/parameters.md has the rules. */
export type ScalarKind =
  /** The smallest of `int4`, `int8` and `numeric` that holds it, as for an integer in SQL. */
  | "int"
  /** `int8`, or `numeric` beyond it. */
  | "bigint"
  | "float"
  | "str"
  | "decimal"
  | "uuid"
  | "bool"
  | "datetime"
  | "date"
  | "time"
  | "duration"
  | "bytes"
  | "json";

/** What an argument's value is as a parameter: a scalar, or an array of them, which may be nested (`int[][]`). */
export type ArgumentKind = ScalarKind | `${ScalarKind}${"[]" | "[][]" | "[][][]"}`;

/** A value that each request brings: an argument, or one within an input object (`filter.after`), or a claim of the caller. */
export type RequestParameter =
  | {
      readonly argument: string;
      readonly as: ArgumentKind;
      /** Of an enum: what stands in the statement for each of its names. */
      readonly members?: { readonly [name: string]: TypedText };
    }
  | { readonly claim: readonly string[]; readonly as: ArgumentKind };

/** A plan in which such values stand by name, to be bound to each request's. */
export interface ParametricPlan extends Omit<SqlPlan, "params"> {
  readonly params: readonly (
    | PlanParameter
    | RequestParameter
    /** An array. */
    | { readonly items: readonly (TypedText | RequestParameter)[] }
  )[];
}

/** A plan got by calling a pure resolver with symbols in place of its arguments and the caller's claims. */
export interface TracedPlan {
  readonly kind: "traced";
  readonly plan: ParametricPlan;
  /** Arguments whose values the resolver looked at: the plan is good for these values alone. */
  readonly looked: readonly string[];
  /** Claims whose values it looked at, likewise; null if it asked for none at all, so that it is good for any caller. */
  readonly claims: readonly (readonly string[])[] | null;
}

/**
 * A Python value as it crosses the bridge.
 *
 * - null, boolean, number, string: themselves (an int beyond 2^53 and a float NaN or infinity are typed texts)
 * - an array: a list
 * - `{t: [oid, text]}`: datetime, date, time, timedelta, Decimal, UUID, bytes, … as Postgres would print it
 * - `{j: json}`: a JSON value
 * - `{o: attributes, type}`: an object; attributes by Python name, results of instance methods by their call's key
 * - `{e: error}`: reading this value raised
 */
export type WireValue =
  | null
  | boolean
  | number
  | string
  | readonly WireValue[]
  | { readonly t: TypedText }
  | { readonly j: JsonValue }
  | WireObject
  | { readonly e: WireError };

export interface WireObject {
  readonly o: { readonly [attribute: string]: WireValue };
  /** GraphQL name of the object's type; null: the field's own type. */
  readonly type: string | null;
}

/** An exception raised in Python. */
export interface WireError {
  /** The exception's class, such as `ValueError`. */
  readonly type: string;
  readonly message: string;
  /** `Traceback …`, with the bridge's own frames left out. */
  readonly traceback: string;
  /** A code of the catalogue where the bridge knows the cause; else null. */
  readonly code: string | null;
  /** For a `graphql.Error`: shown to clients even where errors are masked, with these extensions. */
  readonly safe: boolean;
  readonly extensions: { readonly [key: string]: JsonValue } | null;
  /** The constraint that refused a row, where psycopg2 says so. */
  readonly constraint?: string;
}

/** Which parts of a Python value the operation reads, by concrete GraphQL type. */
export interface ValueSelection {
  readonly [typeName: string]: {
    /** Attributes of scalar type. Python sends every scalar attribute besides, since keys may need them. */
    readonly columns: readonly string[];
    /** Attributes that hold objects or lists of them. */
    readonly objects: { readonly [attribute: string]: ValueSelection };
    /** Instance methods to call on each object. */
    readonly methods: readonly MethodCall[];
  };
}

export interface MethodCall {
  /** Names the result among the object's attributes; holds a character no Python name has. */
  readonly key: string;
  /** GraphQL name of the field. */
  readonly field: string;
  readonly args: Arguments;
  /** As {@link ResolverCall.path}. */
  readonly path?: string;
  /** Null if the method returns a leaf. */
  readonly selection: ValueSelection | null;
}

/** Coerced arguments by GraphQL name: enums as their GraphQL names, custom scalars as their JSON. */
export type Arguments = { readonly [name: string]: JsonValue };

/** What `Schema.auth` says of the caller. */
export type Claims = { readonly [name: string]: JsonValue };

/** Parents' values, a list a column, aligned with each other. */
export interface ParentColumns {
  readonly count: number;
  readonly columns: { readonly [name: string]: ColumnValues };
}

/**
 * Rows from SQL: texts of one type; with a delimiter, arrays of that type's values. Composite values, and objects from
 * Python: wire values.
 */
export type ColumnValues =
  | { readonly oid: number; readonly delimiter?: string; readonly texts: readonly (string | null)[] }
  | { readonly values: readonly WireValue[] };

/** One resolver to call. */
export interface ResolverCall {
  /** `Type.field`, GraphQL names. */
  readonly field: string;
  readonly args: Arguments;
  /** Response path of its layer, list indices left out: `posts.comments`. */
  readonly path?: string;
  /** `root`: no parents. `symbols`: parents are not known yet. Otherwise their values. */
  readonly parents: "root" | "symbols" | ParentColumns;
  /** What to read of the objects it returns; null if the field is a leaf. */
  readonly selection: ValueSelection | null;
  /** Whether to call a pure resolver with symbols in place of its arguments, so that its plan can be kept. */
  readonly trace?: boolean;
}

/** All calls of one entry into Python. */
export interface ResolveBatch {
  /** Name of the schema, as configured. */
  readonly schema: string;
  /** The caller's token: `Authorization: Bearer …`. */
  readonly authToken: string | null;
  /** The request's headers (lower-case names): given in a request's first batch where the schema has `auth`, which then runs first. */
  readonly headers: { readonly [name: string]: string } | null;
  /** What the client of a WebSocket sent beside the headers. */
  readonly connectionParams?: { readonly [name: string]: unknown };
  /** What `auth` returned in an earlier batch of the same request, pickled and in base64. */
  readonly auth: string | null;
  readonly calls: readonly ResolverCall[];
  /** False for calls that may have effects (mutations): they are not run again when their interpreter dies. */
  readonly repeatable: boolean;
  /** Of the transaction that Python's own statements on its database are to be part of. Absent: none. */
  readonly ticket?: string;
}

/** What a subscription's resolver returns: which events are answered, and with what. */
export interface StreamPlan {
  readonly kind: "stream";
  /** Whose channel it is: the pub/sub's, or that of NOTIFY in Postgres. */
  readonly source: "channel" | "notify";
  readonly channel: string;
  /** Answers each event; null: the event's payload is the answer. */
  readonly plan: EventPlan | null;
  /** Answered at once, and at an event only if the answer has changed. Then the plan uses nothing of the event. */
  readonly live: boolean;
  /** A client that reads slowly gets the newest answer alone. */
  readonly latest: boolean;
}

/** A plan in which parts of an event's payload stand by their keys and indexes; an empty path is all of it. */
export interface EventPlan extends Omit<SqlPlan, "params"> {
  readonly params: readonly (TypedText | { readonly event: readonly (string | number)[] })[];
}

export type ResolveResult =
  | Plan
  | StreamPlan
  /** A subscription's resolver returned a generator: it is called again, to be iterated over. */
  | { readonly kind: "generator" }
  | TracedPlan
  /** An instance method's results, one for each parent. */
  | { readonly kind: "each"; readonly values: readonly WireValue[] }
  /** The resolver needs the parents' values of these columns: call it again with them. */
  | { readonly kind: "needs"; readonly columns: readonly string[] }
  | { readonly kind: "failure"; readonly error: WireError };

export interface ResolveBatchResult {
  readonly results: readonly ResolveResult[];
  /** What `auth` returned, where it ran: to be given to the request's later batches. */
  readonly auth: string | null;
  /** Postgres settings among it, by name: the request's statements run under them. Absent: none. */
  readonly pgSettings?: { readonly [name: string]: string };
  /** `auth` failed: so does the whole request. */
  readonly authFailure?: WireError;
  /** What `auth` returned as JSON, where it is made of what JSON has. */
  readonly claims?: Claims;
  /** When what `auth` returned ends to be valid, in milliseconds since 1970. */
  readonly authExpires?: number;
  /** `auth` raised PermissionDenied: the whole request is refused with it. */
  readonly denied: {
    readonly status: number;
    readonly message: string;
    readonly headers: { readonly [name: string]: string };
  } | null;
}
