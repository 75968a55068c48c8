/** Fields without a selection set whose values are not a column of their own parent's row. */
import type { SqlPlan } from "../../schema/index.ts";
import type { Column, RowSet } from "../bytes/rows.ts";
import type { FieldStep, Selection } from "../contract/operation-plan.ts";
import type { Catalogue } from "../database/catalogue.ts";
import { type FieldData, missingColumn } from "./layers.ts";

type Leaves = Extract<FieldData, { kind: "leaves" }>;

/**
 * A plan's rows as leaves: their values are in the column of {@link leafColumn}.
 *
 * @throws PuffError `PUFF_PLAN_COLUMN_MISSING` if there is none.
 */
export function leafData(step: FieldStep, plan: SqlPlan, rows: RowSet, catalogue: Catalogue): Omit<Leaves, "groups"> {
  const shape = step.shape.kind === "list" ? step.shape.item : step.shape;
  if (shape.kind !== "leaf") {
    throw new TypeError(`${step.name} is not a leaf`);
  }
  const value = leafColumn(rows.columns, plan.childKeys, step.definition.name);
  if (value === null) {
    throw missingColumn(step, step.definition.name, rows);
  }
  return {
    kind: "leaves",
    rows,
    column: rows.columns.indexOf(value),
    write: shape.leaf.writerFor(catalogue.of(value.oid)),
  };
}

/** The selection of layers whose rows are leaves. */
export const noSelection: Selection = { typeName: "", byType: new Map(), only: null, slots: 0 };

/** Spreads the members' values over all objects of the layer. */
export function scatter(members: readonly number[], values: readonly unknown[], count: number): unknown[] {
  if (members.length === count) {
    return [...values];
  }
  const all: unknown[] = new Array(count).fill(null);
  for (const [index, member] of members.entries()) {
    all[member] = values[index];
  }
  return all;
}

/** The column that a field of a scalar takes: that of its name, else the first that is not a key; null: there is none. */
export function leafColumn(columns: readonly Column[], childKeys: readonly string[], field: string): Column | null {
  const candidates = columns.filter(({ name }) => name !== "" && !childKeys.includes(name));
  return candidates.find(({ name }) => name === field) ?? candidates[0] ?? null;
}
