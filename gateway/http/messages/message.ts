/** Requests and responses as plain values, whatever server brings them. */
import type { KeptResponse } from "../../../planner/index.ts";
import type { ErrorCode } from "../../../schema/index.ts";

export interface HttpRequest {
  readonly method: string;
  /** What follows the `?` of the URL; empty where there is none. */
  readonly search: string;
  /** By lower-case name. */
  readonly headers: RequestHeaders;
  /** The host that the client asked. Default: "", which no page is of. */
  readonly host?: string;
  /** The body as received; null for none. */
  readonly body: Buffer | string | null;
}

/** As node:http has them: each is one string, but for `set-cookie`, which no request has. */
export interface RequestHeaders {
  readonly [name: string]: string | string[] | undefined;
  readonly accept?: string | undefined;
  readonly authorization?: string | undefined;
  readonly "content-encoding"?: string | undefined;
  readonly "content-type"?: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer;
  /** Gives back the memory of the body, once nobody reads it any more. Default: the collector takes it. */
  release?(): void;
  /** That of the error, where it is nothing else. */
  readonly code?: ErrorCode;
  /** How the gateway keeps it, which caches in between may be told. Default: it does not. */
  readonly kept?: KeptResponse;
  /** What follows the body of a large answer; where it fails, the connection has to break. Default: nothing. */
  readonly rest?: AsyncIterable<Buffer> | null;
  /** Aborted where the rest has to break off though the client reads nothing. Default: never. */
  readonly cut?: AbortSignal;
}

/** Media type of a GraphQL response: `application/json` or `application/graphql-response+json`. */
export type ResponseForm = "json" | "graphql";
