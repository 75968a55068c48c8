/** The messages of one caller to Python: the first asks who that is, where the schema wants to know. */
import type { Claims, ResolveBatchResult, ResolveResult, ResolverCall } from "../../schema/index.ts";
import type { Caller, Identity } from "../contract/caller.ts";
import type { PlannerEvent, Resolver } from "../contract/planner.ts";
import type { PgSettings } from "../database/database.ts";
import { asError, Failed, fromWireError } from "../layers/values.ts";
import { AccessDenied } from "./access-denied.ts";

export interface CallerMessagesOptions {
  readonly resolver: Resolver;
  readonly schemaName: string;
  readonly hasAuth: boolean;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly observe: ((event: PlannerEvent) => void) | undefined;
}

export class CallerMessages {
  readonly #options: CallerMessagesOptions;
  /** What `Schema.auth` returned, pickled. */
  #auth: string | null;
  #pgSettings: PgSettings | null;
  #expires: number | null = null;
  #needsAuth: boolean;
  #claims: Claims | null | undefined;

  constructor(options: CallerMessagesOptions) {
    this.#options = options;
    const { identity } = options.caller;
    this.#auth = identity?.auth ?? null;
    this.#pgSettings = identity?.pgSettings ?? null;
    this.#needsAuth = options.hasAuth && identity === undefined;
    this.#claims = this.#needsAuth ? undefined : (identity?.claims ?? null);
  }

  /** Whether the caller is yet to be authenticated. */
  get needsAuth(): boolean {
    return this.#needsAuth;
  }

  get pgSettings(): PgSettings | null {
    return this.#pgSettings;
  }

  /** What `Schema.auth` returned, as JSON; undefined until it has run. */
  get claims(): Claims | null | undefined {
    return this.#claims;
  }

  /**
   * Calls `Schema.auth` alone.
   *
   * @throws AccessDenied; PuffError where it failed.
   */
  async authenticate(): Promise<{ readonly identity: Identity; readonly expires: number | null }> {
    await this.send([], true, null);
    const identity = { auth: this.#auth, pgSettings: this.#pgSettings, claims: this.#claims ?? null };
    return { identity, expires: this.#expires };
  }

  /**
   * Calls resolvers in one message.
   *
   * @param ticket What they come into a transaction by; null: they come into none.
   * @throws AccessDenied; PuffError where `Schema.auth` itself failed.
   */
  async send(
    calls: readonly ResolverCall[],
    repeatable: boolean,
    ticket: string | null,
  ): Promise<(ResolveResult | Failed)[]> {
    if (calls.length === 0 && !this.#needsAuth) {
      return [];
    }
    const { resolver, schemaName, caller, signal, observe } = this.#options;
    const withAuth = this.#needsAuth;
    this.#needsAuth = false;
    const started = performance.now();
    let result: ResolveBatchResult;
    try {
      result = await resolver.resolve(
        {
          schema: schemaName,
          authToken: caller.authToken,
          headers: withAuth ? caller.headers : null,
          ...(withAuth && caller.connectionParams !== undefined ? { connectionParams: caller.connectionParams } : {}),
          auth: this.#auth,
          calls,
          repeatable,
          ...(ticket === null ? {} : { ticket }),
        },
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (withAuth) {
        throw error; // nobody knows who asks
      }
      return calls.map(() => new Failed(asError(error)));
    }
    observe?.({ kind: "python", fields: calls.map((call) => call.field), duration: performance.now() - started });
    if (result.denied !== null) {
      throw new AccessDenied(result.denied.status, result.denied.message, result.denied.headers);
    }
    if (result.authFailure !== undefined) {
      throw fromWireError(result.authFailure); // nobody knows who asks
    }
    this.#auth = result.auth ?? this.#auth;
    this.#pgSettings = result.pgSettings ?? this.#pgSettings;
    this.#expires = result.authExpires ?? this.#expires;
    if (withAuth) {
      observe?.({ kind: "caller", settings: this.#pgSettings });
    }
    this.#claims = withAuth ? (result.claims ?? null) : this.#claims;
    return result.results.map((answer) =>
      answer.kind === "failure" ? new Failed(fromWireError(answer.error)) : answer,
    );
  }

  /** Calls resolvers beside the request, as nobody in particular but with what `Schema.auth` returned. */
  sendAside(calls: readonly ResolverCall[]): Promise<ResolveBatchResult> {
    const { resolver, schemaName, signal } = this.#options;
    const batch = { schema: schemaName, authToken: null, headers: null, auth: this.#auth, calls, repeatable: true };
    return resolver.resolve(batch, signal);
  }

  /** Calls a resolver that is a generator, and gives what it yields. */
  iterate(call: ResolverCall, signal: AbortSignal): AsyncIterator<ResolveResult> {
    const { resolver, schemaName, caller } = this.#options;
    const { authToken } = caller;
    const batch = { schema: schemaName, authToken, headers: null, auth: this.#auth, calls: [call], repeatable: false };
    return resolver.iterate(batch, signal);
  }
}
