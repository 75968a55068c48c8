/** What a field's values become: its data in the layer, and the layer of the objects among them. */
import type { ValuePlan } from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Catalogue } from "../database/catalogue.ts";
import { noChildren } from "../layers/correlate.ts";
import { type FieldData, type Layer, missingColumn, ValueLayer } from "../layers/layers.ts";
import { noSelection } from "../layers/leaf-data.ts";
import { attributeOf, Failed, settle, type ValueObject } from "../layers/values.ts";
import { Typed } from "../types/pg-types.ts";

export interface Answered {
  readonly data: FieldData;
  /** Null if the field has no selection set. */
  readonly below: ValueLayer | null;
}

/** Where each object of the layer has a value of its own. */
export function dataOfEach(step: FieldStep, values: readonly unknown[], wire: boolean): Answered {
  const objects: ValueObject[] = [];
  const settled = values.map((value) => settle(value, step.shape, step, wire, objects));
  const layer = step.selection === null ? null : new ValueLayer(step.selection, objects);
  return { data: { kind: "values", values: settled, layer }, below: layer };
}

/** Where no object of the layer has any. */
export function dataOfNone(step: FieldStep, count: number): Extract<FieldData, { kind: "objects" }> {
  return { kind: "objects", groups: noChildren(count), layer: new ValueLayer(step.selection ?? noSelection, []) };
}

/** Where all objects of the layer have the same value. */
export function dataOfAll(step: FieldStep, plan: ValuePlan): Answered {
  const objects: ValueObject[] = [];
  const settled = settle(plan.value, step.shape, step, true, objects);
  const layer = step.selection === null ? null : new ValueLayer(step.selection, objects, plan);
  return { data: { kind: "shared", value: settled, layer }, below: layer };
}

/**
 * The objects that a plan's keys correlate with their parents; null if the plan has no such objects.
 *
 * @throws PuffError if one of them is not an object.
 */
export function keyedObjects(step: FieldStep, { parentKeys, value }: ValuePlan): ValueLayer | null {
  if (parentKeys.length === 0 || step.selection === null || !Array.isArray(value)) {
    return null;
  }
  const objects: ValueObject[] = [];
  const itemShape = step.shape.kind === "list" ? step.shape.item : step.shape;
  const settled = value.map((item) => settle(item, itemShape, step, true, objects));
  const failed = settled.find((item) => item instanceof Failed);
  if (failed instanceof Failed) {
    throw failed.error;
  }
  return new ValueLayer(step.selection, objects);
}

/** A leaf of a row layer, which is written from its rows; null if the values have to be read. */
export function dataOfColumn(step: FieldStep, layer: Layer, column: string, catalogue: Catalogue): FieldData | null {
  if (layer.kind === "values" || step.shape.kind !== "leaf") {
    return null;
  }
  const { rows } = layer;
  const index = rows.indexOf(column);
  const oid = rows.columns[index]?.oid;
  return oid === undefined
    ? { kind: "failed", error: missingColumn(step, column, rows) }
    : { kind: "column", rows, column: index, write: step.shape.leaf.writerFor(catalogue.of(oid)) };
}

/**
 * Reads a column, or the attribute of that name.
 *
 * @throws PuffError if the rows have no such column.
 */
export function readColumn(step: FieldStep, layer: Layer, column: string, catalogue: Catalogue): Answered {
  if (layer.kind === "values") {
    const [first] = layer.objects;
    const values = layer.objects.map((object) => attributeOf(object, column));
    return dataOfEach(step, values, first?.wire ?? false);
  }
  const { rows } = layer;
  const index = rows.indexOf(column);
  const oid = rows.columns[index]?.oid;
  if (oid === undefined) {
    throw missingColumn(step, column, rows);
  }
  const type = catalogue.of(oid);
  const values: unknown[] = [];
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    values.push(rows.isNull(index) ? null : new Typed(type, rows.text(index)));
  }
  return dataOfEach(step, values, false);
}
