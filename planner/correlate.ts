/** Which of a plan's rows belong to which parent: by the values of their keys, as SQL's `=` has it for texts. */
import { PuffError, type SqlPlan, type TypedText, type ValuePlan } from "../schema/index.ts";
import type { ColumnReader, Groups, Layer } from "./layers.ts";
import { arrayOidOf, printArray } from "./types.ts";

/** Separates the texts of several keys: the one character that Postgres's texts can't hold. */
const SEPARATOR = "\0";

/**
 * Replaces a plan's symbols by arrays of the parents' values: distinct tuples, aligned with each other, those with a
 * NULL among their keys left out. Null where no parent has a key, so that no row could belong to any.
 */
export function bindParameters(
  plan: SqlPlan,
  parents: Layer,
  members: readonly number[],
  field: string,
): TypedText[] | null {
  const symbols = [...new Set(plan.params.flatMap((param) => ("parent" in param ? [param.parent] : [])))];
  if (symbols.length > 0 && plan.parentKeys.length === 0) {
    throw new PuffError(
      "PUFF_PLAN_UNCORRELATED",
      `the plan of ${field} uses ctx.parents["${symbols[0]}"], but does not say which of its columns equals it`,
      { remedy: `Add .on(${symbols[0]}="…") with the name of that column.` },
    );
  }
  if (plan.parentKeys.length === 0) {
    return plan.params.filter((param) => !("parent" in param)) as TypedText[]; // there are no symbols
  }
  const keys = plan.parentKeys.map((name) => readerOf(parents, name, field));
  const readers = symbols.map((name) => readerOf(parents, name, field));
  const seen = new Set<string>();
  const columns = readers.map((): (string | null)[] => []);
  for (const member of members) {
    const keyTexts = keys.map((key) => key.text(member));
    if (keyTexts.includes(null)) {
      continue;
    }
    const tuple = readers.map((reader) => reader.text(member));
    const identity = [...keyTexts, ...tuple.map((text) => (text === null ? "n" : `t${text}`))].join(SEPARATOR);
    if (!seen.has(identity)) {
      seen.add(identity);
      for (const [index, text] of tuple.entries()) {
        columns[index]?.push(text);
      }
    }
  }
  if (seen.size === 0) {
    return null;
  }
  const arrays = new Map(
    symbols.map((name, index) => [
      name,
      [arrayOidOf(readers[index]?.oid ?? 0), printArray(columns[index] ?? [])] as const,
    ]),
  );
  return plan.params.map((param) => ("parent" in param ? (arrays.get(param.parent) ?? [0, null]) : param));
}

/** Groups the children by their keys and finds each member's group. Without keys, every member has all children. */
export function groupChildren(
  plan: SqlPlan | ValuePlan,
  parents: Layer,
  members: readonly number[],
  children: Layer,
  field: string,
): Groups {
  if (plan.parentKeys.length === 0) {
    return everyChild(parents.count, children.count);
  }
  const childKeys = plan.childKeys.map((name) => readerOf(children, name, field));
  const groupOf = new Map<string, number>();
  const sizes: number[] = [];
  const groups = new Int32Array(children.count);
  for (let child = 0; child < children.count; child++) {
    const key = keyOf(childKeys, child);
    let group = key === null ? -1 : groupOf.get(key);
    if (group === undefined) {
      group = sizes.push(0) - 1;
      groupOf.set(key as string, group); // null has group -1
    }
    groups[child] = group;
    if (group !== -1) {
      sizes[group] = (sizes[group] ?? 0) + 1;
    }
  }
  const { starts, rows } = sortIntoGroups(groups, sizes);
  const parentKeys = plan.parentKeys.map((name) => readerOf(parents, name, field));
  const of = new Int32Array(parents.count).fill(-1);
  for (const member of members) {
    const key = keyOf(parentKeys, member);
    of[member] = (key === null ? undefined : groupOf.get(key)) ?? -1;
  }
  return { of, starts, rows };
}

/** No children for anyone. */
export function noChildren(parentCount: number): Groups {
  return { of: new Int32Array(parentCount).fill(-1), starts: new Int32Array(1), rows: new Int32Array(0) };
}

/** A column of a layer that a plan's keys or symbols name. */
export function readerOf(layer: Layer, name: string, field: string): ColumnReader {
  const reader = layer.reader(name);
  if (reader === null) {
    const names = layer.columnNames;
    throw new PuffError(
      "PUFF_PLAN_KEY_MISSING",
      `the plan of ${field} correlates on "${name}", which is not among the columns ${names.join(", ") || "(none)"}`,
      { remedy: `Add "${name}" to the SELECT of ${layer.selection.typeName}, or correct .on(…).` },
    );
  }
  return reader;
}

function everyChild(parentCount: number, childCount: number): Groups {
  return {
    of: new Int32Array(parentCount),
    starts: Int32Array.of(0, childCount),
    rows: Int32Array.from({ length: childCount }, (_, index) => index),
  };
}

/** A counting sort, so that within a group the order of the plan's rows is kept. */
function sortIntoGroups(groups: Int32Array, sizes: readonly number[]): { starts: Int32Array; rows: Int32Array } {
  const starts = new Int32Array(sizes.length + 1);
  for (const [group, size] of sizes.entries()) {
    starts[group + 1] = (starts[group] as number) + size; // starts is one longer than sizes
  }
  const next = starts.slice();
  const rows = new Int32Array(starts[sizes.length] ?? 0);
  for (const [child, group] of groups.entries()) {
    if (group !== -1) {
      rows[next[group] as number] = child; // each group has its start
      next[group] = (next[group] as number) + 1;
    }
  }
  return { starts, rows };
}

function keyOf(readers: readonly ColumnReader[], index: number): string | null {
  const [first] = readers;
  if (first !== undefined && readers.length === 1) {
    return first.text(index);
  }
  const texts = readers.map((reader) => reader.text(index));
  return texts.includes(null) ? null : texts.join(SEPARATOR);
}
