/** What an operation reads of Python's objects, told to Python beforehand. */
import { getArgumentValues } from "graphql";
import type { Arguments, MethodCall, ResolveResult, SqlPlan, ValueSelection } from "../schema/index.ts";
import type { FieldStep, Selection, StepSource, VariableValues } from "./compile.ts";
import type { Plans } from "./execute.ts";
import type { Column } from "./rows.ts";
import { Failed } from "./values.ts";

/** What Python shall read of the objects that a resolver may return; null where it returns a leaf. */
export function selectionOf(step: FieldStep, variables: VariableValues): ValueSelection | null {
  return step.selection === null ? null : valueSelection(step.selection, variables);
}

function valueSelection(selection: Selection, variables: VariableValues): ValueSelection {
  const byType: { [typeName: string]: MutableTypeSelection } = {};
  for (const [typeName, plan] of selection.byType) {
    const columns: string[] = [];
    const objects: { [attribute: string]: ValueSelection } = {};
    const methods: MethodCall[] = [];
    for (const step of plan.steps) {
      const inner = selectionOf(step, variables);
      if (step.source.kind === "method") {
        methods.push({
          key: methodKey(step),
          field: step.definition.name,
          args: argumentsOf(step, variables),
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
  const names = new Set(plan.childKeys);
  const { selection } = step;
  if (selection === null) {
    return hasTwins(columns) ? null : columns;
  }
  if (selection.byType.size > 1) {
    names.add(plan.typeColumn);
  }
  for (const { source, plan: below } of stepsOf(selection, plans)) {
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
  const needed = columns.filter(({ name }) => names.has(name));
  return needed.length === names.size ? needed : null;
}

/** Names of the parents' columns that a plan's symbols stand for. */
export function symbolsOf(plan: SqlPlan): string[] {
  return [...new Set(plan.params.flatMap((param) => ("parent" in param ? [param.parent] : [])))];
}

function stepsOf(selection: Selection, plans: Plans): { source: StepSource; plan: ResolveResult | undefined }[] {
  return [...selection.byType.values()].flatMap(({ steps }) =>
    steps.map((step) => {
      const plan = plans.get(step);
      return { source: step.source, plan: plan instanceof Failed ? undefined : plan };
    }),
  );
}

/** Whether a name would be ambiguous in a subquery. */
function hasTwins(columns: readonly Column[]): boolean {
  return new Set(columns.map(({ name }) => name)).size < columns.length;
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
      const merged = { ...first.objects };
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

/** A step's coerced arguments. Throws a GraphQLError where they can't be had. */
export function argumentsOf(step: FieldStep, variables: VariableValues): Arguments {
  // Coerced by our own scalars, all of which yield JSON.
  return step.definition.args.length === 0
    ? {}
    : (getArgumentValues(step.definition, step.nodes[0], variables) as Arguments);
}
