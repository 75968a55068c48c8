/** The layers of a response: where their objects' values are, and how each field of theirs is found. */
import type { GraphQLError } from "graphql";
import { PuffError, type SqlPlan, type ValuePlan } from "../../schema/index.ts";
import type { BytesWriter } from "../bytes/leaves.ts";
import type { Output } from "../bytes/output.ts";
import type { RowSet } from "../bytes/rows.ts";
import type { FieldStep, ObjectPlan, Selection } from "../contract/operation-plan.ts";
import type { Catalogue } from "../database/catalogue.ts";
import { isIntegerOid, keyText } from "../types/oids.ts";
import { Typed } from "../types/pg-types.ts";
import { decode } from "../types/typed-values.ts";
import {
  attributeOf,
  commonOid,
  Failed,
  hasAttribute,
  plainObject,
  type Settled,
  scalarOf,
  textOf,
  unwrap,
  type ValueObject,
} from "./values.ts";

/** All objects at one path of the response, list indices left out. */
export type Layer = RowLayer | ValueLayer;

/** How a step's values are found for object `i` of its layer. */
export type FieldData =
  /** Every object's value failed alike. */
  | { readonly kind: "failed"; readonly error: PuffError | GraphQLError }
  /** JSON that is ready: what introspection answered. */
  | { readonly kind: "json"; readonly text: string }
  /** A leaf in the layer's own row. */
  | { readonly kind: "column"; readonly rows: RowSet; readonly column: number; readonly write: BytesWriter }
  /** Objects of another layer: a list of them, or the first. */
  | { readonly kind: "objects"; readonly groups: Groups; readonly layer: Layer; readonly absent?: string }
  /** Leaves in other rows: a list of them, or the first. */
  | {
      readonly kind: "leaves";
      readonly groups: Groups;
      readonly rows: RowSet;
      readonly column: number;
      readonly write: BytesWriter;
      readonly absent?: string;
    }
  /** A leaf that is made of each object, and never null. */
  | { readonly kind: "made"; readonly write: (out: Output, index: number) => void }
  /** A settled value for each object. */
  | { readonly kind: "values"; readonly values: readonly Settled[]; readonly layer: ValueLayer | null }
  /** The same settled value for every object. */
  | { readonly kind: "shared"; readonly value: Settled; readonly layer: ValueLayer | null };

/** Which rows belong to which object: `rows[starts[g] … starts[g + 1]]` for the group `g = of[object]`; -1: none. */
export interface Groups {
  readonly of: Int32Array;
  readonly starts: Int32Array;
  readonly rows: Int32Array;
}

/** Reads one column of a layer, for keys and parameters. */
export interface ColumnReader {
  /** Type of the column; 0 where texts have none. */
  readonly oid: number;
  /** In Postgres's text format; null for NULL. */
  text(index: number): string | null;
  /** Whether all values are integers: then two columns' keys compare as they are. */
  readonly isInteger: boolean;
  /** What is the same where the values are equal, as a text at least: some columns give integers as numbers. */
  key(index: number): string | number | null;
}

/** A plan, and the objects that its symbols are columns of. */
export interface Origin {
  readonly plan: SqlPlan;
  readonly parents: Layer;
}

/** A layer whose objects are rows of SQL. */
export class RowLayer {
  readonly kind = "rows";
  readonly selection: Selection;
  readonly rows: RowSet;
  readonly types: readonly (ObjectPlan | Failed)[] | null;
  /** The statement that gave the rows. */
  readonly origin: Origin;
  readonly data: FieldData[] = [];

  /** `types`: each row's plan, or null if the selection has only one. */
  constructor(selection: Selection, rows: RowSet, types: readonly (ObjectPlan | Failed)[] | null, origin: Origin) {
    this.selection = selection;
    this.rows = rows;
    this.types = types;
    this.origin = origin;
  }

  get count(): number {
    return this.rows.count;
  }

  get columnNames(): readonly string[] {
    return this.rows.named.map((column) => column.name);
  }

  reader(name: string): ColumnReader | null {
    const { rows } = this;
    const index = rows.indexOf(name);
    const column = rows.columns[index];
    if (column === undefined) {
      return null;
    }
    const isInteger = isIntegerOid(column.oid);
    const text = (row: number) => {
      rows.seek(row);
      return rows.isNull(index) ? null : rows.text(index);
    };
    const key = (row: number) => {
      rows.seek(row);
      if (rows.isNull(index)) {
        return null;
      }
      const integer = isInteger ? rows.integer(index) : Number.NaN;
      return Number.isNaN(integer) ? keyText(column.oid, rows.text(index)) : integer;
    };
    return { oid: column.oid, text, isInteger, key };
  }
}

/** A layer whose objects were computed. */
export class ValueLayer {
  readonly kind = "values";
  readonly selection: Selection;
  readonly objects: readonly ValueObject[];
  readonly types: readonly (ObjectPlan | Failed)[] | null;
  /** What its plan says of its caller; undefined: there is none. */
  readonly limits: Limits | undefined;
  readonly data: FieldData[] = [];

  constructor(selection: Selection, objects: readonly ValueObject[], limits?: Limits) {
    this.selection = selection;
    this.objects = objects;
    this.limits = limits;
    this.types = selection.only === null ? objects.map((object) => planOf(selection, object.typeName)) : null;
  }

  get count(): number {
    return this.objects.length;
  }

  get columnNames(): readonly string[] {
    return Object.keys(this.objects[0]?.attributes ?? {});
  }

  reader(name: string): ColumnReader | null {
    const { objects } = this;
    if (objects.length > 0 && !objects.some((object) => hasAttribute(object, name))) {
      return null;
    }
    const values = objects.map((object) => scalarOf(unwrap(attributeOf(object, name), object.wire)));
    const oid = commonOid(values);
    const text = (index: number) => textOf(values[index]);
    const key = (index: number) => {
      const value = text(index);
      return value === null ? null : keyText(oid, value);
    };
    return { oid, text, isInteger: false, key };
  }
}

/** The layer of the one object that root fields belong to. */
export function rootLayer(selection: Selection): ValueLayer {
  return new ValueLayer(selection, [{ attributes: {}, typeName: selection.typeName, wire: false }]);
}

/** What a plan says of what its caller may see. */
export type Limits = Pick<ValuePlan, "visible" | "denied">;

export function limitsOf(layer: Layer): Limits | undefined {
  return layer.kind === "rows" ? layer.origin.plan : layer.limits;
}

/** A layer's objects under the name of another type. */
export function sameRows(layer: Layer, step: FieldStep): Layer {
  const selection = step.selection ?? layer.selection;
  if (layer.kind === "values") {
    return new ValueLayer(selection, layer.objects, layer.limits);
  }
  return new RowLayer(selection, layer.rows, typesOf(layer.rows, selection, layer.origin.plan, step), layer.origin);
}

/** The plan for a type's name, or why there is none. */
function planOf(selection: Selection, typeName: string | null): ObjectPlan | Failed {
  const only = selection.byType.size === 1 ? [...selection.byType.values()][0] : undefined;
  const plan = typeName === null ? only : selection.byType.get(typeName);
  if (plan !== undefined) {
    return plan;
  }
  const names = [...selection.byType.keys()].join(", ");
  return new Failed(
    new PuffError(
      "PUFF_TYPE_UNRESOLVED",
      typeName === null
        ? `an object of ${selection.typeName} does not say which type it has, one of ${names}`
        : `"${typeName}" is none of the types of ${selection.typeName}, which are ${names}`,
      { remedy: "Select a column named __typename, or name the column with .types(…)." },
    ),
  );
}

/** The plan of each row by its type column; null if the selection has only one. */
export function typesOf(
  rows: RowSet,
  selection: Selection,
  plan: SqlPlan,
  step: FieldStep,
): (ObjectPlan | Failed)[] | null {
  if (selection.only !== null) {
    return null;
  }
  const column = rows.indexOf(plan.typeColumn);
  if (column === -1 && selection.byType.size > 1) {
    throw missingColumn(step, plan.typeColumn, rows);
  }
  const plans: (ObjectPlan | Failed)[] = [];
  for (let row = 0; row < rows.count; row++) {
    rows.seek(row);
    const text = column === -1 || rows.isNull(column) ? null : rows.text(column);
    plans.push(planOf(selection, text === null ? null : typeNameOf(plan, text)));
  }
  return plans;
}

function typeNameOf({ typeNames }: SqlPlan, text: string): string {
  return typeNames !== null && Object.hasOwn(typeNames, text) ? (typeNames[text] ?? text) : text;
}

/** Reads a parent as an object of JavaScript values. */
export function parentReader(layer: Layer, catalogue: Catalogue): (index: number) => { [column: string]: unknown } {
  if (layer.kind === "values") {
    return (index) => {
      const object = layer.objects[index];
      return object === undefined ? {} : plainObject(object.attributes, object.wire);
    };
  }
  const { rows } = layer;
  return (index) => {
    rows.seek(index);
    return Object.fromEntries(
      rows.columns.flatMap(({ name, oid }, column) =>
        name === ""
          ? []
          : [[name, rows.isNull(column) ? null : decode(new Typed(catalogue.of(oid), rows.text(column)))]],
      ),
    );
  };
}

/** Bytes of a name in Postgres, as it is built unless someone says otherwise (NAMEDATALEN). */
const LONGEST_NAME = 63;

/** A column that the operation reads is not among the statement's. */
export function missingColumn(step: FieldStep, column: string, rows: RowSet): PuffError {
  const names = rows.named.map(({ name }) => name).join(", ");
  if (rows.columns.length === 0) {
    return new PuffError("PUFF_PLAN_COLUMN_MISSING", `${step.name} wants rows, but its statement returns none`, {
      remedy: `Add RETURNING to it, with a column for the answer, or AS "${column}".`,
    });
  }
  if (Buffer.byteLength(column) > LONGEST_NAME) {
    return new PuffError(
      "PUFF_PLAN_COLUMN_MISSING",
      `${step.name} wants the column "${column}", but Postgres cuts names after ${LONGEST_NAME} bytes`,
      { remedy: "Give the field a shorter name." },
    );
  }
  return new PuffError(
    "PUFF_PLAN_COLUMN_MISSING",
    `${step.name} wants the column "${column}", but the rows have ${names}`,
    {
      remedy: `Add it to the SELECT, or rename a column with AS "${column}".`,
    },
  );
}

/** The objects of each concrete type; types without an object need nothing. */
export function membersByPlan({ selection, types, count }: Layer): Map<ObjectPlan, readonly number[]> {
  const members = new Map<ObjectPlan, number[]>();
  if (types === null) {
    if (selection.only !== null && count > 0) {
      members.set(selection.only, firstIntegers(count));
    }
    return members;
  }
  for (const [index, plan] of types.entries()) {
    if (plan instanceof Failed) {
      continue;
    }
    const list = members.get(plan);
    if (list === undefined) {
      members.set(plan, [index]);
    } else {
      list.push(index);
    }
  }
  return members;
}

function firstIntegers(count: number): number[] {
  const integers: number[] = [];
  for (let integer = 0; integer < count; integer++) {
    integers.push(integer);
  }
  return integers;
}
