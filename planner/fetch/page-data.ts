/** What the parts of a page become, once its rows are there. */
import type { SqlPlan, ValuePlan } from "../../schema/index.ts";
import { noRows, type RowSet } from "../bytes/rows.ts";
import type { PagePlan } from "../collections/compose.ts";
import { type CutPage, cursorWriter, isPage, pageInfos } from "../collections/page-rows.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { partOf } from "../contract/page-parts.ts";
import { noChildren } from "../layers/correlate.ts";
import { type FieldData, type Layer, ValueLayer } from "../layers/layers.ts";
import { noSelection } from "../layers/leaf-data.ts";
import type { Plans } from "../layers/plans.ts";
import { type Answered, dataOfEach, dataOfNone } from "./field-data.ts";

/** The fields of a page's own facts that come with a list of it: with the first. */
export function factsToldBy(step: FieldStep, { selection }: Layer, plans: Plans): FieldStep[] {
  const steps = selection.only?.steps ?? [];
  const first = steps.find((other) => partOf(other) === "items" || partOf(other) === "edges");
  return step === first ? steps.filter((other) => partOf(other) === "pageInfo" && !plans.has(other)) : [];
}

/** What a connection's page says of itself, for each of its parents. */
export function factsOf(step: FieldStep, cut: CutPage, rows: RowSet, plan: PagePlan): Answered {
  const layer = new ValueLayer(step.selection ?? noSelection, pageInfos(cut, rows, plan));
  return { data: { kind: "values", values: layer.objects.map((_, index) => index), layer }, below: layer };
}

/** The same where no row could belong to any of the parents. */
export function factsOfNone(step: FieldStep, count: number, plan: PagePlan): Answered {
  return factsOf(step, { groups: noChildren(count), more: [] }, noRows, plan);
}

/** The cursors of an edge's layer. */
export function cursorData(step: FieldStep, layer: Layer): FieldData {
  return layer.kind === "rows" && isPage(layer.origin.plan)
    ? { kind: "made", write: cursorWriter(layer.rows, layer.origin.plan) }
    : dataOfEach(step, [], false).data; // of no edges
}

/** Where no object has any row of a plan. */
export function absentData(step: FieldStep, count: number, plan: SqlPlan): FieldData {
  return { ...dataOfNone(step, count), ...absenceOf(plan) };
}

/** What is said where there is no row. */
export function absenceOf(plan: SqlPlan | ValuePlan): { readonly absent?: string } {
  return "absent" in plan && plan.absent !== undefined ? { absent: plan.absent } : {};
}
