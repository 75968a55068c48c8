/** What the planner is given and what it gives: the contract with the gateway. */
import type { GraphQLSchema } from "graphql";
import type { ExecutableSchema, PuffError, ResolveBatch, ResolveBatchResult, TypedText } from "../schema/index.ts";
import type { Database } from "./database.ts";

/** Calls Python's resolvers; the gateway implements it on the bridge. Fails with a PuffError. */
export interface Resolver {
  resolve(batch: ResolveBatch, signal: AbortSignal): Promise<ResolveBatchResult>;
}

/**
 * A TypeScript resolver for all objects of a layer at once: `parents` hold each parent's columns as JavaScript values
 * (one empty object for a root field); it returns one value for each parent, in their order.
 *
 * @example const score: LayerFunction = (posts) => posts.map((post) => Number(post["votes"]) * 2);
 */
export type LayerFunction = (
  parents: readonly { readonly [column: string]: unknown }[],
  args: { readonly [name: string]: unknown },
  context: LayerContext,
) => readonly unknown[] | Promise<readonly unknown[]>;

export interface LayerContext {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

/** Who asks, as HTTP or the WebSocket has it. Header names are lower-case. */
export interface Caller {
  readonly headers: { readonly [name: string]: string };
  /** The token of `Authorization: Bearer …`. */
  readonly authToken: string | null;
}

/** Bounds on what one document or request may ask for; what exceeds one fails with the code named here. */
export interface PlannerLimits {
  /** Tokens of a document: `PUFF_TOO_MANY_TOKENS`. Ten times what a large front end's largest operation has. */
  readonly tokens: number;
  /** Depth of nested fields: `PUFF_TOO_DEEP`. Introspection is not counted. */
  readonly depth: number;
  /** Aliased fields in an operation, fragments expanded: `PUFF_TOO_MANY_ALIASES`. Each can repeat a costly field. */
  readonly aliases: number;
  /** Root fields in an operation: `PUFF_TOO_MANY_ROOT_FIELDS`. Each is a statement of its own at least. */
  readonly rootFields: number;
  /** Items in any list among the variables: `PUFF_LIST_TOO_LONG`. */
  readonly listLength: number;
  /** Compiled operations kept in memory for each schema; the least used is dropped, and compiled again when asked for. */
  readonly cachedDocuments: number;
}

export interface PlannerOptions {
  readonly schema: ExecutableSchema;
  readonly resolver: Resolver;
  readonly database: Database;
  /** By `Type.field`. */
  readonly layerFunctions: ReadonlyMap<string, LayerFunction>;
  readonly limits: PlannerLimits;
  /** Whether the statements of an operation's layers become one; off, each layer has its own. */
  readonly fuse: boolean;
  /** The share of the plans kept from pure resolvers that are compared with fresh ones, 0 to 1. */
  readonly verifyPlans: number;
  readonly introspection: boolean;
  /** Whether validation errors suggest names ("Did you mean …"). */
  readonly suggestions: boolean;
  /** Whether clients see only safe messages; what is masked goes to {@link report}. */
  readonly maskErrors: boolean;
  /** Told of each error that is not the client's fault, with the response path it hit. */
  report(error: PuffError, path: readonly (string | number)[]): void;
}

/** A parsed, validated document and the operation chosen from it, or the answer that refuses it. */
export type Prepared =
  | { readonly kind: "operation"; readonly operation: PreparedOperation }
  | { readonly kind: "refused"; readonly response: OperationResponse };

export interface PreparedOperation {
  readonly type: "query" | "mutation" | "subscription";
  readonly name: string | null;
}

/** An answer ready to be sent. */
export interface OperationResponse {
  /** JSON text in UTF-8: `{"data": …}` and `errors` where there are any. */
  readonly body: Buffer;
  /** False for a request error: the operation did not run. */
  readonly executed: boolean;
  /** 200, or the status that the first error which ended the request asks for. */
  readonly status: number;
  /** From PermissionDenied, or `retry-after` for a 503. */
  readonly headers: { readonly [name: string]: string };
}

/** What happened while an operation ran, for `explain`. Times in milliseconds. */
export type PlannerEvent =
  | { readonly kind: "python"; readonly fields: readonly string[]; readonly duration: number }
  | {
      readonly kind: "statement";
      /** Response path of the layer, list indices left out: `posts.comments`. */
      readonly layer: string;
      readonly text: string;
      readonly params: readonly TypedText[];
      readonly rows: number;
      readonly duration: number;
    };

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  readonly observe?: (event: PlannerEvent) => void;
}

export interface Planner {
  readonly schema: GraphQLSchema;
  /** Never throws: what is wrong with the document is in the answer. */
  prepare(query: string, operationName: string | null): Prepared;
  /** Never throws: what fails is in the answer. */
  execute(
    operation: PreparedOperation,
    variables: { readonly [name: string]: unknown },
    caller: Caller,
    options: ExecuteOptions,
  ): Promise<OperationResponse>;
}
