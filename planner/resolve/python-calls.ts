/** One request's calls into Python: which resolvers, with which arguments and parents, in how few messages. */
import type {
  Claims,
  PuffError,
  ResolveBatchResult,
  ResolveResult,
  ResolverCall,
  SqlPlan,
} from "../../schema/index.ts";
import type { Caller, Identity } from "../contract/caller.ts";
import type { FieldStep, VariableValues } from "../contract/operation-plan.ts";
import type { PlannerEvent, PlanOrigin, Resolver } from "../contract/planner.ts";
import type { Catalogue } from "../database/catalogue.ts";
import type { PgSettings } from "../database/database.ts";
import type { Layer } from "../layers/layers.ts";
import { type Deferred, parentColumns } from "../layers/parents.ts";
import { asError, Failed, fromWireError, noAnswer } from "../layers/values.ts";
import { argumentsOf } from "../operation/field-arguments.ts";
import { bindArguments } from "./arguments.ts";
import { selectionOf } from "./selections.ts";
import type { Traces } from "./traces.ts";

/** `Schema.auth` refused the caller: the request ends with its status and headers. */
export class Refused extends Error {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };

  constructor(status: number, message: string, headers: { readonly [name: string]: string }) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.headers = headers;
  }
}

export interface PythonCallsOptions {
  readonly resolver: Resolver;
  readonly schemaName: string;
  readonly hasAuth: boolean;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  readonly observe: ((event: PlannerEvent) => void) | undefined;
  /** Of the database whose rows are parents. */
  readonly catalogue: Catalogue;
  /** Plans of pure resolvers. */
  readonly traces: Traces;
  /** The share of kept plans that are compared with fresh ones, 0 to 1. */
  readonly verifyPlans: number;
  /** Told of a resolver that gave another plan for the same arguments. */
  reportLiar(error: PuffError): void;
}

/** Rounds in which a resolver may ask for further columns of its parents. */
const MOST_ROUNDS = 8;

export class PythonCalls {
  /** Of the transaction that calls come into, while there is one. */
  ticket: string | null = null;
  readonly #options: PythonCallsOptions;
  /** What `Schema.auth` returned, pickled. */
  #auth: string | null;
  #pgSettings: PgSettings | null;
  #expires: number | null = null;
  #needsAuth: boolean;
  /** The same as JSON; undefined until it has run. */
  #claims: Claims | null | undefined;

  constructor(options: PythonCallsOptions) {
    this.#options = options;
    const { identity } = options.caller;
    this.#auth = identity?.auth ?? null;
    this.#pgSettings = identity?.pgSettings ?? null;
    this.#needsAuth = options.hasAuth && identity === undefined;
    this.#claims = this.#needsAuth ? undefined : (identity?.claims ?? null);
  }

  /**
   * Calls `Schema.auth` alone.
   *
   * @throws Refused; PuffError where it failed.
   */
  async authenticate(): Promise<{ readonly identity: Identity; readonly expires: number | null }> {
    await this.#call([], true);
    const identity = { auth: this.#auth, pgSettings: this.#pgSettings, claims: this.#claims ?? null };
    return { identity, expires: this.#expires };
  }

  /** Whether the caller is yet to be authenticated. */
  get needsAuth(): boolean {
    return this.#needsAuth;
  }

  /** What `Schema.auth` returned as `pg_settings`, once a resolver was called. */
  get pgSettings(): PgSettings | null {
    return this.#pgSettings;
  }

  /**
   * Calls resolvers before any row exists: their parents are symbols.
   *
   * @throws Refused; PuffError where `Schema.auth` itself failed.
   */
  async callWithSymbols(
    steps: readonly FieldStep[],
    rootTypeName: string,
    variables: VariableValues,
    repeatable: boolean,
  ): Promise<Map<FieldStep, ResolveResult | Failed>> {
    const results = new Map<FieldStep, ResolveResult | Failed>();
    const waiting = await this.#plan(steps, rootTypeName, variables, repeatable, results);
    if (waiting.length > 0) {
      await this.#plan(waiting, rootTypeName, variables, repeatable, results);
    }
    return results;
  }

  /** Gives the steps for whose kept plans the caller's claims were needed: now they are known. */
  async #plan(
    steps: readonly FieldStep[],
    rootTypeName: string,
    variables: VariableValues,
    repeatable: boolean,
    results: Map<FieldStep, ResolveResult | Failed>,
  ): Promise<FieldStep[]> {
    const { traces, observe } = this.#options;
    const called: FieldStep[] = [];
    const calls: ResolverCall[] = [];
    const waiting: FieldStep[] = [];
    for (const step of steps) {
      try {
        const args = argumentsOf(step, variables);
        const source = step.source.kind === "resolver" ? step.source : null;
        if (source?.plan) {
          results.set(step, bindArguments(source.plan, args, null));
          continue;
        }
        const trace = source?.pure === true && traces.trusts(step.name);
        const given = { args, claims: this.#claims };
        const kept = trace ? traces.find(step, given) : null;
        if (kept === "claims") {
          waiting.push(step);
          continue;
        }
        const parents = step.name.startsWith(`${rootTypeName}.`) ? "root" : "symbols";
        if (kept !== null) {
          results.set(step, kept);
          observe?.({ kind: "planned", step, origin: { kind: "kept", looked: traces.lookedAt(step.name, given) } });
          this.#verify({ field: step.name, args, parents, selection: null }, kept);
          continue;
        }
        const selection = selectionOf(step, variables);
        calls.push({ field: step.name, args, parents, selection, ...(trace ? { trace } : {}) });
        called.push(step);
      } catch (error) {
        results.set(step, new Failed(asError(error)));
      }
    }
    if (called.length === 0 && !this.#needsAuth) {
      return waiting;
    }
    const answers = await this.#call(calls, repeatable);
    for (const [index, step] of called.entries()) {
      const answer = answers[index] ?? new Failed(noAnswer(step));
      const isTraced = !(answer instanceof Failed) && answer.kind === "traced";
      const given = { args: calls[index]?.args ?? {}, claims: this.#claims };
      results.set(step, isTraced ? traces.keep(step.name, given, answer) : answer);
      observe?.({
        ...{ kind: "planned", step },
        origin: isTraced ? { kind: "traced", looked: traces.lookedAt(step.name, given) } : calledFor(answer),
      });
    }
    return waiting;
  }

  /**
   * Compares a sample of the kept plans with what the resolver says now, without anyone waiting for it. Libraries write
   * other SQL for a symbol than for its value, so it is asked for both.
   */
  #verify(call: ResolverCall, kept: SqlPlan): void {
    const { verifyPlans, resolver, schemaName, signal, traces, reportLiar } = this.#options;
    if (verifyPlans === 0 || Math.random() >= verifyPlans) {
      return;
    }
    const batch = {
      schema: schemaName,
      authToken: null,
      headers: null,
      auth: this.#auth,
      calls: [call, { ...call, trace: true }],
      repeatable: true,
    };
    const claims = this.#claims ?? null;
    resolver.resolve(batch, signal).then(
      ({ results }) => {
        const fresh = results.map((result) =>
          result.kind === "traced" ? bindArguments(result.plan, call.args, claims) : result,
        );
        const liar = traces.verify(call.field, kept, fresh);
        if (liar !== null) {
          reportLiar(liar);
        }
      },
      () => undefined, // Python is busy or the request is over: another sample will tell
    );
  }

  /** Calls the resolvers of one layer that wanted their parents' values; one message, unless one asks for more. */
  async callWithParents(
    layer: Layer,
    deferred: readonly Deferred[],
    variables: VariableValues,
  ): Promise<(ResolveResult | Failed)[]> {
    const results: (ResolveResult | Failed)[] = [];
    let waiting = deferred.map((item, index) => ({ ...item, index }));
    for (let round = 0; waiting.length > 0 && round < MOST_ROUNDS; round++) {
      const calls: ResolverCall[] = [];
      const called: typeof waiting = [];
      for (const item of waiting) {
        try {
          calls.push({
            field: item.step.name,
            args: argumentsOf(item.step, variables),
            parents: parentColumns(layer, item, this.#options.catalogue),
            selection: selectionOf(item.step, variables),
          });
          called.push(item);
        } catch (error) {
          results[item.index] = new Failed(asError(error));
        }
      }
      const answers = await this.#call(calls, true);
      waiting = [];
      for (const [at, item] of called.entries()) {
        const answer = answers[at] ?? new Failed(noAnswer(item.step));
        results[item.index] = answer;
        if (!(answer instanceof Failed) && answer.kind === "needs") {
          waiting.push({ ...item, columns: [...new Set([...(item.columns ?? []), ...answer.columns])] });
        }
      }
    }
    return results;
  }

  /** Iterates over what the resolver of a root field yields, once it has been called and was found to be a generator. */
  iterate(step: FieldStep, variables: VariableValues, signal: AbortSignal): AsyncIterator<ResolveResult> {
    const { resolver, schemaName, caller } = this.#options;
    const args = argumentsOf(step, variables);
    const call = { field: step.name, args, parents: "root", selection: selectionOf(step, variables) } as const;
    const { authToken } = caller;
    const batch = { schema: schemaName, authToken, headers: null, auth: this.#auth, calls: [call], repeatable: false };
    return resolver.iterate(batch, signal);
  }

  async #call(calls: readonly ResolverCall[], repeatable: boolean): Promise<(ResolveResult | Failed)[]> {
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
          ...(this.ticket === null ? {} : { ticket: this.ticket }),
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
      throw new Refused(result.denied.status, result.denied.message, result.denied.headers);
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
}

/** What a resolver answered that was called without a trace coming of it. */
function calledFor(answer: ResolveResult | Failed): PlanOrigin {
  const result: ResolveResult | null = answer instanceof Failed ? null : answer;
  return {
    kind: "called",
    answer: result?.kind ?? "failure",
    needs: result?.kind === "needs" ? result.columns : [],
  };
}
