/** The answer to an event: the operation's ordinary execution, for all sets of parameters at once. */
import { type EventPlan, PuffError, type ResolveResult, type TypedText } from "../../schema/index.ts";
import type { FieldStep, ObjectPlan } from "../contract/operation-plan.ts";
import type { PlannerOptions } from "../contract/planner.ts";
import { asCaller } from "../database/caller-database.ts";
import type { Database } from "../database/database.ts";
import { type ParameterSets, setColumn } from "../database/parameter-sets.ts";
import type { Execution } from "../fetch/execution.ts";
import { fillLayer } from "../fetch/fill-layer.ts";
import { type FieldData, ValueLayer } from "../layers/layers.ts";
import type { Plans } from "../layers/plans.ts";
import { asError, Failed } from "../layers/values.ts";
import type { CompiledOperation } from "../operation/documents.ts";
import { OID } from "../types/oids.ts";
import { writeEnd } from "../write/response.ts";
import { Writer } from "../write/writer.ts";
import { bindEvent, type Payload } from "./payload.ts";

/** A subscription's operation, whose resolvers were called. */
export interface SubscriptionOperation {
  readonly compiled: CompiledOperation;
  readonly execution: Execution;
  /** The root type's fields: one. */
  readonly root: ObjectPlan;
  readonly step: FieldStep;
  /** Of all resolvers below the root field. */
  readonly plans: Plans;
}

/** The parameters of the root field's plan that differ between subscribers; parts of the event among them. */
export type Parameters = EventPlan["params"];

export class SubscriptionAnswers {
  readonly #options: PlannerOptions;
  readonly #sets: ParameterSets;
  readonly #operation: SubscriptionOperation;
  readonly #database: Database;
  /** Null: the payload is the answer. */
  readonly #plan: EventPlan | null;
  /** Whether an answer without a row is one, too. */
  readonly #sendEmpty: boolean;

  constructor(
    options: PlannerOptions,
    sets: ParameterSets,
    operation: SubscriptionOperation,
    plan: EventPlan | null,
    sendEmpty: boolean,
  ) {
    this.#options = options;
    this.#sets = sets;
    this.#operation = operation;
    this.#database = asCaller(options.database, operation.execution.python.pgSettings);
    this.#plan = plan;
    this.#sendEmpty = sendEmpty || operation.step.shape.kind === "list";
  }

  /** An answer for each set of parameters; null if there is nothing to send. Never throws. */
  async answer(sets: readonly Parameters[], payload: Payload): Promise<(Buffer | null)[]> {
    const plan = this.#plan;
    if (plan === null) {
      const value = { t: [OID.jsonb, payload.text] } as const; // what is read of a text keeps its digits
      return this.#run({ kind: "value", value, parentKeys: [], childKeys: [] }, sets.length);
    }
    try {
      return await this.#answerFrom(
        plan,
        sets.map((params) => bindEvent(params, payload)),
      );
    } catch (error) {
      return this.#run(new Failed(asError(error)), sets.length);
    }
  }

  /** The answer to what a generator yielded; null if there is nothing to send. Never throws. */
  async answerWith(result: ResolveResult | Failed): Promise<Buffer | null> {
    const [answer = null] = await this.#run(result, 1);
    return answer;
  }

  async #answerFrom(plan: EventPlan, sets: readonly TypedText[][]): Promise<(Buffer | null)[]> {
    const [first = []] = sets;
    if (sets.length === 1) {
      return this.#run({ ...plan, params: first }, 1);
    }
    const combined = await this.#sets.combine(this.#database, { ...plan, params: first }, sets);
    const answers = combined === null ? null : await this.#run(combined, sets.length, true);
    if (answers !== null) {
      return answers;
    }
    const alone: (Buffer | null)[] = [];
    for (const params of sets) {
      alone.push(...(await this.#run({ ...plan, params }, 1)));
    }
    return alone;
  }

  /** Runs the root field's plan for objects of the root type, one a set. */
  #run(result: ResolveResult | Failed, count: number): Promise<(Buffer | null)[]>;
  /** Null if one set's failure may have failed the others with it. */
  #run(result: ResolveResult | Failed, count: number, together: boolean): Promise<(Buffer | null)[] | null>;
  async #run(result: ResolveResult | Failed, count: number, together = false): Promise<(Buffer | null)[] | null> {
    const { execution, root, step, plans } = this.#operation;
    const objects = Array.from({ length: count }, (_, index) => ({
      attributes: { [setColumn]: index + 1 },
      typeName: root.typeName,
      wire: false,
    }));
    const selection = { typeName: root.typeName, byType: new Map([[root.typeName, root]]), only: root, slots: 1 };
    const layer = new ValueLayer(selection, objects);
    try {
      const all = new Map([...plans, [step, result] as const]);
      await fillLayer(execution, layer, all, this.#database);
    } catch (error) {
      if (execution.context.signal.aborted) {
        return objects.map(() => null); // the only subscriber has left
      }
      layer.data[step.slot] = { kind: "failed", error: asError(error) };
    }
    const data = layer.data[step.slot];
    if (data?.kind !== "failed") {
      return objects.map((_, index) => (this.#isEmpty(data, index) ? null : this.#write(layer, index)));
    }
    if (together && data.error instanceof PuffError && data.error.status === 200) {
      return null;
    }
    const answer = this.#write(layer, 0); // and reported once
    return objects.map(() => answer);
  }

  #isEmpty(data: FieldData | undefined, index: number): boolean {
    if (this.#sendEmpty || (data?.kind !== "objects" && data?.kind !== "leaves")) {
      return false;
    }
    const group = data.groups.of[index] ?? -1;
    return group === -1 || data.groups.starts[group] === data.groups.starts[group + 1];
  }

  #write(layer: ValueLayer, index: number): Buffer {
    const { compiled, root } = this.#operation;
    const writer = new Writer(compiled.sizeHint);
    const { out } = writer;
    out.string('{"data":');
    const mark = out.length;
    if (!writer.writeObject(layer, index, root)) {
      out.truncate(mark);
      out.null();
    }
    writeEnd(writer, this.#options);
    const answer = Buffer.from(out.finish()); // it may wait for a subscriber that reads slowly
    out.release();
    return answer;
  }
}
