/** What an operation reads from objects, told to Python beforehand. */
import type { MethodCall, ResolveResult, SqlPlan, ValueSelection } from "../../schema/index.ts";
import type { Column } from "../bytes/rows.ts";
import type { FieldStep, Selection, StepSource, VariableValues } from "../contract/operation-plan.ts";
import { fieldsOfRow, hasStatement, partOf, termsOf } from "../contract/page-parts.ts";
import { leafColumn } from "../layers/leaf-data.ts";
import type { Plans } from "../layers/plans.ts";
import { Failed } from "../layers/values.ts";
import { resolverArgumentsOf } from "../operation/field-arguments.ts";
import { symbolsOf } from "../sql/symbols.ts";

/** What Python shall read of the objects that a resolver may return; null if it returns a leaf. */
export function selectionOf(step: FieldStep, variables: VariableValues): ValueSelection | null {
  return step.selection === null ? null : valueSelection(step.selection, variables);
}

function valueSelection(selection: Selection, variables: VariableValues): ValueSelection {
  const byType: { [typeName: string]: MutableTypeSelection } = bare();
  for (const [typeName, plan] of selection.byType) {
    const columns: string[] = [];
    const objects: { [attribute: string]: ValueSelection } = bare();
    const methods: MethodCall[] = [];
    for (const step of plan.steps) {
      const inner = selectionOf(step, variables);
      if (step.source.kind === "method") {
        methods.push({
          key: methodKey(step),
          field: step.definition.name,
          args: resolverArgumentsOf(step, variables),
          path: step.layer,
          selection: inner,
        });
      } else if (step.source.kind === "column" && inner === null) {
        columns.push(step.source.column);
      } else if (step.source.kind === "column" && inner !== null) {
        objects[step.source.column] = merge(objects[step.source.column], inner);
      }
    }
    byType[typeName] = { columns, objects, methods };
  }
  return byType;
}

/**
 * The columns of a statement that anything reads: fields, keys and symbols of plans below, the type column. All of
 * them where someone may read any: TypeScript's resolvers, instance methods, resolvers that insist on values. Null
 * where one is missing, which the statement run alone tells.
 */
export function neededColumns(
  step: FieldStep,
  plan: SqlPlan,
  columns: readonly Column[],
  plans: Plans,
): readonly Column[] | null {
  const names = new Set([...plan.childKeys, ...termsOf(plan)]);
  const { selection } = step;
  if (partOf(step) === "pageInfo") {
    return columnsOf(columns, names);
  }
  if (selection === null) {
    const value = leafColumn(columns, plan.childKeys, step.definition.name);
    if (value === null || hasTwins(columns)) {
      return null;
    }
    names.add(value.name);
    return columnsOf(columns, names);
  }
  if (selection.byType.size > 1 || (selection.only === null && columns.some(({ name }) => name === plan.typeColumn))) {
    names.add(plan.typeColumn);
  }
  for (const { source, plan: below, isAbstract } of stepsOf(selection, plans)) {
    if (isAbstract) {
      names.add(plan.typeColumn);
    }
    if (source.kind === "column") {
      names.add(source.column);
    } else if (
      source.kind === "function" ||
      source.kind === "method" ||
      (below !== undefined && below.kind === "needs")
    ) {
      return hasTwins(columns) ? null : columns;
    } else if (below !== undefined && (below.kind === "sql" || below.kind === "value")) {
      for (const name of [...below.parentKeys, ...(below.kind === "sql" ? symbolsOf(below) : [])]) {
        names.add(name);
      }
    }
  }
  return columnsOf(columns, names);
}

/** Null if one is missing. */
function columnsOf(columns: readonly Column[], names: ReadonlySet<string>): readonly Column[] | null {
  const found = columns.filter(({ name }) => names.has(name));
  return found.length === names.size ? found : null;
}

function stepsOf(
  selection: Selection,
  plans: Plans,
): { source: StepSource; plan: ResolveResult | undefined; isAbstract: boolean }[] {
  return [...fieldsOfRow(selection)].map(({ step, selection: own }) => {
    const plan = plans.get(step);
    const isAbstract = own !== selection && own.only === null && own.byType.size > 1;
    return { source: step.source, plan: plan instanceof Failed ? undefined : plan, isAbstract };
  });
}

/** Whether a name would be ambiguous in a subquery. */
function hasTwins(columns: readonly Column[]): boolean {
  return new Set(columns.map(({ name }) => name)).size < columns.length;
}

/** An object whose keys are users' names: of those that others inherit, such as `constructor`, it has none. */
function bare<T>(): { [name: string]: T } {
  return Object.create(null) as { [name: string]: T };
}

/** The attribute under which Python sends the result of an instance method: no Python name has parentheses. */
export function methodKey(step: FieldStep): string {
  return `${step.key}()`;
}

type MutableTypeSelection = { -readonly [key in keyof ValueSelection[string]]: ValueSelection[string][key] };

/** Two aliases of one attribute read the union of what each reads. */
function merge(one: ValueSelection | undefined, other: ValueSelection): ValueSelection {
  if (one === undefined) {
    return other;
  }
  return Object.fromEntries(
    Object.entries(other).map(([typeName, { columns, objects, methods }]) => {
      const first = one[typeName] ?? { columns: [], objects: {}, methods: [] };
      const merged: { [attribute: string]: ValueSelection } = Object.assign(bare(), first.objects);
      for (const [attribute, selection] of Object.entries(objects)) {
        merged[attribute] = merge(merged[attribute], selection);
      }
      return [
        typeName,
        {
          columns: [...new Set([...first.columns, ...columns])],
          objects: merged,
          methods: [...first.methods, ...methods],
        },
      ];
    }),
  );
}

/** All fields that Python resolves, at any depth: their parents can be symbols. Found once for a compiled operation. */
export function resolverSteps(steps: readonly FieldStep[]): readonly FieldStep[] {
  let found = resolversOf.get(steps);
  if (found === undefined) {
    found = steps.flatMap((step) => [
      ...(step.source.kind === "resolver" ? [step] : []),
      ...resolverSteps(stepsBelow(step)),
    ]);
    resolversOf.set(steps, found);
  }
  return found;
}

/** Whether any field of the step's own objects has a resolver: none, and nothing can be fused with it. */
export function hasResolvers(step: FieldStep): boolean {
  let has = hasResolversOf.get(step);
  if (has === undefined) {
    has = [...fieldsOfRow(step.selection)].some((field) => hasStatement(field.step));
    hasResolversOf.set(step, has);
  }
  return has;
}

/** Whether its resolver's own statements are to be part of the operation's transaction. */
export function borrowsDatabase({ source }: FieldStep): boolean {
  return source.kind === "resolver" && source.borrows === true;
}

/** Each request asks. */
const hasResolversOf = new WeakMap<FieldStep, boolean>();

const resolversOf = new WeakMap<readonly FieldStep[], readonly FieldStep[]>();

const stepsBelowOf = new WeakMap<FieldStep, readonly FieldStep[]>();

/** The same list each time, which what is known of it is found by. */
export function stepsBelow(step: FieldStep): readonly FieldStep[] {
  let below = stepsBelowOf.get(step);
  if (below === undefined) {
    below = [...(step.selection?.byType.values() ?? [])].flatMap((plan) => plan.steps);
    stepsBelowOf.set(step, below);
  }
  return below;
}
