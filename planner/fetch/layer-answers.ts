/** What becomes of a field's answer: rows, values or objects turn into the data of a layer, and the layers below are filled. */
import type { SqlPlan, ValuePlan } from "../../schema/index.ts";
import type { RowSet } from "../bytes/rows.ts";
import { cutPage, isPage } from "../collections/page-rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { partOf } from "../contract/page-parts.ts";
import type { Session } from "../database/database.ts";
import { groupByKeys } from "../layers/grouping.ts";
import { type FieldData, type Groups, type Layer, missingColumn, RowLayer, typesOf } from "../layers/layers.ts";
import { leafData, noSelection } from "../layers/leaf-data.ts";
import type { Plans } from "../layers/plans.ts";
import { asError } from "../layers/values.ts";
import type { Execution } from "./execution.ts";
import { type Answered, dataOfAll, keyedObjects } from "./field-data.ts";
import { absenceOf, absentData, factsOf, factsOfNone, factsToldBy } from "./page-data.ts";
import { nothingBelow, type RowsBelow } from "./statements.ts";

/** What is still to come; undefined: nothing. Most layers need no promise, which costs more than their fields. */
export type Unfinished = Promise<void> | undefined;

/** A field that a plan answers, and the objects of the layer that it is for. */
export interface Planned {
  readonly step: FieldStep;
  readonly members: readonly number[];
  readonly plan: SqlPlan;
}

/** The answers of one layer's fields. */
export abstract class LayerAnswers {
  protected readonly execution: Execution;
  protected readonly layer: Layer;
  protected readonly plans: Plans;
  protected readonly session: Session;

  constructor(execution: Execution, layer: Layer, plans: Plans, session: Session) {
    this.execution = execution;
    this.layer = layer;
    this.plans = plans;
    this.session = session;
  }

  /** Fetches what is below objects that were just found. */
  protected abstract fillBelow(layer: Layer, rowsThere?: RowsBelow): Unfinished;

  /** `below`: rows for the layers below, which the same statement brought. */
  protected answerWithRows(planned: Planned, rows: RowSet, below: RowsBelow): Unfinished {
    return this.whenKnown(rows, () => this.answerWithKnownRows(planned, rows, below));
  }

  /** Goes on once the types of the columns are known, which may take a statement. */
  protected whenKnown({ columns }: RowSet, use: () => Unfinished): Unfinished {
    const { catalogue } = this.execution;
    return catalogue.lacks(columns) ? catalogue.learn(this.session, columns).then(use) : use();
  }

  private answerWithKnownRows({ step, members, plan }: Planned, rows: RowSet, below: RowsBelow): Unfinished {
    const origin = { plan, parents: this.layer };
    if (partOf(step) === "pageInfo") {
      const layer = new RowLayer(noSelection, rows, [], origin);
      return this.group(step, members, plan, layer, (groups) =>
        isPage(plan) ? this.answer(step, factsOf(step, cutPage(groups, plan.page), rows, plan)) : undefined,
      );
    }
    if (step.selection === null) {
      const leaves = leafData(step, plan, rows, this.execution.catalogue);
      const layer = new RowLayer(noSelection, rows, [], origin);
      return this.group(step, members, plan, layer, (groups) => {
        this.set(step, { ...leaves, groups, ...absenceOf(plan) });
        return undefined;
      });
    }
    if (this.layer === this.execution.effects && rows.columns.length === 0) {
      throw missingColumn(step, step.definition.name, rows); // as for a leaf, so that neither is committed
    }
    const layer = new RowLayer(step.selection, rows, typesOf(rows, step.selection, plan, step), origin);
    return this.answerWithObjects(step, members, plan, layer, below);
  }

  /** Finds each member's objects of `layer`, which may take a statement. */
  protected group(
    step: FieldStep,
    members: readonly number[],
    plan: SqlPlan | ValuePlan,
    layer: Layer,
    use: (groups: Groups) => Unfinished,
  ): Unfinished {
    const { equality } = this.execution;
    const groups = groupByKeys(equality, this.session, plan, this.layer, members, layer, step.name);
    return groups instanceof Promise ? groups.then(use) : use(groups);
  }

  protected answerWithValue(step: FieldStep, members: readonly number[], plan: ValuePlan): Unfinished {
    const layer = keyedObjects(step, plan);
    return layer === null
      ? this.answer(step, dataOfAll(step, plan))
      : this.answerWithObjects(step, members, plan, layer, nothingBelow);
  }

  protected answerWithObjects(
    step: FieldStep,
    members: readonly number[],
    plan: SqlPlan | ValuePlan,
    layer: Layer,
    below: RowsBelow,
  ): Unfinished {
    return this.group(step, members, plan, layer, (groups) => {
      if (!isPage(plan)) {
        this.set(step, { kind: "objects", groups, layer, ...absenceOf(plan) });
        return this.fillBelow(layer, below);
      }
      const cut = cutPage(groups, plan.page);
      this.set(step, { kind: "objects", groups: cut.groups, layer });
      for (const info of layer.kind === "rows" ? factsToldBy(step, this.layer, this.plans) : []) {
        void this.answer(info, factsOf(info, cut, (layer as RowLayer).rows, plan)); // of values: nothing is awaited
      }
      return this.fillBelow(layer, below);
    });
  }

  /** No row could belong to any of the objects. */
  protected answerWithNone(step: FieldStep, plan: SqlPlan): void {
    const { count } = this.layer;
    const isFacts = partOf(step) === "pageInfo";
    if (!isFacts) {
      this.set(step, absentData(step, count, plan));
    }
    for (const info of isFacts ? [step] : factsToldBy(step, this.layer, this.plans)) {
      if (isPage(plan)) {
        void this.answer(info, factsOfNone(info, count, plan));
      }
    }
  }

  protected answer(step: FieldStep, { data, below }: Answered): Unfinished {
    this.set(step, data);
    return below === null ? undefined : this.fillBelow(below);
  }

  protected set(step: FieldStep, data: FieldData): void {
    this.layer.data[step.slot] = data;
  }

  /** Does what a field needs, and adds what is still to come to `below`. */
  protected guard(step: FieldStep, below: Promise<void>[], work: () => Unfinished): void {
    let unfinished: Unfinished;
    try {
      unfinished = work();
    } catch (error) {
      unfinished = Promise.reject(error); // thrown on, it would leave behind what is under way
    }
    if (unfinished !== undefined) {
      below.push(unfinished.catch((error) => this.fail(step, error)));
    }
  }

  /** A field's failure is an answer for that field; what ends the request goes up. */
  protected fail(step: FieldStep, error: unknown): void {
    this.execution.context.signal.throwIfAborted();
    for (const failed of [step, ...factsToldBy(step, this.layer, this.plans)]) {
      this.set(failed, { kind: "failed", error: asError(error) });
    }
  }
}
