/** What the planner is given and what it gives: the contract with the gateway. */
import type { GraphQLSchema } from "graphql";
import type {
  Arguments,
  CachePolicy,
  ErrorCode,
  ExecutableSchema,
  PuffError,
  ResolveBatch,
  ResolveBatchResult,
  ResolveResult,
  TypedText,
  VisibleTypes,
} from "../../schema/index.ts";
import type { Database, PgSettings } from "../database/database.ts";
import type { Caller, LayerFunction } from "./caller.ts";
import type { Events } from "./events.ts";
import type { FieldStep, Selection } from "./operation-plan.ts";

/** Calls Python's resolvers; the gateway implements it on the bridge. Fails with a PuffError. */
export interface Resolver {
  resolve(batch: ResolveBatch, signal: AbortSignal): Promise<ResolveBatchResult>;
  /**
   * Calls the batch's one resolver, which is a generator, and gives what it yields, when it is asked for. The signal ends
   * the generator.
   */
  iterate(batch: ResolveBatch, signal: AbortSignal): AsyncIterator<ResolveResult>;
}

/** A caller authenticated for several operations to come, or the answer that refuses them. */
export type Authenticated =
  | {
      readonly kind: "caller";
      readonly caller: Caller;
      /** When that ends, in milliseconds since 1970; null: never. */
      readonly expires: number | null;
    }
  | { readonly kind: "refused"; readonly response: OperationResponse };

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
  /**
   * Fields and values of a document's operations, each fragment counted where it is spread, and at the end once for each
   * type that an object may have: `PUFF_TOO_MANY_FIELDS`. What a document costs grows with it.
   */
  readonly fields: number;
  /** Items in any list among the variables or in the document: `PUFF_LIST_TOO_LONG`. */
  readonly listLength: number;
  /** Items that an operation's pages may have, those within others multiplied: `PUFF_TOO_MANY_ITEMS`. */
  readonly items: number;
  /** Documents kept in memory for each schema, fewer where they are large; the least used is read again when asked for. */
  readonly cachedDocuments: number;
}

export interface PlannerOptions {
  readonly schema: ExecutableSchema;
  readonly resolver: Resolver;
  readonly database: Database;
  readonly events: Events;
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
  /** Told of each query that has a program: whether it wrote the answer, or left the rows to the usual way. Default: nobody is. */
  ranProgram?(served: boolean): void;
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
  /** JSON text in UTF-8: `{"data": …}` and `errors` where there are any. The beginning of it where there is a rest. */
  readonly body: Buffer;
  /** Gives back the memory of the body, once nobody reads it any more. Where it is not called, the collector takes it. */
  release?(): void;
  /**
   * What follows of an answer that is too large to be held, as far as it is asked for; fails where it can't be ended, and
   * the client must be told by a connection that breaks. Null: the body is all.
   */
  readonly rest: AsyncIterable<Buffer> | null;
  /** False for a request error: the operation did not run. */
  readonly executed: boolean;
  /** Whether it ran and fields failed. Default: false. */
  readonly hasErrors?: boolean;
  /** Of one that was kept, or is now. Default: it is not. */
  readonly kept?: KeptResponse;
  /** Where it did not run: the code of the first error. */
  readonly code?: ErrorCode;
  /** 200, or the status that the first error which ended the request asks for. */
  readonly status: number;
  /** From PermissionDenied, or `retry-after` for a 503. */
  readonly headers: { readonly [name: string]: string };
}

/** How a response is kept. */
export interface KeptResponse {
  readonly scope: CachePolicy["scope"];
  /** For how long it is good, from when it was made. */
  readonly seconds: number;
  /** Seconds since then. */
  readonly age: number;
  /** The same for the same bytes. */
  readonly tag: string;
}

/** What happened while an operation ran, for {@link explain}. Times in milliseconds. */
export type PlannerEvent =
  /** The operation plan, once; before it, where it was compiled anew, a call may have told who asks. */
  | { readonly kind: "operation"; readonly selection: Selection }
  | { readonly kind: "python"; readonly fields: readonly string[]; readonly duration: number }
  /** The Postgres settings that the caller's statements run under, once they are known. */
  | { readonly kind: "caller"; readonly settings: PgSettings | null }
  /** Where the plan of a resolver's field came from. */
  | { readonly kind: "planned"; readonly step: FieldStep; readonly origin: PlanOrigin }
  /** Of a field's plan: the types of whose objects it gives those alone that the caller may see. */
  | { readonly kind: "limited"; readonly step: FieldStep; readonly visible: VisibleTypes }
  /** What a client asks of a collection, as text: of its items, or of all that there are. */
  | { readonly kind: "asked"; readonly step: FieldStep; readonly asked: string }
  /** Whether the operation has a program from now on; `why` there is none, else null. */
  | { readonly kind: "program"; readonly why: string | null }
  /** Why a field's statement could not become part of another. */
  | { readonly kind: "unfused"; readonly step: FieldStep; readonly why: string }
  | {
      readonly kind: "statement";
      /** Response paths of the layers, list indices left out: `posts, posts.comments`. */
      readonly layer: string;
      readonly layers: readonly { readonly step: FieldStep; readonly rows: number }[];
      readonly text: string;
      readonly params: readonly TypedText[];
      readonly rows: number;
      /** Of the rows' values. */
      readonly bytes: number;
      readonly duration: number;
    };

/** Told of what happens while an operation runs. */
export type Observe = (event: PlannerEvent) => void;

/** Where a plan came from: a trace that was kept, or a call; `looked`: arguments for whose values alone the trace is good. */
export type PlanOrigin =
  | { readonly kind: "kept"; readonly looked: Arguments }
  | { readonly kind: "traced"; readonly looked: Arguments }
  | {
      readonly kind: "called";
      readonly answer: ResolveResult["kind"];
      /** Columns of its parents whose values it looked at. */
      readonly needs: readonly string[];
    };

export interface ExecuteOptions {
  /** Ends what runs, a rest that is under way included. */
  readonly signal: AbortSignal;
  /** Whether the answer may have a rest. Default: false. */
  readonly stream?: boolean;
  readonly observe?: (event: PlannerEvent) => void;
  /** Whether a mutation's transactions are rolled back, so that none of its SQL lasts. Default: false. */
  readonly rollBack?: boolean;
  /** What to call and to query in the place of the planner's own: those of the resolver that asks. Default: its own. */
  readonly inside?: { readonly resolve: Resolver["resolve"]; readonly database: Database };
}

export interface SubscribeOptions {
  /** Ends what goes on for the subscriber; the stream is ended by leaving it. */
  readonly signal: AbortSignal;
  /** Bytes of answers that may wait to be read, where more than one does; past it the stream fails. */
  readonly queueBytes: number;
  /** Called when the stream failed with `PUFF_SUBSCRIBER_SLOW`, which a reader that is stuck would not learn else. */
  behind?(error: PuffError): void;
}

/** What became of a subscription: answers to come, each a body as {@link OperationResponse} has it, or the one that refuses it. */
export type Subscribed =
  | { readonly kind: "stream"; readonly answers: AsyncIterableIterator<Buffer> }
  | { readonly kind: "refused"; readonly response: OperationResponse };

export interface Planner {
  readonly schema: GraphQLSchema;
  /** Calls `Schema.auth`, once for all operations of the caller it gives. Never throws. */
  authenticate(caller: Caller, signal: AbortSignal): Promise<Authenticated>;
  /** Never throws: what is wrong with the document is in the answer. */
  prepare(query: string, operationName: string | null): Prepared;
  /** Never throws: what fails is in the answer. */
  execute(
    operation: PreparedOperation,
    variables: { readonly [name: string]: unknown },
    caller: Caller,
    options: ExecuteOptions,
  ): Promise<OperationResponse>;
  /** Never throws: what fails is in the answer. The stream fails with a PuffError where events were lost to it. */
  subscribe(
    operation: PreparedOperation,
    variables: { readonly [name: string]: unknown },
    caller: Caller,
    options: SubscribeOptions,
  ): Promise<Subscribed>;
}
