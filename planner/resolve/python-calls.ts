/** One request's calls into Python: which resolvers, with which arguments and parents, in how few messages. */
import type { PuffError, ResolveResult, ResolverCall, SqlPlan } from "../../schema/index.ts";
import type { Identity } from "../contract/caller.ts";
import type { FieldStep, VariableValues } from "../contract/operation-plan.ts";
import type { PlanOrigin } from "../contract/planner.ts";
import type { Catalogue } from "../database/catalogue.ts";
import type { PgSettings } from "../database/database.ts";
import type { Layer } from "../layers/layers.ts";
import { type Deferred, parentColumns } from "../layers/parents.ts";
import { asError, Failed, noAnswer } from "../layers/values.ts";
import { resolverArgumentsOf } from "../operation/field-arguments.ts";
import { bindArguments } from "./arguments.ts";
import { CallerMessages, type CallerMessagesOptions } from "./caller-messages.ts";
import { selectionOf } from "./selections.ts";
import type { Traces } from "./traces.ts";

export interface PythonCallsOptions extends CallerMessagesOptions {
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
  readonly #options: PythonCallsOptions;
  readonly #messages: CallerMessages;
  /** What the calls come into a transaction by; null: they come into none. */
  readonly #ticket: string | null;

  constructor(options: PythonCallsOptions, messages = new CallerMessages(options), ticket: string | null = null) {
    this.#options = options;
    this.#messages = messages;
    this.#ticket = ticket;
  }

  /** The same caller's calls, in the transaction of a ticket. */
  within(ticket: string | null): PythonCalls {
    return ticket === this.#ticket ? this : new PythonCalls(this.#options, this.#messages, ticket);
  }

  /**
   * Calls `Schema.auth` alone.
   *
   * @throws AccessDenied; PuffError where it failed.
   */
  authenticate(): Promise<{ readonly identity: Identity; readonly expires: number | null }> {
    return this.#messages.authenticate();
  }

  /** Whether the caller is yet to be authenticated. */
  get needsAuth(): boolean {
    return this.#messages.needsAuth;
  }

  /** What `Schema.auth` returned as `pg_settings`, once a resolver was called. */
  get pgSettings(): PgSettings | null {
    return this.#messages.pgSettings;
  }

  /**
   * Calls resolvers before any row exists: their parents are symbols.
   *
   * @throws AccessDenied; PuffError where `Schema.auth` itself failed.
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
    this.#tellLimits(results);
    return results;
  }

  #tellLimits(results: Iterable<readonly [FieldStep, ResolveResult | Failed | undefined]>): void {
    const { observe } = this.#options;
    for (const [step, result] of observe === undefined ? [] : results) {
      if (result !== undefined && "visible" in result && result.visible !== undefined) {
        observe?.({ kind: "limited", step, visible: result.visible });
      }
    }
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
        const args = resolverArgumentsOf(step, variables);
        const source = step.source.kind === "resolver" ? step.source : null;
        if (source?.plan) {
          results.set(step, bindArguments(source.plan, args, null));
          continue;
        }
        const trace = source?.pure === true && traces.trusts(step.name);
        const given = { args, claims: this.#messages.claims };
        const kept = trace ? traces.find(step, given) : null;
        if (kept === "claims") {
          waiting.push(step);
          continue;
        }
        const parents = step.name.startsWith(`${rootTypeName}.`) ? "root" : "symbols";
        if (kept !== null) {
          results.set(step, kept);
          observe?.({ kind: "planned", step, origin: { kind: "kept", looked: traces.lookedAt(step.name, given) } });
          this.#verify({ field: step.name, args, path: step.layer, parents, selection: null }, kept);
          continue;
        }
        const selection = selectionOf(step, variables);
        calls.push({ field: step.name, args, path: step.layer, parents, selection, ...(trace ? { trace } : {}) });
        called.push(step);
      } catch (error) {
        results.set(step, new Failed(asError(error)));
      }
    }
    if (called.length === 0 && !this.#messages.needsAuth) {
      return waiting;
    }
    const answers = await this.#messages.send(calls, repeatable, this.#ticket);
    for (const [index, step] of called.entries()) {
      const answer = answers[index] ?? new Failed(noAnswer(step));
      const isTraced = !(answer instanceof Failed) && answer.kind === "traced";
      const given = { args: calls[index]?.args ?? {}, claims: this.#messages.claims };
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
    const { verifyPlans, traces, reportLiar } = this.#options;
    if (verifyPlans === 0 || Math.random() >= verifyPlans) {
      return;
    }
    const claims = this.#messages.claims ?? null;
    this.#messages.sendAside([call, { ...call, trace: true }]).then(
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
            args: resolverArgumentsOf(item.step, variables),
            path: item.step.layer,
            parents: parentColumns(layer, item, this.#options.catalogue),
            selection: selectionOf(item.step, variables),
          });
          called.push(item);
        } catch (error) {
          results[item.index] = new Failed(asError(error));
        }
      }
      const answers = await this.#messages.send(calls, true, this.#ticket);
      waiting = [];
      for (const [at, item] of called.entries()) {
        const answer = answers[at] ?? new Failed(noAnswer(item.step));
        results[item.index] = answer;
        if (!(answer instanceof Failed) && answer.kind === "needs") {
          waiting.push({ ...item, columns: [...new Set([...(item.columns ?? []), ...answer.columns])] });
        }
      }
    }
    this.#tellLimits(deferred.map(({ step }, index) => [step, results[index]] as const));
    return results;
  }

  /** Iterates over what the resolver of a root field yields, once it has been called and was found to be a generator. */
  iterate(step: FieldStep, variables: VariableValues, signal: AbortSignal): AsyncIterator<ResolveResult> {
    const args = resolverArgumentsOf(step, variables);
    const selection = selectionOf(step, variables);
    return this.#messages.iterate({ field: step.name, args, path: step.layer, parents: "root", selection }, signal);
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
