/** The subscriptions of one schema: who is answered together. */
import { GraphQLError } from "graphql";
import { PuffError, type ResolveResult, type StreamPlan } from "../../schema/index.ts";
import type { FieldStep, ObjectPlan } from "../contract/operation-plan.ts";
import type { PlannerOptions } from "../contract/planner.ts";
import { ParameterSets } from "../database/parameter-sets.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import type { EventQueue, QueueOptions } from "./event-queue.ts";
import { GeneratorAnswers } from "./generator-answers.ts";
import { type Parameters, SubscriptionAnswers, type SubscriptionOperation } from "./subscription-answers.ts";
import { SubscriptionGroup } from "./subscription-group.ts";

export class Subscriptions {
  readonly #options: PlannerOptions;
  readonly #sets = new ParameterSets();
  readonly #groups = new Map<string, SubscriptionGroup>();
  /** Tells apart operations that are asked for at the same time. */
  readonly #numbers = new WeakMap<ObjectPlan, number>();
  #lastNumber = 0;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  /**
   * Opens a stream: it ends when its reader leaves.
   *
   * @throws PuffError if its channel can't be listened to.
   */
  open(
    operation: SubscriptionOperation,
    stream: StreamPlan,
    queue: Pick<QueueOptions, "limit" | "behind">,
  ): Promise<EventQueue> {
    const params: Parameters = stream.plan?.params ?? [];
    const shared = this.#sharedKey(operation, stream);
    const key = shared ?? `alone ${this.#nextNumber()}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      const { source, channel, plan, live, latest } = stream;
      // What many share must not end with the one that came first.
      const { context } = operation.execution;
      const signal = shared === null ? context.signal : new AbortController().signal;
      const execution = { ...operation.execution, observe: undefined, context: { ...context, signal } };
      group = new SubscriptionGroup({
        events: this.#options.events,
        ...{ source, channel, live, latest },
        answers: new SubscriptionAnswers(this.#options, this.#sets, { ...operation, execution }, plan, live),
        empty: () => this.#groups.delete(key),
      });
      this.#groups.set(key, group);
    }
    return group.join(params, queue);
  }

  /** Answers with what the root field's resolver, a generator, yields. */
  iterate(operation: SubscriptionOperation, signal: AbortSignal): GeneratorAnswers {
    const { python, variables } = operation.execution;
    const answers = new SubscriptionAnswers(this.#options, this.#sets, operation, null, false);
    return new GeneratorAnswers((ended) => python.iterate(operation.step, variables, ended), answers, signal);
  }

  /** What is equal for subscribers who can be answered together; null if the answer may depend on who asks. */
  #sharedKey(
    { execution, root, step, plans }: SubscriptionOperation,
    { plan, source, channel, live, latest }: StreamPlan,
  ): string | null {
    const below = resultsBelow(step, plans);
    if (below === null) {
      return null;
    }
    const types = plan?.params.map((param) => ("event" in param ? param.event : param[0])) ?? null;
    return JSON.stringify([
      this.#numberOf(root),
      ...[source, channel, live, latest],
      plan === null ? null : { ...plan, params: types },
      below,
      execution.python.pgSettings,
    ]);
  }

  #numberOf(root: ObjectPlan): number {
    const number = this.#numbers.get(root) ?? this.#nextNumber();
    this.#numbers.set(root, number);
    return number;
  }

  #nextNumber(): number {
    this.#lastNumber++;
    return this.#lastNumber;
  }
}

/** The plans of all resolvers below a field; null if one, a TypeScript function or a method is called each time. */
function resultsBelow({ selection }: FieldStep, plans: Plans): ResolveResult[] | null {
  const results: ResolveResult[] = [];
  for (const { steps } of selection?.byType.values() ?? []) {
    for (const step of steps) {
      const { kind } = step.source;
      if (kind === "nodes") {
        return null; // whose objects depend on who asks, and on no plan of the step's own
      }
      const result = plans.get(step);
      const fixed = result !== undefined && !(result instanceof Failed) && result.kind !== "needs";
      if (kind === "function" || kind === "method" || (kind === "resolver" && !fixed)) {
        return null;
      }
      const below = resultsBelow(step, plans);
      if (below === null) {
        return null;
      }
      results.push(...((kind === "resolver" || kind === "page") && fixed ? [result] : []), ...below);
    }
  }
  return results;
}

/**
 * The stream or the generator that a subscription's resolver returned.
 *
 * @throws GraphQLError of the resolver's own failure, or `PUFF_PLAN_INVALID` for anything else.
 */
export function streamOf(step: FieldStep, plans: Plans): StreamPlan | { readonly kind: "generator" } {
  const result = plans.get(step);
  if (
    result !== undefined &&
    !(result instanceof Failed) &&
    (result.kind === "stream" || result.kind === "generator")
  ) {
    return result;
  }
  const error =
    result instanceof Failed
      ? result.error
      : new PuffError("PUFF_PLAN_INVALID", `${step.name} returned no stream`, {
          remedy: "Return graphql.on(…), graphql.on_notify(…) or graphql.live(…), or yield.",
        });
  throw new GraphQLError(error.message, { nodes: step.nodes, path: [step.key], originalError: error });
}
