/** Objects by their global ids: the rows of each type are fetched by a statement of their own, all fused to one. */
import {
  type Arguments,
  type NodeType,
  PuffError,
  type SqlPlan,
  type TypedText,
  type VisibleTypes,
} from "../../schema/index.ts";
import { readGlobalId } from "../bytes/global-ids.ts";
import { SqlWriter } from "../collections/sql-writer.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import { eachItsOwn } from "../layers/correlate.ts";
import type { FieldData, Limits, RowLayer, ValueLayer } from "../layers/layers.ts";
import type { Plans } from "../layers/plans.ts";
import { visiblePlan } from "../resolve/visible-steps.ts";
import { quoteName } from "../sql/sql-text.ts";
import { printArray } from "../types/oids.ts";
import type { Execution } from "./execution.ts";

/** What is asked of one type. */
export interface AskedType {
  /** The field as though it were a list of this type alone. */
  readonly step: FieldStep;
  readonly key: string;
  readonly plan: SqlPlan;
  readonly params: readonly TypedText[];
  /** By the ids' places in the argument. */
  readonly ids: ReadonlyMap<number, string>;
}

/** `limit`: the plan of all its rows that the caller sees, where these are some alone. */
export type LimitedNodeType = NodeType & { readonly limit?: SqlPlan };

/** Limits types with global ids to what the caller sees of them. */
export function limitTypes(
  step: FieldStep,
  types: { readonly [typeName: string]: NodeType },
  { visible, observe }: Execution,
  plans: Plans,
): { readonly [typeName: string]: LimitedNodeType } {
  if (visible.size === 0) {
    return types;
  }
  const limited: { [typeName: string]: LimitedNodeType } = {};
  let said: VisibleTypes = {};
  for (const [typeName, type] of Object.entries(types)) {
    const limit = visible.has(typeName) ? visiblePlan(plans, visible, typeName) : undefined;
    limited[typeName] = limit === undefined ? type : { ...type, limit };
    said = { ...said, ...limit?.visible };
  }
  observe?.({ kind: "limited", step, visible: said });
  return limited;
}

/**
 * Reads the ids of a field's argument.
 *
 * @returns The type of each, and what is asked of each type.
 * @throws PuffError `PUFF_GLOBAL_ID_INVALID`
 */
export function readIds(
  step: FieldStep,
  types: { readonly [typeName: string]: LimitedNodeType },
  args: Arguments,
): { readonly typeNames: readonly string[]; readonly asked: readonly AskedType[] } {
  const ids = idsOf(step, args);
  const byType = new Map<string, Map<number, string>>();
  for (const [place, [typeName, id]] of ids.entries()) {
    if (!Object.hasOwn(types, typeName)) {
      throw invalidId();
    }
    const own = byType.get(typeName) ?? new Map<number, string>();
    byType.set(typeName, own.set(place, id));
  }
  const asked = [...byType].flatMap(([typeName, its]) => {
    const type = types[typeName];
    const own = ownStep(step, typeName);
    return type === undefined || own === null ? [] : [{ step: own, ids: its, ...statementOf(type, [...its.values()]) }];
  });
  return { typeNames: ids.map(([typeName]) => typeName), asked };
}

function idsOf({ shape }: FieldStep, args: Arguments): (readonly [typeName: string, id: string])[] {
  const given = shape.kind === "list" ? args["ids"] : [args["id"] ?? null];
  return (Array.isArray(given) ? given : []).map((text) => {
    const id = readGlobalId(String(text));
    if (id === null) {
      throw invalidId();
    }
    return id;
  });
}

function invalidId(): PuffError {
  return new PuffError("PUFF_GLOBAL_ID_INVALID", "that is not a global id of this schema", {
    remedy: "Send an id as an object showed it.",
  });
}

function statementOf(
  { source, key, limit }: LimitedNodeType,
  ids: readonly string[],
): Pick<AskedType, "key" | "plan" | "params"> {
  const writer = new SqlWriter(null);
  const rows = limit?.text ?? writer.fragment(source, "");
  writer.params.push(...(limit?.params ?? []), [0, printArray(ids)]);
  const params = writer.params as TypedText[]; // a source has constants alone, and what limits it no parents
  const text = `SELECT * FROM (${rows}) AS puff_row WHERE puff_row.${quoteName(key)} = ANY($${params.length})`;
  const plan: SqlPlan = {
    ...{ kind: "sql", text, params, parentKeys: [], childKeys: [key] },
    ...{
      typeColumn: "__typename",
      typeNames: null,
      ...limitsIn(limit),
    },
  };
  return { key, plan, params };
}

/** The same step for the same type, so that what is known of its statement is found again. */
const ownSteps = new WeakMap<FieldStep, Map<string, FieldStep>>();

function ownStep(step: FieldStep, typeName: string): FieldStep | null {
  const only = step.selection?.byType.get(typeName);
  if (step.selection === null || only === undefined) {
    return null; // nothing is asked of it
  }
  const known = ownSteps.get(step) ?? new Map<string, FieldStep>();
  ownSteps.set(step, known);
  let own = known.get(typeName);
  if (own === undefined) {
    const selection = { ...step.selection, typeName, byType: new Map([[typeName, only]]), only };
    own = { ...step, selection, shape: { kind: "list", nonNull: false, item: { kind: "object", nonNull: false } } };
    known.set(typeName, own);
  }
  return own;
}

/** Gives the objects of one type what there is for their rows, and tells which of them were `found`. */
export function placeRows(type: AskedType, rows: RowLayer, objects: ValueLayer, found: (number | null)[]): void {
  const places = rowsOf(type, rows, objects.count);
  for (const place of type.ids.keys()) {
    found[place] = places[place] === -1 ? null : place;
  }
  for (const { slot } of type.step.selection?.only?.steps ?? []) {
    const data = rows.data[slot];
    if (data !== undefined) {
      objects.data[slot] = dataOfRows(data, places);
    }
  }
}

/** Which row each object is, of `count`; -1: there is none. */
function rowsOf({ key, ids }: AskedType, layer: RowLayer, count: number): Int32Array {
  const reader = layer.reader(key);
  const rows = new Map<string | null, number>();
  for (let row = 0; row < layer.count; row++) {
    rows.set(reader?.text(row) ?? null, row);
  }
  const found = new Int32Array(count).fill(-1);
  for (const [place, id] of ids) {
    found[place] = rows.get(id) ?? -1;
  }
  return found;
}

/** What a layer has for its rows, for objects each of which is one of them. */
function dataOfRows(data: FieldData, rows: Int32Array): FieldData {
  switch (data.kind) {
    case "column":
      return { ...data, kind: "leaves", groups: { ...eachItsOwn(data.rows.count), of: rows } };
    case "objects":
    case "leaves": {
      const of = rows.map((row) => (row === -1 ? -1 : (data.groups.of[row] ?? -1)));
      return { ...data, groups: { ...data.groups, of } };
    }
    case "values":
      return { ...data, values: Array.from(rows, (row) => data.values[row] ?? null) };
    default:
      return data;
  }
}

function limitsIn(limit: SqlPlan | undefined): Limits {
  const { visible, denied } = limit ?? {};
  return { ...(visible === undefined ? {} : { visible }), ...(denied === undefined ? {} : { denied }) };
}
