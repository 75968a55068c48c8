/** What an operation reads of Python's objects, told to Python beforehand. */
import { getArgumentValues } from "graphql";
import type { Arguments, MethodCall, ValueSelection } from "../schema/index.ts";
import type { FieldStep, Selection, VariableValues } from "./compile.ts";

/** What Python shall read of the objects that a resolver may return. */
export function valueSelection(selection: Selection, variables: VariableValues): ValueSelection {
  const byType: { [typeName: string]: MutableTypeSelection } = {};
  for (const [typeName, plan] of selection.byType) {
    const columns: string[] = [];
    const objects: { [attribute: string]: ValueSelection } = {};
    const methods: MethodCall[] = [];
    for (const step of plan.steps) {
      const inner = step.selection === null ? null : valueSelection(step.selection, variables);
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
