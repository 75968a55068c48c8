/** Parents' values, as Python is given them. */
import type { ColumnValues, ParentColumns, WireValue } from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Catalogue } from "../database/catalogue.ts";
import { OID } from "../types/oids.ts";
import { holdsAttributes, Typed } from "../types/pg-types.ts";
import { itemsOfTyped, membersOfTyped } from "../types/typed-values.ts";
import { readerOf } from "./correlate.ts";
import type { Layer, ValueLayer } from "./layers.ts";
import { attributeOf } from "./values.ts";

/** The columns that a resolver wants, for each distinct parent; for instance methods all columns of each. */
export function parentColumns(layer: Layer, { step, members, columns }: Deferred, catalogue: Catalogue): ParentColumns {
  const names = columns ?? layer.columnNames;
  const chosen = columns === null ? members : distinctMembers(layer, members, columns, step);
  return {
    count: chosen.length,
    columns: Object.fromEntries(names.map((name) => [name, columnValues(layer, chosen, name, step, catalogue)])),
  };
}

function columnValues(
  layer: Layer,
  members: readonly number[],
  name: string,
  step: FieldStep,
  catalogue: Catalogue,
): ColumnValues {
  if (layer.kind === "values") {
    return { values: members.map((member) => sentAttribute(layer, member, name)) };
  }
  const reader = readerOf(layer, name, step.name);
  const type = catalogue.of(reader.oid);
  const texts = members.map((member) => reader.text(member));
  if (holdsAttributes(type)) {
    return { values: texts.map((text) => (text === null ? null : typedToWire(new Typed(type, text)))) };
  }
  const { element, delimiter } = type;
  return element === null ? { oid: type.oid, texts } : { oid: element.oid, delimiter, texts };
}

function distinctMembers(
  layer: Layer,
  members: readonly number[],
  columns: readonly string[],
  step: FieldStep,
): number[] {
  const identities = columns.map((name) => identityOf(layer, name, step));
  const seen = new Set<string>();
  return members.filter((member) => {
    const identity = JSON.stringify(identities.map((identityIn) => identityIn(member)));
    return !seen.has(identity) && seen.add(identity);
  });
}

/** Tells values of a column apart: rows by their texts, objects by all that an attribute holds. */
function identityOf(layer: Layer, name: string, step: FieldStep): (member: number) => WireValue {
  const reader = readerOf(layer, name, step.name);
  return layer.kind === "rows" ? (member) => reader.text(member) : (member) => sentAttribute(layer, member, name);
}

/** An attribute as it crosses the bridge. */
function sentAttribute(layer: ValueLayer, member: number, name: string): WireValue {
  const object = layer.objects[member];
  const value = object === undefined ? undefined : attributeOf(object, name);
  return object?.wire === true ? ((value ?? null) as WireValue) : toWire(value); // the bridge's own JSON
}

/** What a TypeScript resolver gave, for Python. */
function toWire(value: unknown): WireValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { t: [OID.float8, String(value)] };
    case "bigint":
      return { t: [OID.int8, String(value)] };
    case "object":
      if (value instanceof Typed) {
        return typedToWire(value);
      }
      if (value instanceof Date) {
        return { t: [OID.timestamptz, value.toISOString()] };
      }
      if (Array.isArray(value)) {
        return value.map(toWire);
      }
      return value === null ? null : { j: JSON.parse(JSON.stringify(value, bigintsAsText)) };
    default:
      return null;
  }
}

/** A text of a type that Python may not know the parts of. */
function typedToWire(value: Typed): WireValue {
  const { type, text } = value;
  if (type.element !== null) {
    return itemsOfTyped(value)?.map((item) => (item === null ? null : typedToWire(item))) ?? null;
  }
  if (type.attributes === null) {
    return { t: [type.oid, text] };
  }
  const members = Object.entries(membersOfTyped(value) ?? {});
  return {
    o: Object.fromEntries(members.map(([name, item]) => [name, item === null ? null : typedToWire(item)])),
    type: null,
  };
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** A resolver that waits for its parents' values; `columns` null: all of them, an object at a time (instance methods). */
export interface Deferred {
  readonly step: FieldStep;
  readonly members: readonly number[];
  readonly columns: readonly string[] | null;
}
