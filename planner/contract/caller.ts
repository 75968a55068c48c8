/** The caller, and what TypeScript resolvers are given. */
import type { Claims } from "../../schema/index.ts";
import type { PgSettings } from "../database/database.ts";

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

/** The caller, as HTTP or the WebSocket has it. Header names are lower-case. */
export interface Caller {
  readonly headers: { readonly [name: string]: string };
  /** The token of `Authorization: Bearer …`. */
  readonly authToken: string | null;
  /** What the client of a WebSocket sent beside the headers. */
  readonly connectionParams?: { readonly [name: string]: unknown };
  /** Of a caller who was authenticated already. */
  readonly identity?: Identity;
}

/** What `Schema.auth` returned for a caller. */
export interface Identity {
  /** Pickled; null if the schema has no `auth`. */
  readonly auth: string | null;
  readonly pgSettings: PgSettings | null;
  /** As JSON, where it is made of what JSON has. */
  readonly claims: Claims | null;
}
