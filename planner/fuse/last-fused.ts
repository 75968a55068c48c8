/**
 * What an operation was fused to last. Most requests bring plans that differ from the last ones in their parameters'
 * values alone: comparing them costs a tenth of finding out anew which columns each needs and which statement they make.
 */
import type { SqlPlan, TypedText } from "../../schema/index.ts";
import type { FieldStep } from "../contract/operation-plan.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import type { BoundStatement, Node } from "./bound-statement.ts";
import type { FusedShape } from "./fused-statement.ts";

export interface LastFused {
  readonly scope: string;
  /** As {@link typesAlone} gives them. */
  readonly roots: readonly BoundStatement[];
  /** Of all fields with resolvers, not of the fused ones alone: which columns are needed depends on each. */
  readonly plans: readonly (readonly [FieldStep, SqlPlan])[];
  /** Their plans and parameters are those of the next request. */
  readonly nodes: readonly Node[];
  readonly shape: FusedShape;
}

/** What to remember of a request; null if one of its plans is not SQL. */
export function remember(
  scope: string,
  roots: readonly BoundStatement[],
  plans: Plans,
  nodes: readonly Node[],
  shape: FusedShape,
): LastFused | null {
  const sqlPlans: [FieldStep, SqlPlan][] = [];
  for (const [step, plan] of plans) {
    if (plan instanceof Failed || plan.kind !== "sql") {
      return null;
    }
    sqlPlans.push([step, withTypesAlone(plan)]);
  }
  return { scope, shape, plans: sqlPlans, roots: roots.map(typesAlone), nodes: nodesWithTypesAlone(nodes) };
}

/** Parents come before their children. */
function nodesWithTypesAlone(nodes: readonly Node[]): Node[] {
  const bare = new Map<Node, Node>();
  for (const node of nodes) {
    const parent = node.parent === null ? null : (bare.get(node.parent) ?? null);
    bare.set(node, { ...node, plan: withTypesAlone(node.plan), params: null, parent });
  }
  return [...bare.values()];
}

/** A statement without the values of its parameters, which are a request's and may be large: types are compared. */
export function typesAlone({ step, plan, params }: BoundStatement): BoundStatement {
  return { step, plan: withTypesAlone(plan), params: params.map(([oid]) => [oid, null]) };
}

/** The plan itself where it has no values, as that of a pure resolver without arguments: such are compared at once. */
function withTypesAlone(plan: SqlPlan): SqlPlan {
  const hasValues = plan.params.some((param) => !("parent" in param) && param[1] !== null);
  return hasValues
    ? { ...plan, params: plan.params.map((param) => ("parent" in param ? param : [param[0], null])) }
    : plan;
}

/** The nodes of the last time with this request's values; null if they would not be the same nodes. */
export function recall(
  last: LastFused,
  scope: string,
  roots: readonly BoundStatement[],
  plans: Plans,
): readonly Node[] | null {
  if (last.scope !== scope || last.roots.length !== roots.length || last.plans.length !== plans.size) {
    return null;
  }
  for (const [index, root] of roots.entries()) {
    const known = last.roots[index];
    if (known?.step !== root.step || !sameForm(known.plan, root.plan) || !sameTypes(known.params, root.params)) {
      return null;
    }
  }
  for (const [step, known] of last.plans) {
    const plan = plans.get(step);
    if (plan === undefined || plan instanceof Failed || plan.kind !== "sql" || !sameForm(known, plan)) {
      return null;
    }
  }
  return last.nodes.map((node, index) => {
    const root = roots[index];
    const plan = root?.plan ?? plans.get(node.step);
    return { ...node, plan: plan as SqlPlan, params: root?.params ?? null }; // each was compared above
  });
}

/** Whether two plans differ at most in the values of their parameters. */
export function sameForm(one: SqlPlan, other: SqlPlan): boolean {
  return (
    one === other ||
    (one.text === other.text &&
      one.typeColumn === other.typeColumn &&
      one.typeNames === other.typeNames &&
      sameTexts(one.parentKeys, other.parentKeys) &&
      sameTexts(one.childKeys, other.childKeys) &&
      sameTypes(one.params, other.params))
  );
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((text, index) => text === other[index]));
}

type Parameters = SqlPlan["params"] | readonly TypedText[];

export function sameTypes(one: Parameters, other: Parameters): boolean {
  return (
    one === other ||
    (one.length === other.length && one.every((param, index) => typeOf(param) === typeOf(other[index])))
  );
}

/** The name of the parents' column, or the type of a value. */
function typeOf(param: Parameters[number] | undefined): string | number | undefined {
  return param === undefined || !("parent" in param) ? param?.[0] : param.parent;
}
