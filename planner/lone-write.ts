/**
 * Mutations whose one statement commits in the flight that it goes to Postgres in.
 *
 * An error in such a field must roll it back, and what could be one is known once the statement was run: a null, a value
 * that its type has no form for, a row that is not there. So Postgres looks for these itself, within the statement: where
 * it finds one, the statement fails, nothing lasts, and the field is run in a transaction, which says what is wrong.
 */
import type { SqlPlan, TypedText } from "../schema/index.ts";
import { PuffError } from "../schema/index.ts";
import type { Leaf } from "./bytes/leaves.ts";
import type { Column } from "./bytes/rows.ts";
import { isPage } from "./collections/page-rows.ts";
import type { FieldStep, ObjectPlan } from "./contract/operation-plan.ts";
import type { Catalogue } from "./database/catalogue.ts";
import type { Database, Statement } from "./database/database.ts";
import { statementFor } from "./database/row-counts.ts";
import type { Layer } from "./layers/layers.ts";
import type { Plans } from "./layers/plans.ts";
import { Failed } from "./layers/values.ts";
import type { VisibleSteps } from "./resolve/visible-steps.ts";
import { cutSql, quoteName } from "./sql/sql-text.ts";
import { OID } from "./types/oids.ts";

/** What is known of a field's statement since it was run in a transaction. */
interface KnownWrite {
  readonly text: string;
  readonly scope: string;
  /** With what Postgres looks for; null: it can't. */
  readonly checked: string | null;
  /** Runs in a row that Postgres failed. */
  failures: number;
}

const known = new WeakMap<FieldStep, KnownWrite>();
/** After which a statement is always run in a transaction. */
const mostFailures = 3;

/** A statement that answers a field, and is committed where it succeeds. */
export interface LoneWrite {
  readonly plan: SqlPlan;
  readonly statement: Statement;
  /** Told whether it succeeded. */
  ran(succeeded: boolean): void;
}

/** The statement that answers a field; null: there is none yet, or it needs a transaction. */
export async function loneWrite(
  step: FieldStep,
  plans: Plans,
  { scope = "" }: Database,
  visible: VisibleSteps,
): Promise<LoneWrite | null> {
  const write = known.get(step);
  const plan = plans.get(step);
  if (write === undefined || write.checked === null || write.failures >= mostFailures || !isPlain(plan)) {
    return null;
  }
  const typeName = step.selection?.typeName ?? "";
  const isLimited = !visible.has(typeName) || plan.visible?.[typeName] !== undefined; // else its objects are refused
  if (write.text !== plan.text || write.scope !== scope || !isLimited) {
    return null;
  }
  const statement = await statementFor(write.checked, plan.params as readonly TypedText[]); // as was asked
  const ran = (succeeded: boolean): void => {
    write.failures = succeeded ? 0 : write.failures + 1;
  };
  return { plan, statement, ran };
}

/** Remembers a field's statement, which was run in a transaction and gave the layer's data. */
export async function learnWrite(
  step: FieldStep,
  plans: Plans,
  layer: Layer,
  { scope = "" }: Database,
  catalogue: Catalogue,
): Promise<void> {
  const plan = plans.get(step);
  const data = layer.data[step.slot];
  if (!isPlain(plan) || data?.kind !== "objects" || data.layer.kind !== "rows") {
    return;
  }
  const write = known.get(step);
  if (write?.text === plan.text && write.scope === scope && write.checked === null) {
    return;
  }
  const checked = await checkedText(step, plan, data.layer.rows.columns, catalogue).catch(() => null); // it is not SQL
  known.set(step, { text: plan.text, scope, checked, failures: write?.text === plan.text ? write.failures : 0 });
}

/** Whether a failure is not the statement's, so that the same would come of it in a transaction, or it may have been committed. */
export function isOutside(error: unknown): boolean {
  return error instanceof PuffError && (error.status === 503 || ended.has(error.code));
}

const ended = new Set(["PUFF_STATEMENT_TIMEOUT", "PUFF_STATEMENT_CANCELLED", "PUFF_INTERNAL"]);

function isPlain(plan: ReturnType<Plans["get"]>): plan is SqlPlan {
  return (
    plan !== undefined &&
    !(plan instanceof Failed) &&
    plan.kind === "sql" &&
    !isPage(plan) &&
    plan.parentKeys.length === 0 &&
    plan.params.every((param) => !("parent" in param))
  );
}

/** The statement with conditions under which nothing that is written of its rows can fail; null: they can't be told. */
async function checkedText(
  step: FieldStep,
  plan: SqlPlan,
  columns: readonly Column[],
  catalogue: Catalogue,
): Promise<string | null> {
  const { shape, selection } = step;
  const item = shape.kind === "list" ? shape.item : shape;
  const fields = item.kind === "object" && selection?.only ? fieldsOf(selection.only, columns, catalogue) : null;
  if (fields === null || fields.length === 0) {
    return null;
  }
  const wantsRow = shape.kind === "object" && (shape.nonNull || plan.absent !== undefined);
  const conditions = [...(wantsRow ? ["w.puff_row"] : []), ...new Set(fields.flatMap(({ conditions }) => conditions))];
  const from = wantsRow
    ? "(SELECT true AS puff_row, w.* FROM puff_written AS w) AS w RIGHT JOIN (SELECT) AS one ON true"
    : "puff_written AS w";
  const names = [...new Set(fields.map(({ column }) => `w.${column}`))].join(", ");
  return (
    `WITH puff_written AS (\n${(await cutSql(plan.text)).text}\n) SELECT ${names} FROM ${from} ` +
    `WHERE 1 OPERATOR(pg_catalog./) ((${conditions.join(" AND ")}) IS TRUE)::pg_catalog.int4 OPERATOR(pg_catalog.=) 1`
  );
}

interface CheckedField {
  /** Its name as SQL quotes it. */
  readonly column: string;
  readonly conditions: readonly string[];
}

/** Null where a field is not a column of the row, or what it needs can't be told. */
function fieldsOf(
  { steps }: ObjectPlan,
  columns: readonly Column[],
  catalogue: Catalogue,
): readonly CheckedField[] | null {
  const fields: CheckedField[] = [];
  for (const { source, shape } of steps) {
    if (source.kind === "typename") {
      continue;
    }
    const found = source.kind === "column" ? columns.filter(({ name }) => name === source.column) : [];
    const [column, another] = found;
    if (column === undefined || another !== undefined || shape.kind !== "leaf" || catalogue.lacks([column])) {
      return null;
    }
    const name = quoteName(column.name);
    const fits = conditionOf(shape.leaf, column, catalogue, `w.${name}`);
    if (fits === null) {
      return null;
    }
    // The column may be another by the time that it is run: then, too, it is to fail.
    const isSame = `pg_catalog.pg_typeof(w.${name})::pg_catalog.oid OPERATOR(pg_catalog.=) ${column.oid}::pg_catalog.oid`;
    const isThere = shape.nonNull ? [`w.${name} IS NOT NULL`] : [];
    const doesFit = fits === "" ? [] : [shape.nonNull ? fits : `(w.${name} IS NULL OR ${fits})`];
    fields.push({ column: name, conditions: [isSame, ...isThere, ...doesFit] });
  }
  return fields;
}

/** Under which condition a value has a form, empty: each has one; null: it can't be told. */
function conditionOf(leaf: Leaf, { oid }: Column, catalogue: Catalogue, value: string): string | null {
  if (leaf.formFor(catalogue.of(oid)) !== null || (leaf.base === "Boolean" && oid === OID.bool)) {
    return "";
  }
  if (leaf.base === "Float" && (oid === OID.float8 || oid === OID.float4)) {
    const type = oid === OID.float8 ? "float8" : "float4";
    return between(value, [">", "-Infinity"], ["<", "Infinity"], type);
  }
  if (leaf.base === "DateTime" && (oid === OID.timestamptz || oid === OID.timestamp)) {
    const type = oid === OID.timestamptz ? "timestamptz" : "timestamp";
    const zone = oid === OID.timestamptz ? "+00" : "";
    return between(value, [">=", `0001-01-02${zone}`], ["<=", `9999-12-30${zone}`], type);
  }
  return null;
}

function between(value: string, ...[low, high, type]: readonly [Bound, Bound, string]): string {
  const is = ([operator, limit]: Bound) => `${value} OPERATOR(pg_catalog.${operator}) '${limit}'::pg_catalog.${type}`;
  return `${is(low)} AND ${is(high)}`;
}

type Bound = readonly [operator: string, limit: string];
